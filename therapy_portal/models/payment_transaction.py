from odoo import api, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: the last gate of what payers and visitors start.

        A visitor without login saves and uses no card (P4). The routes refuse before,
        with the same words.

        :param list vals_list: values of the transactions
        :return: the transactions
        :rtype: recordset of `payment.transaction`
        :raise ValidationError: if a visitor's transaction has a token or makes one, or
            a payer's one is switched off or paid in a way that is not offered
        """
        if self.env.user._is_public() and any(
            vals.get("token_id") or vals.get("tokenize") for vals in vals_list
        ):
            raise ValidationError(
                self.env._(
                    "Log in to use or save a card. You can pay without saving it."
                )
            )
        outside = self.env.user.share or self.env.user._is_public()
        if outside:
            vals_list = [self._therapy_prepare_outside(vals) for vals in vals_list]
        transactions = super().create(vals_list)
        if outside:
            transactions._therapy_check_switches()
            transactions._therapy_check_offered()
        return transactions

    @api.model
    def _therapy_prepare_outside(self, vals) -> dict:
        """Hold a payment that names no bill to the rules of prepayments (M10).

        Core's page takes any amount for nothing in particular; booked as a credit, it
        would pay bills without having passed one of their gates.

        :param dict vals: values of a transaction that no staff member starts
        :return: values to create it with
        :rtype: dict
        :raise ValidationError: if it would pay nothing, or money out
        """
        if not (vals.get("operation") or "").startswith("online"):
            return vals
        currency = self.env["res.currency"].browse(vals["currency_id"])
        self._therapy_check_amount(vals.get("amount"), currency)
        named = self._fields["invoice_ids"].convert_to_cache(
            vals.get("invoice_ids") or [], self
        )
        if (
            named
            or vals.get("therapy_allocation_ids")
            or self.env.context.get("therapy_parts")
            or vals.get("sale_order_ids")
        ):
            return vals
        payer = self.env["res.partner"].browse(vals.get("partner_id"))
        if not payer._therapy_filter_payers():
            return vals
        return {**vals, "therapy_is_prepayment": True}

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
