from odoo import models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools.cursor import commit


class TherapySession(models.Model):
    """Billing and charging in one step, straight from a session."""

    _inherit = "therapy.session"

    def action_bill_and_charge(self):
        """Bill the sessions, then open the dialog that charges their payers' cards.

        The bills are committed first: if a card fails, or the dialog is closed, they
        stay open and nothing is lost. Bills that exist already are charged.

        :return: the action
        :rtype: dict
        :raise UserError: if a session cannot be billed, or nothing is to be charged
        """
        self._bill_now()
        commit(self.env)
        bills = self.share_ids.move_id.filtered(
            lambda move: (
                move.state == "posted"
                and not move.partner_id.is_insurer
                and move.currency_id.compare_amounts(move.amount_residual, 0) > 0
            )
        )
        if not bills:
            raise UserError(self.env._("Nothing is left to charge for this session."))
        return bills.action_therapy_charge_cards()

    def _bill_now(self):
        """Bill what is not billed yet of these sessions, in a run of their own.

        :raise UserError: if one cannot be billed
        """
        todo = self.filtered(lambda s: s.billing_state in ("unbilled", "partial"))
        if not todo:
            return
        if len(todo.company_id) > 1:
            raise UserError(self.env._("Choose sessions of one company."))
        days = todo.mapped("date")
        run = self.env["therapy.billing.run"].create(
            {
                "date_from": min(days),
                "date_to": max(days),
                "patient_ids": [(6, 0, todo.patient_id.ids)],
                "company_id": todo.company_id.id,
            }
        )
        problems = run._bill_sessions(todo.sorted(lambda s: (s.date, s.start, s.id)))
        if problems:
            raise UserError("\n".join(dict.fromkeys(problems.values())))
        run._store_result("done")
