from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..outcome import StripeFailure
from ..tools.descriptor import get_descriptor_problem, is_telling
from ..tools.loopback import LOOPBACK_HOSTS


class PaymentProvider(models.Model):
    """What must be in place before real cards are charged (P8)."""

    _inherit = "payment.provider"

    therapy_stripe_descriptor = fields.Char(
        string="Statement Descriptor",
        copy=False,
        readonly=True,
        help="What stands on the payer's card statement; read from the Stripe account.",
    )
    therapy_stripe_business_name = fields.Char(
        string="Name at Stripe", copy=False, readonly=True
    )
    therapy_stripe_name_accepted = fields.Boolean(
        string="Use This Name Anyway",
        copy=False,
        help="The practice has decided that its payers may see this name on their "
        "statements, though it tells what kind of care they get.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("code", "state")
    def _check_therapy_stripe_compliance(self):
        """Refuse live mode until everything is in place."""
        for provider in self:
            if provider.code != "stripe" or provider.state != "enabled":
                continue
            missing = [
                f"- {check['name']} ({check['found']}): {check['todo']}"
                for check in provider._therapy_stripe_get_checks()
                if not check["ok"]
            ]
            if missing:
                raise ValidationError(
                    self.env._(
                        "Live mode cannot be switched on yet:\n%(missing)s",
                        missing="\n".join(missing),
                    )
                )

    # === ACTION METHODS === #

    def action_therapy_stripe_compliance(self):
        """Open the list of what must be in place before live mode.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return self.env["therapy.stripe.compliance"]._get_action(self)

    def action_therapy_stripe_preview(self):
        """Open the preview of what is sent to Stripe.

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        preview = self.env["therapy.stripe.preview"].create({"provider_id": self.id})
        return preview._get_action()

    def action_therapy_stripe_read_account(self):
        """Read name and statement descriptor from the Stripe account.

        :return: notification for the client
        :rtype: dict
        :raise UserError: if Stripe could not be asked
        """
        self.ensure_one()
        try:
            account = self._therapy_stripe_get_adapter().retrieve_account()
        except StripeFailure as failure:
            raise UserError(
                self.env._("Stripe could not be asked: %s", failure.message)
            ) from failure
        settings = account.get("settings") or {}
        payments = settings.get("payments") or {}
        cards = settings.get("card_payments") or {}
        profile = account.get("business_profile") or {}
        name = profile.get("name") or ""
        if name != self.therapy_stripe_business_name:
            self.therapy_stripe_name_accepted = False
        self.write(
            {
                "therapy_stripe_descriptor": payments.get("statement_descriptor")
                or cards.get("statement_descriptor_prefix"),
                "therapy_stripe_business_name": name,
            }
        )
        return self._therapy_stripe_notify(
            self.env._("Read from the Stripe account: %s", name or "?")
        )

    # === CHECKS === #

    def _therapy_stripe_get_checks(self):
        """Return what must be in place before live mode, each with what to do.

        For a module with demands of its own, it must override this method.

        Note: self.ensure_one()

        :return: dicts: ``key``; ``name``; ``ok``; ``found``, what is there now;
            ``todo``, what to do when it is not right
        :rtype: list[dict]
        """
        self.ensure_one()
        provider_sudo = self.sudo()  # sudo: looks at the keys, shows none
        return [
            provider_sudo._therapy_check_https(),
            provider_sudo._therapy_check_webhook(),
            provider_sudo._therapy_check_keys(),
            provider_sudo._therapy_check_sandbox(),
            provider_sudo._therapy_check_descriptor(),
            provider_sudo._therapy_check_name(),
            provider_sudo._therapy_check_scripts(),
            provider_sudo._therapy_check_copy(),
        ]

    def _therapy_check_https(self):
        url = self.get_base_url()
        parts = urlsplit(url)
        return {
            "key": "https",
            "name": self.env._("Secure address"),
            "ok": parts.scheme == "https" and parts.hostname not in LOOPBACK_HOSTS,
            "found": url,
            "todo": self.env._(
                "Serve Odoo over https and set the system parameter web.base.url to "
                "its https address."
            ),
        }

    def _therapy_check_webhook(self):
        secret = bool(self.stripe_webhook_secret)
        return {
            "key": "webhook",
            "name": self.env._("Signed webhook"),
            "ok": secret,
            "found": self.env._("Signing secret is set")
            if secret
            else self.env._("No signing secret"),
            "todo": self.env._(
                "Press Create the webhook on the provider: without its signing secret "
                "no message from Stripe can be trusted."
            ),
        }

    def _therapy_check_keys(self):
        keys = (self.stripe_secret_key or "", self.stripe_publishable_key or "")
        live = all("_live_" in key for key in keys)
        if live:
            found = self.env._("Live keys")
        elif any("_test_" in key for key in keys):
            found = self.env._("Test keys")
        else:
            found = self.env._("No keys")
        return {
            "key": "keys",
            "name": self.env._("Live keys"),
            "ok": live,
            "found": found,
            "todo": self.env._(
                "Enter the live secret and publishable key, and choose Enabled in the "
                "same step: test mode refuses live keys."
            ),
        }

    def _therapy_check_sandbox(self):
        urls = (self.therapy_stripe_api_base, self.therapy_stripe_js_url)
        return {
            "key": "sandbox",
            "name": self.env._("No sandbox address"),
            "ok": not any(urls),
            "found": next(filter(None, urls), self.env._("Stripe itself")),
            "todo": self.env._("Empty the sandbox addresses on the provider."),
        }

    def _therapy_check_descriptor(self):
        problems = {
            "missing": self.env._("Not known yet"),
            "length": self.env._("It needs 5 to 22 characters"),
            "characters": self.env._("Only Latin letters, none of < > \\ ' \" *"),
            "letter": self.env._("It needs a letter"),
        }
        text = self.therapy_stripe_descriptor or ""
        problem = get_descriptor_problem(text)
        telling = is_telling(text) and not self.therapy_stripe_name_accepted
        return {
            "key": "descriptor",
            "name": self.env._("Statement descriptor"),
            "ok": not problem and not telling,
            "found": f"{text} ({problems[problem]})" if problem else text,
            "todo": self.env._(
                "Set a short neutral descriptor in Stripe's dashboard (Settings > "
                "Business > Public details), for example NORTHSIDE HLTH, then press "
                "Read from Stripe."
            ),
        }

    def _therapy_check_name(self):
        name = self.therapy_stripe_business_name or ""
        accepted = self.therapy_stripe_name_accepted
        return {
            "key": "name",
            "name": self.env._("Neutral business name"),
            "ok": bool(name) and (accepted or not is_telling(name)),
            "found": name or self.env._("Not known yet"),
            "todo": self.env._(
                "The name at Stripe stands on receipts and statements. Choose one that "
                "does not tell what kind of care is given, press Read from Stripe; or "
                "tick Use This Name Anyway."
            ),
        }

    def _therapy_check_scripts(self):
        others = self._therapy_stripe_get_foreign_providers()
        return {
            "key": "scripts",
            "name": self.env._("Script policy on pages with a card form"),
            "ok": not others,
            "found": self.env._("Only scripts of Odoo and of Stripe may run")
            if not others
            else ", ".join(others.mapped("name")),
            "todo": self.env._(
                "Other payment providers load scripts of their own on the same pages. "
                "Unpublish or disable them."
            ),
        }

    def _therapy_check_copy(self):
        params = self.env["ir.config_parameter"]
        copy = bool(params.get_param("database.is_neutralized"))
        return {
            "key": "copy",
            "name": self.env._("Not a copy"),
            "ok": not copy,
            "found": self.env._("A neutralized copy of a database")
            if copy
            else self.env._("The practice's own database"),
            "todo": self.env._("A copy never charges anybody. Use the real database."),
        }
