from odoo import models


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def write(self, vals):
        """Override of `payment`: switching a method off removes no card at Stripe."""
        if vals.get("active") is False:
            self = self.with_context(therapy_stripe_keep=True)
        return super().write(vals)
