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
            transactions._therapy_check_offered()
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

    def _therapy_check_offered(self):
        """Refuse a payer's payment in a way that no page offers.

        Core takes whatever provider, method and saved card a browser names: a test
        account that was forgotten would pay bills with money that nobody has.

        :return: None
        :raise ValidationError: if the provider is switched off, hidden or not for this
            payment, or the method or the card is not the provider's
        """
        for tx in self.sudo():  # sudo: payers may not read providers
            saving = tx.operation == "validation"
            if not (saving or tx.therapy_allocation_ids or tx.therapy_is_prepayment):
                continue
            provider = tx.provider_id
            offered = provider._get_compatible_providers(
                tx.company_id.id,
                tx.partner_id.id,
                tx.amount - tx.fee_amount,
                currency_id=tx.currency_id.id,
                is_validation=saving,
            )
            if tx.token_id:
                fits = tx.token_id.provider_id == provider
            else:
                method = tx.payment_method_id
                method = method.primary_payment_method_id or method
                methods = provider.with_context(active_test=False).payment_method_ids
                fits = method in methods.filtered("active")
            if provider not in offered or not fits:
                raise ValidationError(
                    self.env._(
                        "This way to pay is not offered. Please reload the page."
                    )
                )
