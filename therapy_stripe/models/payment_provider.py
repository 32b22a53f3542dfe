from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import const
from ..outcome import StripeFailure
from ..tools.loopback import is_loopback


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

    @api.constrains("code", "state", "therapy_stripe_api_base", "therapy_stripe_js_url")
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
            key = provider.stripe_secret_key or ""
            if provider.state == "test" and "_live_" in key:
                raise ValidationError(
                    self.env._("Live keys cannot be used in test mode.")
                )
            if provider.state == "enabled" and "_test_" in key:
                raise ValidationError(
                    self.env._("Test keys cannot be used in live mode.")
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
        """Override of `payment_stripe`: our API version, our events, our secret.

        :return: notification for the client
        :rtype: dict
        :raise UserError: if Stripe refused or could not be reached
        """
        self.ensure_one()
        if self.stripe_webhook_secret:
            return self._therapy_stripe_notify(
                self.env._("The webhook is set up already."), "warning"
            )
        return self.action_therapy_stripe_replace_webhook()

    def action_therapy_stripe_replace_webhook(self):
        """Create our webhook endpoint; one made earlier is replaced.

        Its secret stays valid as the previous one until a person empties it.

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
        params = {
            "url": url,
            "enabled_events": list(const.WEBHOOK_EVENTS),
            "api_version": const.API_VERSION,
        }
        try:
            endpoint = self._send_api_request("POST", "webhook_endpoints", json=params)
        except ValidationError as failure:
            raise UserError(
                self.env._(
                    "Stripe did not create the webhook: %(reason)s", reason=str(failure)
                )
            ) from failure
        old_ref = self.therapy_stripe_webhook_ref
        self.write(
            {
                "therapy_stripe_webhook_secret_previous": self.stripe_webhook_secret,
                "stripe_webhook_secret": endpoint["secret"],
                "therapy_stripe_webhook_ref": endpoint["id"],
            }
        )
        message = self.env._("Stripe now reports to %(url)s", url=url)
        if old_ref and not self._therapy_stripe_delete_webhook(old_ref):
            warning = self.env._("Delete the earlier webhook in Stripe's dashboard.")
            return self._therapy_stripe_notify(f"{message}. {warning}", "warning")
        return self._therapy_stripe_notify(message)

    def _therapy_stripe_delete_webhook(self, ref):
        """Delete a webhook endpoint that was replaced.

        The new one is there and its secret is kept: whatever becomes of the old one
        must not take that back.

        :param str ref: ``we_...``
        :return: whether it is gone
        :rtype: bool
        """
        try:
            self._therapy_stripe_get_adapter().delete_webhook_endpoint(ref)
        except StripeFailure as failure:
            return failure.code == "resource_missing"
        return True

    def _therapy_stripe_notify(self, message, kind="success"):
        """Return the action that shows a message and reads the form again.

        :param str message: text for the user
        :param str kind: success, warning or danger
        :rtype: dict
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _archive_linked_tokens(self):
        """Override of `payment`: another mode hides cards, it does not remove them."""
        with_mark = self.with_context(therapy_stripe_keep=True)
        return super(PaymentProvider, with_mark)._archive_linked_tokens()

    def _get_reset_values(self):
        """Override of `payment` to reset our credentials too."""
        values = super()._get_reset_values()
        if self.code == "stripe":
            values.update(
                therapy_stripe_webhook_secret_previous=None,
                therapy_stripe_webhook_ref=None,
            )
        return values
