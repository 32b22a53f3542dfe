import logging
import random
import time
from json import dumps

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools.checkpoint import (
    AFTER_ANSWER,
    AFTER_COMMIT,
    IN_CALL,
    checkpoint,
)
from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from .. import const
from ..outcome import StripeFailure
from ..tools import clock
from ..tools.declines import explain_decline

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Charging a saved card: one try, one charge, whatever breaks on the way.

    Commit the try with its frozen parameters; call Stripe without the ORM; record the
    answer in a cursor of its own; post in another transaction. A try whose answer was
    lost is *unknown* and keeps its reservation until Stripe was asked again.
    """

    _inherit = "payment.transaction"

    therapy_stripe_request = fields.Text(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Parameters and key of the charge, frozen before it was sent.",
    )
    therapy_stripe_result = fields.Selection(
        selection=[
            ("done", "Done"),
            ("pending", "Pending"),
            ("declined", "Declined"),
            ("error", "Error"),
            ("unknown", "Unknown"),
        ],
        string="Result at Stripe",
        readonly=True,
        copy=False,
        index="btree_not_null",
    )
    therapy_stripe_request_ref = fields.Char(string="Stripe Request", readonly=True)

    # === SEND === #

    def _send_payment_request(self):
        """Override of `payment` to charge a saved card in the order that loses nothing.

        Note: self.ensure_one() from `_charge_with_token`

        :raise ValidationError: if nothing was sent
        """
        if self.provider_code != "stripe":
            return super()._send_payment_request()
        if self.state != "draft":
            return None  # A new try is a new transaction.
        try:
            adapter = self.provider_id._therapy_stripe_get_adapter()
        except StripeFailure as failure:
            raise ValidationError(failure.message) from failure
        params, key = self._therapy_stripe_freeze()
        tx_id, env = self.id, self.env
        commit(env)
        # From here to the recorded answer: no ORM, or this transaction's snapshot
        # would be older than the answer.
        checkpoint(AFTER_COMMIT)
        checkpoint(IN_CALL)
        outcome = self._therapy_stripe_call(adapter, params, key)
        checkpoint(AFTER_ANSWER)
        self._therapy_stripe_record_apart(env, tx_id, outcome)
        env.invalidate_all(flush=False)
        return None

    @staticmethod
    def _therapy_stripe_call(adapter, params, key):
        """Charge; wait a little where Stripe says that it is asked too often.

        Such a request was not carried out, and its key is free.

        :rtype: Outcome
        """
        for pause in (*const.THROTTLE_PAUSES, None):
            outcome = adapter.charge(params, key)
            if not outcome.throttled or pause is None:
                return outcome
            time.sleep(pause * (1 + random.random()))

    def _therapy_stripe_freeze(self):
        """Write down what will be sent, so that it can be sent again unchanged.

        Note: self.ensure_one()

        :return: parameters and idempotency key
        :rtype: tuple
        :raise ValidationError: if the saved card cannot be charged
        """
        self.ensure_one()
        params, key = self._therapy_stripe_prepare_charge(), f"tp1:{self.uuid}"
        self.sudo().write(  # sudo: the frozen request is not for users to read
            {
                "sent_at": clock.now(),
                "therapy_stripe_request": dumps({"params": params, "key": key}),
            }
        )
        return params, key

    def _therapy_stripe_prepare_charge(self):
        """Return the parameters of an off-session charge.

        Note: self.ensure_one()

        :rtype: dict
        :raise ValidationError: if the saved card cannot be charged
        """
        self.ensure_one()
        token_sudo = self.token_id.sudo()  # sudo: ids at Stripe, not shown to the payer
        if not token_sudo.stripe_payment_method or token_sudo.status == "revoked":
            raise ValidationError(
                self.env._("This saved card can no longer be charged.")
            )
        params = {
            "amount": self._therapy_stripe_get_minor_amount(),
            "currency": self.currency_id.name.lower(),
            "allowed_payment_method_types": [self._therapy_stripe_get_method_type()],
            "capture_method": (
                "manual" if self.provider_id.capture_manually else "automatic_async"
            ),
            "confirm": True,
            "off_session": True,
            "customer": token_sudo.provider_ref,
            "payment_method": token_sudo.stripe_payment_method,
            "metadata": self._therapy_stripe_get_metadata(),
            "expand": ["latest_charge", "payment_method"],
        }
        if self._therapy_stripe_get_method_type() == "card":
            usage = {"stored_credential_usage": "unscheduled"}
            params["payment_method_options"] = {"card": usage}
        return params

    # === RECORD === #

    @api.model
    def _therapy_stripe_record_apart(self, env, tx_id, outcome):
        """Record an outcome in a cursor of its own, which commits.

        If even that fails the try stays as it was committed before the call: sent,
        without an answer. The resolver asks again with the same key.

        :param odoo.api.Environment env: environment of the caller
        :param int tx_id: id of the transaction
        :param Outcome outcome: what Stripe answered
        """
        try:
            run_in_fresh_cursor(
                env,
                lambda fresh: (
                    fresh["payment.transaction"]
                    .browse(tx_id)
                    ._therapy_stripe_record(outcome)
                ),
            )
        except Exception:
            # The charge may have happened: nothing may reach the caller that could
            # make it mark the try as failed.
            _logger.exception("The answer for transaction %s was not recorded", tx_id)

    def _therapy_stripe_record(self, outcome):
        """Write what became of a try.

        Note: self.ensure_one()

        :param Outcome outcome: what Stripe answered
        :raise LockError: if another process works on the transaction
        """
        self.ensure_one()
        tx_sudo = self.sudo()  # sudo: the payer may not write own transactions
        tx_sudo.lock_for_update(allow_referencing=True)
        intent = outcome.intent
        if outcome.result == "unknown" and tx_sudo.state not in ("draft", "pending"):
            return  # An event was faster than the answer.
        tx_sudo.write(
            {
                "therapy_stripe_result": outcome.result,
                "therapy_stripe_code": outcome.code,
                "therapy_stripe_decline_code": outcome.decline_code,
                "therapy_stripe_advice_code": outcome.advice_code,
                "therapy_stripe_request_ref": outcome.request_ref,
            }
        )
        if outcome.result in ("done", "pending") and intent:
            tx_sudo._therapy_stripe_apply(intent)
        elif outcome.result == "unknown":
            tx_sudo._therapy_stripe_on_unknown()
        elif tx_sudo.state in ("draft", "pending"):
            if intent.get("id"):
                tx_sudo.provider_reference = intent["id"]
            tx_sudo._set_error(tx_sudo._therapy_stripe_explain())

    def _therapy_stripe_on_unknown(self):
        """Keep the reservation, and say what is known: nothing yet (M8)."""
        message = self.env._(
            "Stripe has not answered. The payment may or may not have happened; it is "
            "being checked, and will not be tried a second time meanwhile."
        )
        if self.state == "draft":
            self._set_pending(state_message=message)
        self._therapy_stripe_trigger_resolver()

    def _therapy_stripe_explain(self):
        """Return one sentence on a failed try, for staff and payer.

        Note: self.ensure_one()

        :rtype: str
        """
        self.ensure_one()
        if self.therapy_stripe_code == "not_created":
            return self.env._("The payment did not happen; nothing was charged.")
        if self.therapy_stripe_result == "error":
            return self.env._(
                "The payment could not be made because of the practice's settings; "
                "nothing was charged. (%(code)s)",
                code=self.therapy_stripe_code or "?",
            )
        reason = explain_decline(
            self.therapy_stripe_decline_code,
            self.therapy_stripe_code,
            is_debit=self._therapy_stripe_get_method_type() == "us_bank_account",
        )
        return self.env._(reason)
