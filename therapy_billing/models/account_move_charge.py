from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_therapy_charge_cards(self):
        """Charge saved cards for the chosen bills.

        For a provider with a dialog of its own, it must override this method.

        :return: the action
        :rtype: dict
        :raise UserError: if there is nothing to charge
        """
        return self.action_therapy_charge_run()

    def action_therapy_charge_run(self):
        """Make a charge run of the chosen bills and show it.

        :return: the action
        :rtype: dict
        :raise UserError: if there is nothing to charge
        """
        bills = self.filtered(
            lambda move: (
                move.is_therapy_bill
                and move.state == "posted"
                and not move.partner_id.is_insurer
                and move.currency_id.compare_amounts(move.amount_residual, 0) > 0
            )
        )
        return self.env["therapy.charge.run"]._open_for(bills)
