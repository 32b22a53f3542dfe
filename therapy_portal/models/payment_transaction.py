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
        transactions = super().create(vals_list)
        if self.env.user.share or self.env.user._is_public():
            transactions._therapy_check_switches()
        return transactions

    def _therapy_check_switches(self):
        """Refuse a payer's payment of bills that take none online, on every way.

        :return: None
        :raise ValidationError: if the portal's, practice's or payer's switch is off
        """
        for tx in self.sudo():  # sudo: payers may not read settings and contacts
            bills = tx.invoice_ids.filtered("is_therapy_bill")
            if not tx.operation.startswith("online"):
                continue
            if not bills and not tx.therapy_is_prepayment:
                continue
            if not bills._therapy_online_payment_enabled():
                raise ValidationError(
                    self.env._(
                        "Online payment is switched off. Please call the practice."
                    )
                )
