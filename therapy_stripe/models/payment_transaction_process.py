from datetime import timedelta

from odoo import api, models

from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe.controllers.main import StripeController
from odoo.addons.therapy_billing.tools import money

from .. import const
from ..tools import clock


class PaymentTransaction(models.Model):
    """What Stripe's answers mean for a transaction."""

    _inherit = "payment.transaction"

    def _therapy_stripe_owns(self, intent):
        """Tell whether a fetched intent was made for this very transaction.

        Note: self.ensure_one()

        :param dict intent: PaymentIntent or SetupIntent as Stripe returned it
        :rtype: bool
        """
        self.ensure_one()
        carried = intent.get("metadata") or {}
        if self.provider_reference and self.provider_reference != intent.get("id"):
            return False
        own = self._therapy_stripe_get_metadata()
        return all(carried.get(name) == value for name, value in own.items())

    def _therapy_stripe_refresh(self):
        """Ask Stripe for the state of the intent and apply it; safe to repeat.

        Note: self.ensure_one()

        :return: whether Stripe's answer was applied
        :rtype: bool
        :raise StripeFailure: if Stripe could not be asked
        :raise LockError: if another process works on the transaction
        """
        self.ensure_one()
        if not self.provider_reference:
            return False
        adapter = self.provider_id._therapy_stripe_get_adapter()
        if self.operation == "validation":
            intent = adapter.retrieve_setup_intent(self.provider_reference)
        else:
            intent = adapter.retrieve_payment_intent(self.provider_reference)
        return self._therapy_stripe_apply(intent)

    def _therapy_stripe_apply(self, intent):
        """Apply an intent fetched from Stripe, under a lock on the transaction.

        Note: self.ensure_one()

        :param dict intent: PaymentIntent or SetupIntent
        :return: False if the intent is not this transaction's
        :rtype: bool
        :raise LockError: if another process works on the transaction
        """
        self.ensure_one()
        self.lock_for_update(allow_referencing=True)
        if not self._therapy_stripe_owns(intent):
            return False
        data = {"reference": self.reference}
        if self.operation == "validation":
            StripeController._include_setup_intent_in_payment_data(intent, data)
        else:
            StripeController._include_payment_intent_in_payment_data(intent, data)
        self._process("stripe", data)
        return True

    def _extract_amount_data(self, payment_data):
        """Override of `payment_stripe`: what was received is the amount in the end.

        Of an intent whose amount was authorized, a part may have been captured.
        """
        data = super()._extract_amount_data(payment_data)
        intent = payment_data.get("payment_intent")
        if self.provider_code == "stripe" and self.state == "done" and intent:
            received = intent.get("amount_received")
            if received:
                data["amount"] = self._therapy_stripe_to_major(received)
        return data

    def _apply_updates(self, payment_data):
        """Override of `payment_stripe` to keep every state change monotonic.

        Money that Stripe says was received is always booked, also after we gave the
        try up (M5). A card refused while the payer is present leaves the try open,
        for the payer may correct it on the same page: only a cancelled intent is
        dead (M3).
        """
        if self.provider_code != "stripe" or self.operation == "refund":
            return super()._apply_updates(payment_data)
        intent = payment_data.get("setup_intent") or payment_data["payment_intent"]
        self._therapy_stripe_apply_method(payment_data.get("payment_method"))
        self.provider_reference = intent["id"]
        error = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
        self.write(
            {
                "therapy_stripe_code": error.get("code"),
                "therapy_stripe_decline_code": error.get("decline_code"),
                "therapy_stripe_advice_code": error.get("advice_code"),
            }
        )
        if self.sent_at:
            self.therapy_stripe_result = const.INTENT_RESULTS.get(
                intent.get("status"), "unknown"
            )
        handler = self._therapy_stripe_get_status_handlers().get(intent.get("status"))
        if handler:
            handler(intent)

    def _therapy_stripe_get_status_handlers(self):
        """Return what to do for each status of an intent; none for other statuses.

        :return: method by Stripe status
        :rtype: dict
        """
        return {
            "succeeded": self._therapy_stripe_on_succeeded,
            "processing": self._therapy_stripe_on_processing,
            "requires_action": self._therapy_stripe_on_requires_action,
            "requires_capture": self._therapy_stripe_on_requires_capture,
            "canceled": self._therapy_stripe_on_canceled,
            "requires_payment_method": self._therapy_stripe_on_declined,
        }

    def _therapy_stripe_on_succeeded(self, intent):
        if self.state == "done":
            return
        charge = intent.get("latest_charge")
        created = charge.get("created") if isinstance(charge, dict) else None
        self.charged_at = clock.from_unix(created or intent["created"])
        self._therapy_stripe_take_received(intent.get("amount_received"))
        self._set_done(extra_allowed_states=("cancel",))
        self._therapy_stripe_trigger_posting()

    def _therapy_stripe_take_received(self, received):
        """Lower the amount to what Stripe received: a part may have been captured.

        The fee goes down with it, rounded down (M7).

        Note: self.ensure_one()

        :param int received: in the smallest unit; nothing is done if it is not known
        """
        self.ensure_one()
        if not received or received >= self._therapy_stripe_get_minor_amount():
            return
        currency, amount = self.currency_id, self._therapy_stripe_to_major(received)
        fee, whole, part = self._therapy_to_minor(self.fee_amount, self.amount, amount)
        fee = money.to_major(fee * part // whole, currency.decimal_places)
        self.write(
            {
                "amount": amount,
                "fee_amount": fee,
                "base_amount": currency.round(amount - fee),
            }
        )

    def _therapy_stripe_on_processing(self, intent):
        if self.state == "draft":
            self._set_pending()

    def _therapy_stripe_on_requires_action(self, intent):
        """Give up a charge that waits for a payer who is not there.

        Stripe declines such charges itself; this is for the case that it does not.
        """
        if self.operation in ("offline", "online_token") and self.state in (
            "draft",
            "pending",
        ):
            adapter = self.provider_id._therapy_stripe_get_adapter()
            adapter.cancel_payment_intent(intent["id"])
            self.therapy_stripe_decline_code = "authentication_required"
            self._set_error(self._therapy_stripe_explain())

    def _therapy_stripe_on_requires_capture(self, intent):
        if self.state in ("draft", "pending"):
            self._set_authorized()

    def _therapy_stripe_on_canceled(self, intent):
        if self.state in ("draft", "pending", "authorized"):
            self._set_canceled()

    def _therapy_stripe_on_declined(self, intent):
        if self.state not in ("draft", "pending", "authorized"):
            return
        message = self._therapy_stripe_explain()
        if self.operation in ("offline", "online_token") or self.state != "draft":
            self._set_error(message)
        else:
            self.state_message = message

    def _therapy_stripe_apply_method(self, method):
        """Remember the brand of the card that was used."""
        if not isinstance(method, dict):
            return
        kind = method.get("type")
        code = kind
        if kind == "card":
            code = (method.get("card") or {}).get("brand") or kind
        found = self.env["payment.method"]._get_from_code(
            code, mapping=stripe_const.PAYMENT_METHODS_MAPPING
        )
        self.payment_method_id = found or self.payment_method_id

    @api.model
    def _therapy_stripe_trigger_posting(self):
        """Have done transactions booked soon, in a database transaction of its own.

        Not at once: whoever waits for the result (the payer's browser, the biller's
        dialog) books it before showing it, and must not find it locked by the job.
        """
        if self.env.context.get("therapy_batch"):
            return  # Whoever records many answers says so once.
        soon = clock.now() + timedelta(seconds=const.POSTING_DELAY)
        cron = self.env.ref("payment.cron_post_process_payment_tx")
        cron.sudo()._trigger(soon)  # sudo: payers and billers may not see jobs
