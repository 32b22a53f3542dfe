from odoo import models

from ..tools.minor import to_major


class PaymentTransaction(models.Model):
    """A refund that was made at Stripe's dashboard."""

    _inherit = "payment.transaction"

    def _therapy_stripe_to_major(self, minor):
        """Return an amount of Stripe's in the currency's own unit.

        Note: self.ensure_one()

        :param int minor: amount in the smallest unit
        :rtype: float
        """
        return to_major(minor, self.currency_id)

    def _therapy_stripe_adopt_refund(self, refund):
        """Make the transaction of a refund, and ask a person about the bill.

        Nobody said what becomes of the bill: what no bill took goes first, then the
        newest bill is open again.

        Note: self.ensure_one(); the payment is locked against other refunds

        :param dict refund: the refund
        :return: the refund's transaction, a draft
        :rtype: payment.transaction
        :raise ValidationError: if it is more than is left of the payment
        """
        self.ensure_one()
        total = self._therapy_stripe_to_major(refund["amount"])
        values = {
            "provider_reference": refund["id"],
            "token_id": self.token_id.filtered("active").id,
        }
        if self._therapy_is_ours():
            base, fee = self._therapy_split_refund(total)
            values.update(
                base_amount=-base,
                fee_amount=-fee,
                paid_by_id=self.paid_by_id.id,
                therapy_refund_mode="credit",
                therapy_refund_reason=self.env._("Made at Stripe"),
            )
        tx = self._create_child_transaction(total, is_refund=True, **values)
        if self.payment_id:
            self.payment_id.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Refunded at Stripe: is the bill still owed?"),
                note=self.env._(
                    "%(amount)s was given back at Stripe, not here. What it was paid "
                    "for is open again; adjust the bill if it is not owed.",
                    amount=self.currency_id.format(total),
                ),
                user_id=self.payment_id._therapy_get_clerk().id,
            )
        return tx
