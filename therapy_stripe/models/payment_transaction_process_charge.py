from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    therapy_stripe_charge_ref = fields.Char(
        string="Stripe Charge", readonly=True, copy=False, index="btree_not_null"
    )

    def _therapy_stripe_on_succeeded(self, intent):
        """Override to keep the charge: Stripe's balance names it, not the intent."""
        result = super()._therapy_stripe_on_succeeded(intent)
        charge = intent.get("latest_charge")
        ref = charge.get("id") if isinstance(charge, dict) else charge
        if ref and ref != self.therapy_stripe_charge_ref:
            self.therapy_stripe_charge_ref = ref
        return result
