import logging

from odoo import fields, models

from odoo.addons.therapy_billing.tools.clock import now

_logger = logging.getLogger(__name__)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    therapy_receipt_sent_at = fields.Datetime(
        string="Receipt Sent on", readonly=True, copy=False
    )

    def action_therapy_send_receipt(self):
        """Send the receipt to the payer's confirmed addresses.

        :return: a green notice, or one that says why nothing was sent
        :rtype: dict
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        self.check_access("read")
        emails = self._therapy_send_receipt()
        message = (
            self.env._("Receipt sent to %(emails)s.", emails=", ".join(emails))
            if emails
            else self.env._(
                "Nothing sent: the payer has no confirmed address for receipts. Add "
                "one on the payer's contact."
            )
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success" if emails else "warning", "message": message},
        }

    def _therapy_send_receipt(self) -> list[str]:
        """Queue the receipt for the confirmed addresses of the bill's payer (F71).

        Practice, reference, date and amount only (P1); never a card (M12).

        :return: the addresses
        :rtype: list[str]
        """
        template = self.env.ref("therapy_portal.mail_template_receipt")
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: mails are for administrators
        emails = []
        for payment in self.sudo():  # sudo: payments are processed for visitors
            addresses = payment._therapy_get_receipt_addresses()
            if not addresses:
                continue
            rendered = template._therapy_render(payment)
            for address in addresses:
                mails_sudo |= mails_sudo._therapy_prepare(rendered, address.email)
            emails += addresses.mapped("email")
            payment.therapy_receipt_sent_at = now()
        mails_sudo._therapy_hand_over()
        return emails

    def _therapy_get_receipt_addresses(self):
        """Return where receipts of this payment go.

        Note: self.ensure_one()

        :rtype: recordset of `therapy.receipt.address`
        """
        self.ensure_one()
        return self.partner_id.therapy_receipt_ids.filtered(
            lambda row: row.state == "confirmed" and row.company_id == self.company_id
        )


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _post_process(self):
        """Override of `payment` to send receipts, once each."""
        result = super()._post_process()
        for tx in self.sudo():  # sudo: payments are processed for visitors
            payment = tx.payment_id
            if (
                tx.state != "done"
                or not tx.is_post_processed
                or not tx.therapy_allocation_ids
                or not payment
                or payment.therapy_receipt_sent_at
                # A savepoint each would be felt in a run of thousands.
                or not payment._therapy_get_receipt_addresses()
            ):
                continue
            try:
                with self.env.cr.savepoint():
                    payment._therapy_send_receipt()
            except Exception:  # the money is posted whatever happens to the receipt
                _logger.exception("No receipt was sent for transaction %s.", tx.id)
        return result
