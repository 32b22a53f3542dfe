from json import dumps, loads

from odoo import api, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.const import CURRENCY_MINOR_UNITS
from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe import utils as stripe_utils

from .. import const
from ..adapter import get_adapter
from ..calls import one_time_key
from ..outcome import StripeFailure
from ..tools.loopback import is_loopback

# What may still be asked of Stripe through core's `_send_api_request`. Every other
# request of core's has a method of its own here, with our parameters and our key.
_CORE_POSTS = frozenset({"apple_pay/domains", "webhook_endpoints"})


class PaymentProvider(models.Model):
    """Reaching Stripe: which account, which address, and what core may still ask."""

    _inherit = "payment.provider"

    # === BUSINESS METHODS === #

    def _therapy_stripe_get_sandbox_base(self):
        """Return the address of the stand-in, or "" for Stripe itself.

        Note: self.ensure_one()

        :return: address without trailing slash
        :rtype: str
        :raise StripeFailure: if an address is set where none is allowed; falling back
            to the real Stripe would be worse than refusing
        """
        self.ensure_one()
        base = self.sudo().therapy_stripe_api_base  # sudo: field of administrators
        if not base:
            return ""
        if self.state != "test" or not is_loopback(base):
            raise StripeFailure(
                "error",
                self.env._("A sandbox address is set, but it is not allowed."),
                "sandbox_refused",
            )
        return base.rstrip("/")

    def _therapy_stripe_get_adapter(self):
        """Return the adapter of this provider's Stripe account.

        Note: self.ensure_one()

        :rtype: therapy_stripe.adapter.StripeAdapter
        :raise StripeFailure: if this provider must not reach Stripe: it is disabled,
            has no key, or the database is a neutralized copy
        """
        self.ensure_one()
        provider_sudo = self.sudo()  # sudo: reads the keys for its own request
        base = provider_sudo._therapy_stripe_get_sandbox_base()
        key = stripe_utils.get_secret_key(provider_sudo)
        if provider_sudo.state == "disabled" or not key:
            raise StripeFailure(
                "error",
                self.env._("The payment provider is not set up or disabled."),
                "provider_disabled",
            )
        neutralized = provider_sudo.env["ir.config_parameter"].get_param(
            "database.is_neutralized"
        )
        if neutralized and not base:
            raise StripeFailure(
                "error",
                self.env._("This database is a copy; it cannot charge anybody."),
                "neutralized",
            )
        return get_adapter(key, base)

    def _therapy_stripe_get_js_url(self):
        """Return the address of the stripe.js to load for this provider.

        Note: self.ensure_one()

        :rtype: str
        """
        self.ensure_one()
        url = self.sudo().therapy_stripe_js_url  # sudo: field of administrators
        if url and self.state == "test" and is_loopback(url):
            return url
        return const.STRIPE_JS_URL

    @api.model
    def _therapy_stripe_get_page_js_url(self, providers=None):
        """Return the stripe.js to load on a page with a payment form.

        :param payment.provider providers: providers offered on the page
        :rtype: str
        """
        stripe = (providers or self.browse()).filtered(lambda p: p.code == "stripe")
        if not stripe:
            stripe = self.sudo().search(  # sudo: visitors; only an address is returned
                [
                    ("code", "=", "stripe"),
                    ("state", "!=", "disabled"),
                    ("company_id", "parent_of", self.env.company.id),
                ],
                limit=1,
            )
        if not stripe:
            return const.STRIPE_JS_URL
        return stripe[:1]._therapy_stripe_get_js_url()

    def _therapy_stripe_get_webhook_secrets(self):
        """Return the secrets that may sign this provider's webhooks, current first.

        Note: self.ensure_one()

        :rtype: list[str]
        """
        self.ensure_one()
        provider_sudo = self.sudo()  # sudo: secrets, only compared
        secrets = (
            stripe_utils.get_webhook_secret(provider_sudo),
            provider_sudo.therapy_stripe_webhook_secret_previous,
        )
        return [secret for secret in secrets if secret]

    def _therapy_stripe_get_metadata(self):
        """Return what every object we create at Stripe carries of this database.

        :rtype: dict
        """
        params_sudo = self.env["ir.config_parameter"].sudo()  # sudo: not a secret
        return {"db": params_sudo.get_param("database.uuid")}

    # === OVERRIDES OF CORE === #

    def _stripe_get_inline_form_values(
        self, amount, currency, partner_id, *args, **kwargs
    ):
        """Override of `payment_stripe` to tell the browser nothing about the payer.

        The ZIP code and country help against fraud; name, e-mail, phone and street of
        a patient are not Stripe's business (P1).
        """
        values = loads(
            super()._stripe_get_inline_form_values(
                amount, currency, partner_id, *args, **kwargs
            )
        )
        address = values["billing_details"]["address"]
        values["billing_details"] = {
            "address": {
                "postal_code": address["postal_code"],
                "country": address["country"],
            }
        }
        if not self.capture_manually:
            values["capture_method"] = "automatic_async"
        name = currency and currency.name
        decimals = stripe_const.CURRENCY_DECIMALS.get(
            name, CURRENCY_MINOR_UNITS.get(name, 2)
        )
        values["minor_factor"] = 10**decimals
        return dumps(values)

    def _send_api_request(
        self,
        method,
        endpoint,
        *,
        params=None,
        data=None,
        json=None,
        reference=None,
        **kwargs,
    ):
        """Override of `payment` to send what core still asks Stripe by our adapter.

        A POST of core's is refused: its parameters may name the payer, and most of
        them have no idempotency key. Requests to Odoo's onboarding proxy are core's.
        """
        if self.code != "stripe" or kwargs.get("is_proxy_request"):
            return super()._send_api_request(
                method,
                endpoint,
                params=params,
                data=data,
                json=json,
                reference=reference,
                **kwargs,
            )
        if method == "POST" and endpoint not in _CORE_POSTS:
            raise ValidationError(
                self.env._(
                    "This request is not sent to Stripe: %(endpoint)s",
                    endpoint=endpoint,
                )
            )
        payload = {
            name.removesuffix("[]"): [value] if name.endswith("[]") else value
            for name, value in (params or data or json or {}).items()
        }
        key = one_time_key(endpoint) if method == "POST" else None
        try:
            adapter = self._therapy_stripe_get_adapter()
            return adapter.raw(method, endpoint, payload, key)
        except StripeFailure as failure:
            raise ValidationError(failure.message) from failure
