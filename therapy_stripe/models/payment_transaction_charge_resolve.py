import logging
from datetime import timedelta
from json import loads

from odoo import api, models

from odoo.addons.therapy_billing.tools.cursor import commit

from .. import const
from ..outcome import Outcome, StripeFailure
from ..tools import clock

_logger = logging.getLogger(__name__)

# What is sent without the payer's browser, and may be asked about by its key.
_SENT_BY_US = ("offline", "online_token", "refund")


class PaymentTransaction(models.Model):
    """Asking Stripe what became of a charge whose answer was lost (M8)."""

    _inherit = "payment.transaction"

    @api.model
    def _therapy_stripe_trigger_resolver(self):
        """Have charges without an answer asked about as soon as that is allowed."""
        soon = clock.now() + timedelta(minutes=const.IN_FLIGHT_MINUTES, seconds=5)
        cron = self.env.ref("therapy_stripe.ir_cron_stripe_resolve")
        cron.sudo()._trigger(soon)  # sudo: payers may not see jobs

    @api.model
    def _therapy_stripe_get_unresolved_domain(self):
        """Return the domain of what was sent and has no known answer.

        :rtype: list
        """
        limit = clock.now() - timedelta(minutes=const.IN_FLIGHT_MINUTES)
        return [
            ("provider_id.code", "=", "stripe"),
            ("operation", "in", _SENT_BY_US),
            ("sent_at", "<=", limit),
            ("state", "in", ("draft", "pending")),
            ("therapy_stripe_result", "in", (False, "unknown")),
        ]

    @api.model
    def _cron_therapy_stripe_resolve(self):
        """Ask Stripe about every charge whose answer was lost.

        Safe at any number of processes: each asks with the key of the try, and
        records under a lock.
        """
        txs = self.search(self._therapy_stripe_get_unresolved_domain(), order="id")
        cron = self.env["ir.cron"]
        commit(self.env)
        for done, tx in enumerate(txs, start=1):
            try:
                tx._therapy_stripe_resolve()
            except StripeFailure as failure:
                _logger.info("Transaction %s is unresolved: %s", tx.id, failure.code)
            if self.env.context.get("ir_cron_progress_id"):
                cron._commit_progress(1, remaining=len(txs) - done)

    def _therapy_stripe_resolve(self):
        """Find out what became of a try, and record it.

        Younger than the life of its key: the same request again, which Stripe answers
        from memory or carries out once. When that says nothing, or the key is too
        old: the list of what exists for the customer. Only a list that was read to
        its end after the key's life proves that nothing was charged.

        Note: self.ensure_one()

        :raise StripeFailure: if Stripe could not be asked
        """
        self.ensure_one()
        tx_sudo = self.sudo()  # sudo: reads the frozen request
        adapter = tx_sudo.provider_id._therapy_stripe_get_adapter()
        frozen = loads(tx_sudo.therapy_stripe_request or "{}")
        age = clock.now() - tx_sudo.sent_at
        since = clock.to_unix(tx_sudo.sent_at) - 60
        tx_id, env = self.id, self.env
        commit(env)
        outcome = Outcome("unknown")
        expired = age >= timedelta(hours=const.KEY_LIFETIME_HOURS)
        if frozen and not expired:
            outcome = adapter.charge(frozen["params"], frozen["key"])
        if outcome.result in ("unknown", "error") and frozen:
            params = frozen["params"]
            intent = adapter.find_payment_intent(
                params["customer"], since, params["metadata"]
            )
            if intent:
                outcome = Outcome.from_intent(intent)
            elif expired:
                outcome = Outcome("error", code="not_created")
            else:
                outcome = Outcome("unknown", code=outcome.code)
        self._therapy_stripe_record_apart(env, tx_id, outcome)
        env.invalidate_all(flush=False)
