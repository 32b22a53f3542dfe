from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _therapy_get_badge(self) -> tuple[str, str]:
        """Override of `therapy_billing` to tell what Stripe told of the card."""
        self.ensure_one()
        if self.provider_code != "stripe":
            return super()._therapy_get_badge()
        if self.status in ("revoked", "verifying"):
            return "none", self.env._("no card")
        if self.status in ("declined", "needs_action"):
            return "declined", self.env._("declined")
        if self.status in ("expired", "expiring"):
            month, year = f"{self.exp_month:02d}", f"{self.exp_year % 100:02d}"
            return "expires", self.env._(
                "expires %(month)s/%(year)s", month=month, year=year
            )
        return "ok", self.env._("OK")
