import logging
from datetime import timedelta

from odoo import api, models
from odoo.exceptions import LockError

from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from .. import const
from ..outcome import StripeFailure
from ..tools import clock

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Giving tries up, and asking about quiet ones."""

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

        Drafts whose form was left lose their part of the bill; pending and authorized
        ones are read again. Each in a transaction of its own.
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
                ("state", "in", ("pending", "authorized")),
                ("source_transaction_id", "=", False),
            ]
        )
        todo = (drafts | pending).ids
        commit(self.env)
        for done, tx_id in enumerate(todo, start=1):
            self._therapy_stripe_check_apart(tx_id)
            if self.env.context.get("ir_cron_progress_id"):
                self.env["ir.cron"]._commit_progress(1, remaining=len(todo) - done)
        self.env.invalidate_all(flush=False)

    @api.model
    def _therapy_stripe_check_apart(self, tx_id):
        """Ask about one transaction; one that fails stops no other.

        :param int tx_id: id of the transaction
        """
        try:
            run_in_fresh_cursor(
                self.env,
                lambda env: env[self._name].browse(tx_id)._therapy_stripe_check(),
            )
        except Exception:
            _logger.exception("Transaction %s could not be asked about", tx_id)

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
