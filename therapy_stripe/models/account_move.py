from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    therapy_can_charge = fields.Boolean(compute="_compute_therapy_can_charge")

    @api.depends(
        "state",
        "amount_residual",
        "is_therapy_bill",
        "partner_id",
        "therapy_is_disputed",
    )
    def _compute_therapy_can_charge(self):
        """Offer a card charge for open bills of people, never of insurers (P6).

        Nor for what a bank has still to decide about: the gate would refuse it.
        """
        for move in self:
            move.therapy_can_charge = (
                move.is_therapy_bill
                and move.state == "posted"
                and not move.partner_id.is_insurer
                and not move.therapy_is_disputed
                and move.currency_id.compare_amounts(move.amount_residual, 0) > 0
            )

    def action_therapy_charge_card(self):
        """Open the wizard that charges a saved card for this bill.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        :raise UserError: if the bill cannot be charged
        """
        self.ensure_one()
        if not self.therapy_can_charge:
            raise UserError(self.env._("There is nothing to charge on this bill."))
        wizard = self.env["therapy.charge.wizard"].create({"move_id": self.id})
        return wizard._get_action()

    def action_therapy_charge_cards(self):
        """Override of `therapy_billing`: bills of one payer in one dialog."""
        bills = self.filtered("therapy_can_charge").sorted(
            lambda bill: (bill.invoice_date_due, bill.id)
        )
        if not bills or len(bills.partner_id) > 1 or len(bills.company_id) > 1:
            return super().action_therapy_charge_cards()
        wizard = self.env["therapy.charge.wizard"].create(
            {"move_id": bills[0].id, "move_ids": [Command.set(bills.ids)]}
        )
        return wizard._get_action()
