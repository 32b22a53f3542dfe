from odoo import models

from .. import const

# What says of a payment that has succeeded only what is known. A run of charges
# brings three of them for each card, after the answer that said it all.
_SETTLED_BY_SUCCESS = {
    "payment_intent.processing": "provider_reference",
    "payment_intent.succeeded": "provider_reference",
    "charge.succeeded": "therapy_stripe_charge_ref",
    "charge.updated": "therapy_stripe_charge_ref",
}


class TherapyStripeEvent(models.Model):
    """What to do for each kind of object that an event is about."""

    _inherit = "therapy.stripe.event"

    def _dispatch(self):
        """Hand the event to the method for its kind of object.

        :return: the new state
        :rtype: str
        """
        handlers = {
            "payment_intent": self._process_payment_intent,
            "setup_intent": self._process_setup_intent,
            "charge": self._process_charge,
            "refund": self._process_refund,
            "payment_method": self._process_payment_method,
            "charge.dispute": self._process_dispute,
            "mandate": self._process_mandate,
            "payout": self._process_payout,
            "radar": self._process_radar,
            "review": self._process_review,
        }
        parts = (self.event_type or "").split(".")
        handler = handlers.get(".".join(parts[:2])) or handlers.get(parts[0])
        if not handler or not self.object_ref:
            return "ignored"
        return "done" if self._is_settled() else handler()

    def _is_settled(self):
        """Tell whether Stripe need not be asked: the payment has succeeded already.

        Note: self.ensure_one()

        :rtype: bool
        """
        field = _SETTLED_BY_SUCCESS.get(self.event_type)
        if not field:
            return False
        tx = self.env["payment.transaction"].search(
            [
                (field, "=", self.object_ref),
                ("provider_id", "=", self.provider_id.id),
                ("source_transaction_id", "=", False),
                ("state", "=", "done"),
                ("tokenize", "=", False),  # else a card is still to be kept
                # The charge was read with the success, not only heard of.
                ("therapy_stripe_charge_ref", "!=", False),
                ("therapy_charged_funding", "!=", False),
            ],
            limit=1,
        )
        if tx:
            self.transaction_id = tx
        return bool(tx)

    def _process_payment_intent(self):
        adapter = self.provider_id._therapy_stripe_get_adapter()
        return self._apply_intent(adapter.retrieve_payment_intent(self.object_ref))

    def _process_setup_intent(self):
        adapter = self.provider_id._therapy_stripe_get_adapter()
        return self._apply_intent(adapter.retrieve_setup_intent(self.object_ref))

    def _apply_intent(self, intent):
        """Apply a fetched intent to the transaction it was made for.

        :param dict intent: PaymentIntent or SetupIntent
        :return: the new state
        :rtype: str
        """
        carried = intent.get("metadata") or {}
        own = self.provider_id._therapy_stripe_get_metadata()
        if not carried.get("tx") or carried.get("db") != own["db"]:
            return "ignored"
        tx = self.env["payment.transaction"].search(
            [
                ("uuid", "=", carried["tx"]),
                ("provider_id", "=", self.provider_id.id),
            ],
            limit=1,
        )
        if not tx:
            # Made by a request whose transaction is not committed, or never was.
            return "failed" if self.tries < const.EVENT_TRIES - 1 else "ignored"
        self.transaction_id = tx
        return "done" if tx._therapy_stripe_apply(intent) else "ignored"

    def _process_payment_method(self):
        tokens = self.env["payment.token"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("stripe_payment_method", "=", self.object_ref),
            ]
        )
        tokens._therapy_stripe_refresh()
        return "done" if tokens else "ignored"

    def _process_mandate(self):
        """Take in that a payer's bank account may no longer be debited."""
        tokens = self.env["payment.token"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("stripe_mandate", "=", self.object_ref),
            ]
        )
        if not tokens:
            return "ignored"
        adapter = self.provider_id._therapy_stripe_get_adapter()
        mandate = adapter.retrieve_mandate(self.object_ref)
        tokens._therapy_on_mandate(mandate.get("status"))
        return "done"
