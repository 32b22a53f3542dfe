from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _therapy_get_fee_card(self):
        """Override of `therapy_billing` to say what Stripe knows of the card (M7)."""
        values = super()._therapy_get_fee_card()
        if self.provider_code != "stripe":
            return values
        return {
            **values,
            "funding": self.funding or "unknown",
            "brand": (self.brand or "").replace("american_express", "amex"),
        }
