from urllib.parse import urlsplit

from odoo import models
from odoo.http import request

# Where Stripe's script and its frames come from (docs.stripe.com/security/guide).
_STRIPE_SCRIPTS = "https://js.stripe.com https://*.js.stripe.com"
_STRIPE_FRAMES = f"{_STRIPE_SCRIPTS} https://hooks.stripe.com"
# Providers of Odoo's that load no script of their own.
_QUIET_CODES = ("none", "stripe", "custom", "demo")


class PaymentProvider(models.Model):
    """Which scripts may run on a page with a card form."""

    _inherit = "payment.provider"

    def _therapy_stripe_get_foreign_providers(self):
        """Return the providers whose own scripts the policy would stop.

        Note: self.ensure_one()

        :return: sudoed providers that are offered beside this one
        :rtype: payment.provider
        """
        self.ensure_one()
        return self.sudo().search(  # sudo: asked while a visitor's page is made
            [
                ("company_id", "=", self.company_id.id),
                ("state", "!=", "disabled"),
                ("is_published", "=", True),
                ("code", "not in", _QUIET_CODES),
            ]
        )

    def _therapy_stripe_get_script_policy(self):
        """Return the Content-Security-Policy of a page with Stripe's card form.

        Odoo's own pages need inline scripts; scripts from anywhere else than Odoo and
        Stripe are refused by the browser (PCI DSS 6.4.3).

        Note: self.ensure_one()

        :return: value of the header, "" when another provider needs its scripts
        :rtype: str
        """
        self.ensure_one()
        if self._therapy_stripe_get_foreign_providers():
            return ""
        scripts, frames = _STRIPE_SCRIPTS, _STRIPE_FRAMES
        parts = urlsplit(self._therapy_stripe_get_js_url())
        if parts.hostname != "js.stripe.com":  # the sandbox of a test provider
            scripts = frames = f"{parts.scheme}://{parts.netloc}"
        return "; ".join(
            (
                f"script-src 'self' 'unsafe-inline' 'unsafe-eval' {scripts}",
                f"frame-src 'self' {frames}",
                "object-src 'none'",
                "base-uri 'self'",
                "frame-ancestors 'self'",
            )
        )

    def _therapy_stripe_get_page_js_url(self, providers=None):
        """Send the policy of scripts with every page that loads stripe.js."""
        url = super()._therapy_stripe_get_page_js_url(providers)
        stripe = (providers or self.browse()).filtered(lambda p: p.code == "stripe")
        if stripe and request and hasattr(request, "future_response"):
            policy = stripe[:1]._therapy_stripe_get_script_policy()
            if policy:
                request.future_response.headers["Content-Security-Policy"] = policy
        return url
