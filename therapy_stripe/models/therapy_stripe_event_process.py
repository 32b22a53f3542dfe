from odoo import models

from .. import const
from ..exceptions import NeedsPerson


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
            "refund": self._process_refund,
            "payment_method": self._process_payment_method,
            "mandate": self._process_mandate,
        }
        handler = handlers.get((self.event_type or "").split(".")[0])
        return handler() if handler and self.object_ref else "ignored"

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

    def _process_refund(self):
        """Update a refund that was started here.

        One started elsewhere is left for a person: it is not in the books yet.
        """
        tx = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", self.object_ref),
                ("operation", "=", "refund"),
            ],
            limit=1,
        )
        adapter = self.provider_id._therapy_stripe_get_adapter()
        refund = adapter.retrieve_refund(self.object_ref)
        if not tx:
            own = self.provider_id._therapy_stripe_get_metadata()
            carried = refund.get("metadata") or {}
            if carried.get("db") == own["db"]:
                tx = tx.search([("uuid", "=", carried.get("tx"))], limit=1)
        if not tx and self._is_own_refund(refund):
            raise NeedsPerson(
                self.env._(
                    "A refund made outside Odoo. Enter it by hand: it is not in the "
                    "books."
                )
            )
        if not tx:
            return "ignored"
        self.transaction_id = tx
        tx.lock_for_update(allow_referencing=True)
        tx._process("stripe", {"reference": tx.reference, "refund": refund})
        return "done"

    def _is_own_refund(self, refund):
        """Tell whether a refund gives back a payment of this database.

        :rtype: bool
        """
        domain = [
            ("provider_id", "=", self.provider_id.id),
            ("provider_reference", "=", refund.get("payment_intent")),
        ]
        return bool(self.env["payment.transaction"].search_count(domain, limit=1))

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
