from odoo import models
from odoo.exceptions import ValidationError

from .. import const
from ..exceptions import NeedsPerson


class TherapyStripeEvent(models.Model):
    """Refunds: those started here, and those made at Stripe's dashboard (M5)."""

    _inherit = "therapy.stripe.event"

    def _process_refund(self):
        adapter = self.provider_id._therapy_stripe_get_adapter()
        return self._apply_refund(adapter.retrieve_refund(self.object_ref))

    def _process_charge(self):
        """Apply a charge's payment, and all of its refunds.

        `charge.refunded` does not say which refund it is about.
        """
        adapter = self.provider_id._therapy_stripe_get_adapter()
        charge = adapter.retrieve_charge(self.object_ref)
        intent_ref = charge.get("payment_intent")
        if not intent_ref:
            return "ignored"
        state = self._apply_intent(adapter.retrieve_payment_intent(intent_ref))
        if state == "done" and charge.get("amount_refunded"):
            states = {
                self._apply_refund(refund)
                for refund in adapter.list_refunds(intent_ref)
            }
            state = "failed" if "failed" in states else "done"
        return state

    def _apply_refund(self, refund):
        """Apply a fetched refund; book one that was made elsewhere, once.

        :param dict refund: the refund
        :return: the new state
        :rtype: str
        """
        tx = self._find_refund(refund)
        if not tx:
            own = self.provider_id._therapy_stripe_get_metadata()
            carried = refund.get("metadata") or {}
            if carried.get("tx") and carried.get("db") == own["db"]:
                # Started here; its transaction was committed before Stripe was asked.
                return "failed" if self.tries < const.EVENT_TRIES - 1 else "ignored"
            tx = self._adopt_refund(refund)
        if tx is None:
            return "failed"  # The payment itself is not known to have succeeded yet.
        if not tx:
            return "ignored"
        self.transaction_id = tx
        return "done" if tx._therapy_stripe_apply(refund) else "ignored"

    def _find_refund(self, refund):
        """Return the transaction of a refund, if there is one.

        :param dict refund: the refund
        :rtype: payment.transaction
        """
        transactions = self.env["payment.transaction"]
        domain = [
            ("provider_id", "=", self.provider_id.id),
            ("operation", "=", "refund"),
        ]
        found = transactions.search(
            [*domain, ("provider_reference", "=", refund["id"])], limit=1
        )
        own = self.provider_id._therapy_stripe_get_metadata()
        carried = refund.get("metadata") or {}
        if not found and carried.get("tx") and carried.get("db") == own["db"]:
            found = transactions.search(
                [*domain, ("uuid", "=", carried["tx"])], limit=1
            )
        return found

    def _adopt_refund(self, refund):
        """Make the transaction of a refund that was made elsewhere.

        :param dict refund: the refund
        :return: the transaction; empty if the payment is none of ours, None if it is
            not known to have succeeded yet
        :rtype: payment.transaction | None
        :raise NeedsPerson: if it cannot be booked by itself
        """
        transactions = self.env["payment.transaction"]
        source = transactions.search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", refund.get("payment_intent")),
                ("source_transaction_id", "=", False),
                ("operation", "!=", "refund"),
            ],
            limit=1,
        )
        if not source or refund.get("status") in ("failed", "canceled"):
            return transactions
        if source.state != "done":
            source._therapy_stripe_refresh()
        if source.state in ("cancel", "error"):
            return transactions  # An amount that was held and let go: no money moved.
        if source.state != "done":
            return None
        succeeded = refund.get("status") == "succeeded"
        if succeeded and not refund.get("balance_transaction"):
            # What a capture in part let go: Stripe calls it a refund, yet this money
            # was never taken, so nothing moves on the balance.
            return transactions
        source._therapy_lock_refunds()
        if found := self._find_refund(refund):
            return found  # Another event was faster.
        try:
            return source._therapy_stripe_adopt_refund(refund)
        except ValidationError as reason:
            raise NeedsPerson(
                self.env._(
                    "A refund was made at Stripe that does not fit the payment: "
                    "%(reason)s",
                    reason=str(reason),
                )
            ) from reason
