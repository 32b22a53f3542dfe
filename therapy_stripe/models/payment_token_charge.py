from odoo import models


class PaymentToken(models.Model):
    """Which saved card may be charged without its owner being there."""

    _inherit = "payment.token"

    def _therapy_get_same_card(self):
        """Override of `therapy_billing`: Stripe knows cards by their fingerprint."""
        self.ensure_one()
        token_sudo = self.sudo()  # sudo: the fingerprint is hidden from billers
        if self.provider_code != "stripe" or not token_sudo.fingerprint:
            return super()._therapy_get_same_card()
        return token_sudo.with_context(active_test=False).search(
            [
                ("fingerprint", "=", token_sudo.fingerprint),
                ("company_id", "=", token_sudo.company_id.id),
            ]
        )

    def _therapy_get_charge_problem(self):
        """Override of `therapy_billing` to leave expired and revoked cards alone."""
        self.ensure_one()
        problems = {
            "expired": self.env._("The card has expired. Ask for a new one."),
            "revoked": self.env._("The card was removed."),
            "verifying": self.env._("The bank account is not verified yet."),
        }
        return problems.get(self.status) or super()._therapy_get_charge_problem()
