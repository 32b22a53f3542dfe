from odoo import models

from .. import const
from ..exceptions import NeedsPerson


class TherapyStripeEvent(models.Model):
    """Disputes, warnings of fraud, reviews and payouts."""

    _inherit = "therapy.stripe.event"

    def _find_charged(self, data):
        """Return the payment that a fetched object is about.

        :param dict data: object of Stripe's with `payment_intent`, or `charge`
        :return: the transaction, maybe empty
        :rtype: payment.transaction
        """
        intent_ref = data.get("payment_intent")
        if not intent_ref and data.get("charge"):
            adapter = self.provider_id._therapy_stripe_get_adapter()
            intent_ref = adapter.retrieve_charge(data["charge"]).get("payment_intent")
        if not intent_ref:
            return self.env["payment.transaction"]
        return self.env["payment.transaction"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", intent_ref),
                ("source_transaction_id", "=", False),
                ("operation", "!=", "refund"),
            ],
            limit=1,
        )

    def _process_dispute(self):
        adapter = self.provider_id._therapy_stripe_get_adapter()
        data = adapter.retrieve_dispute(self.object_ref)
        tx = self._find_charged(data)
        if not tx:
            return "ignored"
        self.transaction_id = tx
        if tx.state != "done":
            tx._therapy_stripe_refresh()
        if not tx.payment_id and tx.state == "done":
            tx._post_process()
        if not tx._therapy_is_ours() or tx.payment_id.move_id.state != "posted":
            if self.tries < const.EVENT_TRIES - 1:
                return "failed"
            raise NeedsPerson(
                self.env._(
                    "The payment %(reference)s is disputed, but is no payment of bills "
                    "that is in the books. Answer the dispute at Stripe, and book it "
                    "by hand.",
                    reference=tx.reference,
                )
            )
        tx.lock_for_update(allow_referencing=True)
        self.env["therapy.dispute"]._therapy_stripe_take(tx, data)
        return "done"

    def _process_radar(self):
        """Tell the practice of an early warning of fraud, or that it is settled."""
        adapter = self.provider_id._therapy_stripe_get_adapter()
        data = adapter.retrieve_fraud_warning(self.object_ref)
        tx = self._find_charged(data)
        if not tx:
            return "ignored"
        self.transaction_id = tx
        tx._therapy_stripe_warn(data)
        return "done"

    def _process_review(self):
        """A review at Stripe changes nothing here but what the intent says."""
        adapter = self.provider_id._therapy_stripe_get_adapter()
        data = adapter.retrieve_review(self.object_ref)
        if not (intent_ref := data.get("payment_intent")):
            return "ignored"
        return self._apply_intent(adapter.retrieve_payment_intent(intent_ref))

    def _process_payout(self):
        """Read a payout again, and book it when its list is complete."""
        payouts = self.env["therapy.stripe.payout"]
        adapter = self.provider_id._therapy_stripe_get_adapter()
        payout = payouts._take(
            self.provider_id, adapter.retrieve_payout(self.object_ref)
        )
        payout._read_items()
        payout._book()
        return "done"
