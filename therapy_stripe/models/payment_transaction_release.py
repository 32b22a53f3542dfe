import logging
from datetime import timedelta

from odoo import api, models
from odoo.exceptions import LockError, ValidationError

from odoo.addons.payment_stripe.controllers.main import StripeController
from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from .. import const
from ..outcome import StripeFailure
from ..tools import clock

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Giving tries up, asking about quiet ones, and requests on charged ones."""

    _inherit = "payment.transaction"

    # === RELEASE === #

    def _therapy_try_release(self):
        """Override of `therapy_billing` to give a try up only when Stripe agrees (M3).

        The intent is cancelled first, so a draft need not be old. If it is too late
        for that, Stripe's state is adopted: what went through is booked, not repeated.
        """
        self.ensure_one()
        if self.provider_code != "stripe":
            return super()._therapy_try_release()
        if self.state != "draft":
            return False
        if self.env.context.get("therapy_stripe_leftovers") and self._is_young(10):
            return False  # Somebody else is paying at this moment.
        try:
            self._therapy_stripe_release()
        except (StripeFailure, LockError) as reason:
            _logger.info("Transaction %s keeps its part: %s", self.id, reason)
        return self.state in ("cancel", "error")

    @api.model
    def _therapy_make_room(self, bills, total, parts):
        """Override of `therapy_billing` to leave payers alone who are paying now."""
        bills = bills.with_context(therapy_stripe_leftovers=True)
        return super()._therapy_make_room(bills, total, parts)

    def _is_young(self, minutes):
        """Tell whether the try was started less than some minutes ago.

        :param int minutes: minutes
        :rtype: bool
        """
        limit = clock.now() - timedelta(minutes=minutes)
        return (self.sent_at or self.create_date) > limit

    def _therapy_stripe_release(self):
        """Cancel the intent of a draft, or adopt what it already became.

        Note: self.ensure_one()

        :raise StripeFailure: if Stripe could not be asked
        :raise LockError: if another process works on the transaction
        """
        self.ensure_one()
        if self.sent_at:
            # A charge of a saved card cannot be taken back, only asked about; and that
            # commits, which the caller's locks would not survive.
            self._therapy_stripe_trigger_resolver()
            return
        if not self.provider_reference:
            # No intent was handed out, so nobody can confirm one; but the request
            # that makes it may be on its way.
            if not self._is_young(const.IN_FLIGHT_MINUTES):
                self._set_canceled()
            return
        intent = self._therapy_stripe_cancel_intent()
        if intent.get("status") == "canceled":
            self._therapy_stripe_apply(intent)
            return
        tx_id = self.id
        # Apart from the caller, who will refuse and roll back.
        run_in_fresh_cursor(
            self.env,
            lambda env: env[self._name].browse(tx_id)._therapy_stripe_apply(intent),
        )
        self.invalidate_recordset()

    def _therapy_stripe_cancel_intent(self):
        """Cancel the intent, or read what it became meanwhile.

        Note: self.ensure_one()

        :return: the intent
        :rtype: dict
        :raise StripeFailure: if Stripe could not be asked
        """
        self.ensure_one()
        adapter = self.provider_id._therapy_stripe_get_adapter()
        reference = self.provider_reference
        validation = self.operation == "validation"
        try:
            if validation:
                return adapter.cancel_setup_intent(reference)
            return adapter.cancel_payment_intent(reference)
        except StripeFailure as failure:
            if not failure.code.endswith("_intent_unexpected_state"):
                raise
        if validation:
            return adapter.retrieve_setup_intent(reference)
        return adapter.retrieve_payment_intent(reference)

    def _therapy_stripe_close_failed(self):
        """End a try whose payer came back from Stripe without success.

        The payer left the page with the card form, so the intent is cancelled and
        the bill can be paid anew at once.

        Note: self.ensure_one()

        :raise StripeFailure: if Stripe could not be asked
        """
        self.ensure_one()
        message = self.state_message
        self._therapy_stripe_release()
        if self.state == "cancel" and message:
            self._set_error(message, extra_allowed_states=("cancel",))

    @api.model
    def _cron_therapy_stripe_refresh(self):
        """Ask about quiet transactions: an event may never have come.

        Drafts whose form was left lose their part of the bill; pending ones are read
        again. Each in a transaction of its own.
        """
        now = clock.now()
        draft_limit = now - timedelta(minutes=const.DRAFT_MINUTES)
        pending_limit = now - timedelta(minutes=10)
        base = [("provider_id.code", "=", "stripe")]
        drafts = self.search(
            [
                *base,
                ("state", "=", "draft"),
                ("sent_at", "=", False),
                ("create_date", "<=", draft_limit),
            ]
        )
        pending = self.search(
            [
                *base,
                ("provider_reference", "!=", False),
                ("last_state_change", "<=", pending_limit),
                ("therapy_stripe_result", "!=", "unknown"),
                "|",
                ("therapy_refund_pending", "=", True),
                "&",
                ("state", "=", "pending"),
                ("source_transaction_id", "=", False),
            ]
        )
        todo = (drafts | pending).ids
        commit(self.env)
        for done, tx_id in enumerate(todo, start=1):
            run_in_fresh_cursor(
                self.env,
                lambda env, i=tx_id: env[self._name].browse(i)._therapy_stripe_check(),
            )
            if self.env.context.get("ir_cron_progress_id"):
                self.env["ir.cron"]._commit_progress(1, remaining=len(todo) - done)
        self.env.invalidate_all(flush=False)

    def _therapy_stripe_check(self):
        """Release a draft that was left, or read a pending payment again.

        Note: self.ensure_one()
        """
        self.ensure_one()
        try:
            if self.state == "draft":
                self._therapy_try_release()
            else:
                self._therapy_stripe_refresh()
        except (StripeFailure, LockError):
            _logger.info("Transaction %s is asked about later", self.id)

    # === CAPTURE, VOID === #

    def _send_capture_request(self):
        """Override of `payment_stripe` to capture with a key.

        :raise ValidationError: if Stripe refused
        """
        if self.provider_code != "stripe":
            return super()._send_capture_request()
        source_ref = self.source_transaction_id.provider_reference
        self._therapy_stripe_process_child(
            lambda adapter: adapter.capture_payment_intent(
                source_ref, f"tk1:{self.uuid}"
            )
        )
        return None

    def _send_void_request(self):
        """Override of `payment_stripe` to void with a key.

        :raise ValidationError: if Stripe refused
        """
        if self.provider_code != "stripe":
            return super()._send_void_request()
        source_ref = self.source_transaction_id.provider_reference
        self._therapy_stripe_process_child(
            lambda adapter: adapter.cancel_payment_intent(source_ref)
        )
        return None

    def _therapy_stripe_process_child(self, request):
        """Send a request on the source's intent and process the answer.

        :param callable request: gets the adapter, returns the intent
        :raise ValidationError: if Stripe refused, or knows nothing of the source
        """
        if not self.source_transaction_id.provider_reference:
            raise ValidationError(
                self.env._("Stripe knows nothing of the payment this belongs to.")
            )
        intent = self._therapy_stripe_request(request)
        if intent:
            data = {"reference": self.reference}
            StripeController._include_payment_intent_in_payment_data(intent, data)
            self._process("stripe", data)

    def _therapy_stripe_request(self, request):
        """Send a request and return its object; mark the try pending if unknown.

        :param callable request: gets the adapter, returns a dict
        :return: the object, or None if the result is unknown
        :rtype: dict | None
        :raise ValidationError: if Stripe refused
        """
        try:
            return request(self.provider_id._therapy_stripe_get_adapter())
        except StripeFailure as failure:
            if failure.result == "unknown":
                self._set_pending(state_message=failure.message)
                return None
            raise ValidationError(failure.message) from failure
