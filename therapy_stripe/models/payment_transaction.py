from odoo import api, fields, models

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe.controllers.main import StripeController
from odoo.addons.therapy_billing.tools.cursor import commit

from .. import const
from ..adapter import StripeFailure
from ..tools import clock
from .payment_token import CONSENT_CHANNELS


class PaymentTransaction(models.Model):
    """What is sent to Stripe for a transaction, and what its answers mean."""

    _inherit = "payment.transaction"

    therapy_stripe_code = fields.Char(string="Stripe Error Code", readonly=True)
    therapy_stripe_decline_code = fields.Char(string="Decline Code", readonly=True)
    therapy_stripe_advice_code = fields.Char(string="Bank's Advice", readonly=True)
    therapy_consent_note = fields.Text(
        string="Consent", readonly=True, help="What the payer agreed to, and how."
    )
    therapy_consent_channel = fields.Selection(
        selection=CONSENT_CHANNELS,
        string="Consent Given",
        readonly=True,
    )
    therapy_consent_user_id = fields.Many2one(
        "res.users", string="Card Added by", readonly=True
    )

    # Children of a capture or void share the id of their source.
    _stripe_intent_uniq = models.UniqueIndex(
        "(provider_id, provider_reference) WHERE source_transaction_id IS NULL"
        " AND provider_reference ~ '^(pi|seti)_'",
        "A Stripe intent belongs to one transaction.",
    )

    # === WHAT IS SENT === #

    def _therapy_stripe_get_metadata(self):
        """Return all that Stripe is told about a transaction: two opaque ids (P1).

        Note: self.ensure_one()

        :rtype: dict
        """
        self.ensure_one()
        return {"tx": self.uuid, **self.provider_id._therapy_stripe_get_metadata()}

    def _therapy_stripe_get_payer(self):
        """Return whose card it is: who pays, who need not be whom the bill is for.

        Note: self.ensure_one()

        :rtype: res.partner
        """
        self.ensure_one()
        return self.paid_by_id or self.partner_id

    def _therapy_stripe_get_minor_amount(self):
        """Return the amount in the smallest unit of the currency.

        Note: self.ensure_one()

        :rtype: int
        """
        self.ensure_one()
        return payment_utils.to_minor_currency_units(
            abs(self.amount),
            self.currency_id,
            arbitrary_decimal_number=stripe_const.CURRENCY_DECIMALS.get(
                self.currency_id.name
            ),
        )

    def _therapy_stripe_get_method_type(self):
        """Return Stripe's word for the payment method, e.g. ``card``.

        Note: self.ensure_one()

        :rtype: str
        """
        self.ensure_one()
        code = self.primary_payment_method_id.code or self.payment_method_code
        return stripe_const.PAYMENT_METHODS_MAPPING.get(code, code)

    def _stripe_prepare_payment_intent_payload(self):
        """Override of `payment_stripe`: the PaymentIntent of a payer who is present.

        No name, address, description or shipping; the payer's one customer.

        :return: parameters of the request
        :rtype: dict
        :raise StripeFailure: if the payer's customer could not be made
        """
        payload = {
            "amount": self._therapy_stripe_get_minor_amount(),
            "currency": self.currency_id.name.lower(),
            "allowed_payment_method_types": [self._therapy_stripe_get_method_type()],
            "capture_method": (
                "manual" if self.provider_id.capture_manually else "automatic_async"
            ),
            "customer": self._stripe_create_customer()["id"],
            "metadata": self._therapy_stripe_get_metadata(),
        }
        if self.tokenize:
            payload["setup_future_usage"] = "off_session"
            payload.update(self._therapy_stripe_prepare_credential_usage())
        return payload

    def _stripe_prepare_setup_intent_payload(self):
        """Override of `payment_stripe`: the SetupIntent that saves a card.

        :return: parameters of the request
        :rtype: dict
        :raise StripeFailure: if the payer's customer could not be made
        """
        return {
            "allowed_payment_method_types": [self._therapy_stripe_get_method_type()],
            "usage": "off_session",
            "customer": self._stripe_create_customer()["id"],
            "metadata": self._therapy_stripe_get_metadata(),
            **self._therapy_stripe_prepare_credential_usage(),
        }

    def _therapy_stripe_prepare_credential_usage(self):
        """Return the options that tell the card network why the card is kept.

        :return: options; charges follow sessions, not a fixed rhythm: unscheduled
        :rtype: dict
        """
        if self._therapy_stripe_get_method_type() != "card":
            return {}
        usage = {"setup_credential_usage": "unscheduled"}
        return {"payment_method_options": {"card": usage}}

    def _stripe_create_customer(self):
        """Override of `payment_stripe` to use the payer's one customer.

        :return: the customer, only its id
        :rtype: dict
        :raise StripeFailure: if Stripe did not answer with a customer
        """
        customers = self.env["therapy.stripe.customer"]
        payer = self._therapy_stripe_get_payer()
        return {"id": customers._get_ref(self.provider_id, payer)}

    def _stripe_create_intent(self):
        """Override of `payment_stripe`: the intent of a payer who is present.

        The transaction and its reservation are committed first: no lock on the bill
        is held while Stripe is asked, and an event finds the transaction. Nothing is
        charged here, so a failure is a dead try.

        :return: the intent, or None after a failure
        :rtype: dict | None
        """
        commit(self.env)
        try:
            adapter = self.provider_id._therapy_stripe_get_adapter()
            if self.operation == "validation":
                params = self._stripe_prepare_setup_intent_payload()
                intent = adapter.create_setup_intent(params, f"ts1:{self.uuid}")
            else:
                params = self._stripe_prepare_payment_intent_payload()
                intent = adapter.create_payment_intent(params, f"tp1:{self.uuid}")
        except StripeFailure as failure:
            self.therapy_stripe_code = failure.code
            self._set_error(
                self.env._("The payment could not be started; nothing was charged.")
            )
            return None
        self.provider_reference = intent["id"]
        return intent

    # === WHAT ANSWERS MEAN === #

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
        self._set_done(extra_allowed_states=("cancel",))
        self._therapy_stripe_trigger_posting()

    def _therapy_stripe_on_processing(self, intent):
        if self.state == "draft":
            self._set_pending()

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

    def _extract_token_values(self, payment_data):
        """Override of `payment_stripe` to keep what a list of cards must show."""
        if self.provider_code != "stripe":
            return super()._extract_token_values(payment_data)
        method = payment_data.get("payment_method")
        if not isinstance(method, dict):
            return {}
        intent = payment_data.get("setup_intent") or payment_data["payment_intent"]
        staff = self.therapy_consent_user_id
        return {
            "provider_ref": intent["customer"],
            "stripe_payment_method": method["id"],
            **self.env["payment.token"]._therapy_stripe_prepare_card_vals(method),
            "partner_id": self._therapy_stripe_get_payer().id,
            "consent_note": self.therapy_consent_note,
            "consent_channel": self.therapy_consent_channel or "portal",
            "consent_user_id": staff.id,
            "consent_date": fields.Datetime.now(),
        }

    @api.model
    def _therapy_stripe_trigger_posting(self):
        """Have done transactions booked soon, apart from this database transaction."""
        # sudo: payers and billers may not see jobs
        cron_sudo = self.env.ref(  # sudo: see above
            "payment.cron_post_process_payment_tx"
        ).sudo()
        cron_sudo._trigger()
