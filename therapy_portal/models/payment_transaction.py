from odoo import api, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: a visitor without login saves and uses no card (P4).

        This is the last gate. The routes refuse before, with the same words.

        :raise ValidationError: if a visitor's transaction has a token or makes one
        """
        if self.env.user._is_public() and any(
            vals.get("token_id") or vals.get("tokenize") for vals in vals_list
        ):
            raise ValidationError(
                self.env._(
                    "Log in to use or save a card. You can pay without saving it."
                )
            )
        return super().create(vals_list)
