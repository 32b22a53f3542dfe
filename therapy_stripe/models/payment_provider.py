from json import dumps, loads

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.payment.const import CURRENCY_MINOR_UNITS
from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe import utils as stripe_utils

from .. import const
from ..adapter import StripeFailure, get_adapter, one_time_key
from ..tools.loopback import is_loopback

# What core may still ask Stripe through `_send_api_request`. Every other request of
# core's has a method of its own here, with our parameters and our key.
_CORE_POSTS = frozenset({"apple_pay/domains"})


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    therapy_stripe_api_base = fields.Char(
        string="Sandbox API Address",
        groups="base.group_system",
        copy=False,
        help="Address of a Stripe stand-in on this machine, for tests and demos. Only "
        "obeyed in test mode.",
    )
    therapy_stripe_js_url = fields.Char(
        string="Sandbox Script Address",
        groups="base.group_system",
        copy=False,
        help="Address of the stand-in's stripe.js. Only obeyed in test mode.",
    )
    therapy_stripe_webhook_secret_previous = fields.Char(
        string="Previous Webhook Signing Secret",
        groups="base.group_system",
        copy=False,
        help="Accepted beside the current secret while Stripe still signs with it. "
        "Empty it a day after a change.",
    )
    therapy_stripe_webhook_ref = fields.Char(
        string="Webhook Endpoint", groups="base.group_system", copy=False, readonly=True
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "code", "state", "therapy_stripe_api_base", "therapy_stripe_js_url"
    )
    def _check_therapy_stripe_sandbox(self):
        """Keep the stand-in away from live mode and from other machines."""
        for provider in self.filtered(lambda p: p.code == "stripe"):
            for url in filter(
                None,
                (provider.therapy_stripe_api_base, provider.therapy_stripe_js_url),
            ):
                if provider.state == "enabled":
                    raise ValidationError(
                        self.env._(
                            "A provider with a sandbox address cannot be switched to "
                            "live mode. Empty the address first."
                        )
                    )
                if not is_loopback(url):
                    raise ValidationError(
                        self.env._(
                            "A sandbox address must lead to this machine "
                            "(127.0.0.1 or localhost): %(url)s",
                            url=url,
                        )
                    )

    @api.constrains("code", "state", "stripe_secret_key", "stripe_webhook_secret")
    def _check_therapy_stripe_mode(self):
        """Refuse live keys in test mode, and live mode without signed webhooks."""
        for provider in self.filtered(lambda p: p.code == "stripe"):
            # An empty key is core's business (`required_if_provider`).
            live_key = "_live_" in (provider.stripe_secret_key or "")
            if provider.state == "test" and live_key:
                raise ValidationError(
                    self.env._("Live keys cannot be used in test mode.")
                )
            if provider.state == "enabled" and not provider.stripe_webhook_secret:
                raise ValidationError(
                    self.env._(
                        "Live mode needs a webhook: without its signing secret no "
                        "message from Stripe can be trusted."
                    )
                )

    # === ACTION METHODS === #

    def action_stripe_create_webhook(self):
        """Create our webhook endpoint, with our API version and events.

        An endpoint made earlier is replaced: its secret stays valid as the previous
        one until a person empties it.

        :return: notification for the client
        :rtype: dict
        :raise UserError: if Stripe refused or could not be reached
        """
        self.ensure_one()
        if not self.stripe_secret_key:
            raise UserError(
                self.env._("Set the secret key before the webhook can be created.")
            )
        url = self._get_stripe_webhook_url()
        adapter = self._therapy_stripe_get_adapter()
        try:
            endpoint = adapter.create_webhook_endpoint(url, one_time_key("webhook"))
            old_ref = self.therapy_stripe_webhook_ref
            self.write(
                {
                    "therapy_stripe_webhook_secret_previous": (
                        self.stripe_webhook_secret
                    ),
                    "stripe_webhook_secret": endpoint["secret"],
                    "therapy_stripe_webhook_ref": endpoint["id"],
                }
            )
            if old_ref:
                adapter.delete_webhook_endpoint(old_ref)
        except StripeFailure as failure:
            raise UserError(
                self.env._(
                    "Stripe did not create the webhook: %(reason)s",
                    reason=failure.message,
                )
            ) from failure
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Stripe now reports to %(url)s", url=url),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

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
            # sudo: visitors may not read providers; only an address is returned
            stripe = self.sudo().search(  # sudo: see above
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
        provider_sudo = self.sudo()  # sudo: secrets, compared and never returned to a user
        secrets = (
            stripe_utils.get_webhook_secret(provider_sudo),
            provider_sudo.therapy_stripe_webhook_secret_previous,
        )
        return [secret for secret in secrets if secret]

    def _therapy_stripe_get_metadata(self):
        """Return what every object we create at Stripe carries of this database.

        :rtype: dict
        """
        # sudo: any payer's request needs it; the database's uuid is not a secret
        params_sudo = self.env["ir.config_parameter"].sudo()  # sudo: see above
        return {"db": params_sudo.get_param("database.uuid")}

    # === OVERRIDES OF CORE === #

    def _stripe_get_inline_form_values(self, amount, currency, partner_id, *args, **kwargs):
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
        decimals = stripe_const.CURRENCY_DECIMALS.get(
            currency and currency.name, CURRENCY_MINOR_UNITS.get(
                currency and currency.name, 2
            )
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
                self.env._("This request is not sent to Stripe: %(endpoint)s")
                % {"endpoint": endpoint}
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

    def _get_reset_values(self):
        """Override of `payment` to reset our credentials too."""
        values = super()._get_reset_values()
        if self.code == "stripe":
            values.update(
                therapy_stripe_webhook_secret_previous=None,
                therapy_stripe_webhook_ref=None,
            )
        return values
