from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    """Sends a link when the bank wants the payer's own approval (M9)."""

    _inherit = "payment.transaction"

    def _therapy_ask_payer(self):
        """Override of `therapy_billing` to send the payer a one-time payment link.

        The mail names practice, bill and amount, nothing else (P1). Where no link can
        be sent (no e-mail, payment under way) a biller is asked, as without this
        addon.

        Note: self.ensure_one()
        """
        self.ensure_one()
        payer = self.paid_by_id or self.partner_id
        bills = self.therapy_allocation_ids.move_id.with_user(
            self._therapy_get_biller()
        )
        wizards = self.env["therapy.pay.link.wizard"].with_user(bills.env.user)
        try:
            lines = wizards._create_for(bills).line_ids
            for line in lines:
                line.recipient_id = line.candidate_ids & payer
            if not lines or any(line._get_refusal() for line in lines):
                return super()._therapy_ask_payer()
            mails_sudo = self.env["mail.mail"].sudo()  # sudo: as the dialog does
            for line in lines:
                mails_sudo |= line._send()
            mails_sudo._therapy_hand_over()
        except UserError:
            return super()._therapy_ask_payer()
        return None
