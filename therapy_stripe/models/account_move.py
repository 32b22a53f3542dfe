from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    _inherit = "account.move"

    therapy_can_charge = fields.Boolean(compute="_compute_therapy_can_charge")

    @api.depends("state", "amount_residual", "is_therapy_bill", "partner_id")
    def _compute_therapy_can_charge(self):
        """Offer a card charge for open bills of people, never of insurers (P6)."""
        for move in self:
            move.therapy_can_charge = (
                move.is_therapy_bill
                and move.state == "posted"
                and not move.partner_id.is_insurer
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
