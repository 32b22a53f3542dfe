from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class TherapyChargeRun(models.Model):
    """Which bills a run charges: chosen in a list, of a billing run, or by due date."""

    _inherit = "therapy.charge.run"

    def action_find_bills(self):
        """Add the open bills that are due; those there already stay as they are.

        :return: True
        :raise UserError: if there is none
        """
        for run in self:
            bills = self.env["account.move"].search(
                run._get_bills_domain(), order="invoice_date_due, id"
            )
            if not run._add_bills(bills) and not run.item_ids:
                raise UserError(
                    self.env._("No open bill of a person is due until this day.")
                )
        return True

    def _get_bills_domain(self):
        """Return the domain of the bills that a run finds by their due date.

        For a module to narrow runs, it must override this method and call super.

        Note: self.ensure_one()

        :rtype: Domain
        """
        self.ensure_one()
        return Domain(
            [
                ("is_therapy_bill", "=", True),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("company_id", "=", self.company_id.id),
                ("partner_id.is_insurer", "=", False),
                ("invoice_date_due", "<=", self.due_until),
            ]
        )

    def _add_bills(self, bills):
        """Add bills with the default cards of their payers.

        Note: self.ensure_one()

        :param bills: the `account.move`
        :return: the new items
        :rtype: therapy.charge.item
        :raise UserError: if a bill can never be charged, or the run is over
        """
        self.ensure_one()
        self.check_access("write")
        if self.state in ("running", "done"):
            raise UserError(self.env._("This run has started. Make a new one."))
        bills -= self.item_ids.move_id
        cards = {
            payer: payer._therapy_get_run_card(self.company_id)
            for payer in bills.partner_id
        }
        # sudo: users only read items, which say who is charged; the run was checked.
        items_sudo = self.env["therapy.charge.item"].sudo()  # sudo: see above
        return items_sudo.create(
            [self._prepare_item_vals(bill, cards[bill.partner_id]) for bill in bills]
        ).sudo(False)

    def _prepare_item_vals(self, bill, card) -> dict:
        """Return the values of the item of a bill.

        Note: self.ensure_one()

        :param bill: the `account.move`
        :param card: the `payment.token` to charge, maybe empty
        :rtype: dict
        """
        problem = bill._therapy_get_payment_problem()
        if not problem and not card:
            problem = self.env._("The payer has no card on file.")
        return {
            "run_id": self.id,
            "move_id": bill.id,
            "partner_id": bill.partner_id.id,
            "token_id": card.id,
            "amount": bill._therapy_get_payable_amount(),
            "state": "skipped" if problem else "todo",
            "message": problem or False,
        }

    @api.model
    def _open_for(self, bills):
        """Make a run of bills and show it; nothing is charged before it is started.

        :param bills: the `account.move`
        :return: the action
        :rtype: dict
        :raise UserError: if there is no bill
        """
        if not bills:
            raise UserError(self.env._("There is no open bill to charge."))
        if len(bills.company_id) > 1:
            raise UserError(self.env._("Choose bills of one company."))
        run = self.create({"company_id": bills.company_id.id, "due_until": False})
        run._add_bills(bills)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": run.id,
            "view_mode": "form",
        }
