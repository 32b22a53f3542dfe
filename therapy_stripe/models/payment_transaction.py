from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.therapy_billing.tools.cursor import commit

from ..outcome import StripeFailure
from .payment_token import CONSENT_CHANNELS


class PaymentTransaction(models.Model):
    """What Stripe is told about a transaction."""

    _inherit = "payment.transaction"

    # Events, refunds and movements of the balance are found by it.
    provider_reference = fields.Char(index="btree_not_null")
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

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment`: core's wish for a customer gives the payer's one.

        Core would make a new customer for every payment, with name and address; what
        it wants to send is dropped here (P1).

        :return: the customer, only its id; or what core returns
        :rtype: dict
        :raise StripeFailure: if Stripe did not answer with a customer
        """
        if self.provider_code != "stripe" or (method, endpoint) != (
            "POST",
            "customers",
        ):
            return super()._send_api_request(method, endpoint, **kwargs)
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
            try:
                intent = self._therapy_stripe_send_intent()
            except StripeFailure as failure:
                if failure.code != "resource_missing" or failure.param != "customer":
                    raise
                # The keys belong to another Stripe account than before.
                payer = self._therapy_stripe_get_payer()
                self.env["therapy.stripe.customer"]._forget(self.provider_id, payer)
                intent = self._therapy_stripe_send_intent("b")
        except StripeFailure as failure:
            self.therapy_stripe_code = failure.code
            self._set_error(
                self.env._("The payment could not be started; nothing was charged.")
            )
            return None
        except ValidationError as reason:
            # The try is committed already: raising would leave it, and its part of
            # the bill, behind.
            self._set_error(str(reason))
            return None
        self.provider_reference = intent["id"]
        return intent

    def _therapy_stripe_send_intent(self, suffix=""):
        """Ask Stripe for the intent of a payer who is present.

        Note: self.ensure_one()

        :param str suffix: what tells this request from an earlier, refused one
        :return: the intent
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        adapter = self.provider_id._therapy_stripe_get_adapter()
        if self.operation == "validation":
            params = self._stripe_prepare_setup_intent_payload()
            return adapter.create_setup_intent(params, f"ts1:{self.uuid}{suffix}")
        params = self._stripe_prepare_payment_intent_payload()
        return adapter.create_payment_intent(params, f"tp1:{self.uuid}{suffix}")
