from datetime import timedelta
from json import dumps, loads

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools.cursor import commit

from .. import const
from ..outcome import Outcome, StripeFailure
from ..tools import clock


class PaymentTransaction(models.Model):
    """Refunds at Stripe: one request, one refund, whatever breaks on the way.

    The order is that of a charge: frozen parameters are committed with the key, the
    call is made without the ORM, the answer is recorded in a cursor of its own. A
    refund that Stripe began counts as given, for its money left the balance; if it
    fails later, it is booked back.
    """

    _inherit = "payment.transaction"

    therapy_refund_pending = fields.Boolean(
        string="On Its Way to the Bank",
        readonly=True,
        copy=False,
        help="Stripe gave the money out; the bank has not confirmed it yet.",
    )

    # Refunds have an index of their own: an id is one refund.
    _stripe_refund_uniq = models.UniqueIndex(
        "(provider_id, provider_reference) WHERE operation = 'refund'"
        " AND provider_reference ~ '^(re|pyr)_'",
        "A refund at Stripe belongs to one transaction.",
    )

    # === SEND === #

    def _send_refund_request(self):
        """Override of `payment_stripe` to refund in the order that loses nothing.

        Note: self.ensure_one()

        :raise ValidationError: if nothing was sent
        """
        if self.provider_code != "stripe":
            return super()._send_refund_request()
        if self.state != "draft" or self.sent_at:
            return None  # A new try is a new transaction.
        try:
            adapter = self.provider_id._therapy_stripe_get_adapter()
        except StripeFailure as failure:
            raise ValidationError(failure.message) from failure
        params = {
            "payment_intent": self.source_transaction_id.provider_reference,
            "amount": self._therapy_stripe_get_minor_amount(),
            "metadata": self._therapy_stripe_get_metadata(),
        }
        key = f"tr1:{self.uuid}"
        self.sudo().write(  # sudo: the frozen request is not for users to read
            {
                "sent_at": clock.now(),
                "therapy_stripe_request": dumps({"params": params, "key": key}),
            }
        )
        tx_id, env = self.id, self.env
        commit(env)
        outcome = adapter.refund(params, key)
        self._therapy_stripe_record_apart(env, tx_id, outcome)
        env.invalidate_all(flush=False)
        return None

    # === RESOLVE === #

    def _therapy_stripe_resolve(self):
        """Override to find out what became of a refund (M8).

        The same request with the same key, while Stripe remembers it; otherwise the
        list of the payment's refunds.
        """
        self.ensure_one()
        if self.operation != "refund":
            return super()._therapy_stripe_resolve()
        tx_sudo = self.sudo()  # sudo: reads the frozen request
        adapter = tx_sudo.provider_id._therapy_stripe_get_adapter()
        frozen = loads(tx_sudo.therapy_stripe_request or "{}")
        age = clock.now() - tx_sudo.sent_at
        expired = age >= timedelta(hours=const.KEY_LIFETIME_HOURS)
        tx_id, env = self.id, self.env
        commit(env)
        outcome = Outcome("unknown")
        if frozen and not expired:
            outcome = adapter.refund(frozen["params"], frozen["key"])
        if outcome.result in ("unknown", "error") and frozen:
            params = frozen["params"]
            found = adapter.find_refund(params["payment_intent"], params["metadata"])
            if found:
                outcome = Outcome.from_refund(found)
            elif expired:
                outcome = Outcome("error", code="not_created")
        self._therapy_stripe_record_apart(env, tx_id, outcome)
        env.invalidate_all(flush=False)
        return None

    def _therapy_stripe_explain(self):
        """Override to explain a refund that Stripe refused."""
        self.ensure_one()
        if self.operation != "refund":
            return super()._therapy_stripe_explain()
        words = {
            "not_created": self.env._("Stripe never received it."),
            "charge_already_refunded": self.env._(
                "The payment was given back already."
            ),
            "charge_disputed": self.env._(
                "The payer's bank disputes the payment and has the money."
            ),
            "amount_too_large": self.env._("It is more than is left of the payment."),
            "insufficient_funds": self.env._("Your balance at Stripe is too small."),
        }
        code = self.therapy_stripe_code or "?"
        return words.get(code) or self.env._("Stripe refused it (%(code)s).", code=code)

    # === APPLY === #

    def _therapy_stripe_refresh(self):
        """Override to read a refund again.

        :rtype: bool
        """
        self.ensure_one()
        if self.operation != "refund":
            return super()._therapy_stripe_refresh()
        if not self.provider_reference:
            return False
        adapter = self.provider_id._therapy_stripe_get_adapter()
        return self._therapy_stripe_apply(
            adapter.retrieve_refund(self.provider_reference)
        )

    def _therapy_stripe_apply(self, intent):
        """Override to apply a refund fetched from Stripe."""
        self.ensure_one()
        if self.operation != "refund":
            return super()._therapy_stripe_apply(intent)
        self.lock_for_update(allow_referencing=True)
        self.invalidate_recordset()
        known = self.provider_reference == intent["id"]
        if not known and not self._therapy_stripe_owns(intent):
            return False
        self.provider_reference = intent["id"]
        status = intent.get("status")
        self.therapy_refund_pending = status in ("pending", "requires_action")
        if status in ("failed", "canceled"):
            self._therapy_stripe_on_refund_failed(intent)
        elif status == "succeeded" or intent.get("balance_transaction"):
            self._therapy_stripe_on_refund_given(intent)
        elif self.state == "draft":
            self._set_pending()
        return True

    def _apply_updates(self, payment_data):
        """Override of `payment_stripe` to apply refunds by our rules.

        :param dict payment_data: holds the `refund`
        """
        if self.provider_code != "stripe" or self.operation != "refund":
            return super()._apply_updates(payment_data)
        return self._therapy_stripe_apply(payment_data["refund"])

    def _therapy_stripe_on_refund_given(self, refund):
        """Take note that the money left the balance, and have it booked.

        :param dict refund: the refund
        """
        if self.state == "done" or self.payment_id.therapy_return_move_id:
            return
        self.charged_at = clock.from_unix(refund["created"])
        self._set_done(extra_allowed_states=("cancel",))
        self._therapy_stripe_trigger_posting()

    def _therapy_stripe_on_refund_failed(self, refund):
        """Take note that the money came back, and book that (M5).

        :param dict refund: the refund
        """
        if self.state in ("error", "cancel"):
            return
        reason = refund.get("failure_reason") or refund.get("status")
        was_given = self.state == "done"
        self._set_error(
            self.env._(
                "The bank sent the refund back (%(reason)s).",
                reason=reason.replace("_", " "),
            ),
            extra_allowed_states=("done",),
        )
        source = self.source_transaction_id.payment_id
        if was_given and self.payment_id.move_id.state == "posted":
            day = self.company_id._therapy_local_date()
            self.payment_id._therapy_book_back(day, reason, cause="refund_owed")
        source.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("A refund failed: give the money back another way"),
            note=self.env._(
                "%(amount)s came back from the bank: %(reason)s. The payer still has "
                "it to the good; it is not put on bills by itself.",
                amount=self.currency_id.format(abs(self.amount)),
                reason=reason.replace("_", " "),
            ),
            user_id=source._therapy_get_clerk().id,
        )
