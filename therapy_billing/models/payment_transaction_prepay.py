from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    """A prepayment by card: its own explicit path, never revenue (M10, D9)."""

    _inherit = "payment.transaction"

    therapy_is_prepayment = fields.Boolean(
        string="Prepayment",
        readonly=True,
        copy=False,
        help="Pays no bill: the money becomes a credit of the payer.",
    )

    def _therapy_is_ours(self) -> bool:
        """Tell whether our rules hold for what becomes of a payment.

        Note: self is one transaction, or none

        :return: whether it pays bills, or is a prepayment; False for none
        :rtype: bool
        """
        return bool(self.therapy_allocation_ids) or self.therapy_is_prepayment

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to hold prepayments to their own rules.

        :param list vals_list: values of the transactions
        :return: the transactions
        :rtype: recordset of `payment.transaction`
        :raise ValidationError: in words for the payer, if it is no amount in whole
            cents that the provider can charge, or beside bills
        """
        for vals in vals_list:
            if vals.get("therapy_is_prepayment"):
                self._therapy_check_prepayment(vals)
        return super().create(vals_list)

    @api.model
    def _therapy_check_prepayment(self, vals):
        """Refuse a prepayment that cannot be one.

        :param dict vals: values of the transaction; who pays is completed
        :raise ValidationError: in words for the payer
        """
        field = self._fields["invoice_ids"]
        bills = field.convert_to_cache(vals.get("invoice_ids") or [], self)
        if bills or vals.get("therapy_allocation_ids"):
            raise ValidationError(self.env._("A prepayment is not for a bill."))
        currency = self.env["res.currency"].browse(vals["currency_id"])
        amount = self._therapy_check_amount(
            vals.get("amount"), currency, vals.get("fee_amount") or 0.0
        )
        vals["base_amount"] = amount
        provider = self.env["payment.provider"].browse(vals["provider_id"])
        provider_sudo = provider.sudo()  # sudo: payers may not read providers
        vals.setdefault("paid_by_id", vals.get("partner_id"))
        self._therapy_check_fee(currency, provider_sudo.company_id, vals)
        minimum = provider_sudo._therapy_get_minimum(currency)
        if currency.compare_amounts(vals["amount"], minimum) < 0:
            raise ValidationError(
                self.env._(
                    "At least %(amount)s must be paid.",
                    amount=currency.format(minimum),
                )
            )
        most = provider_sudo.company_id.therapy_prepay_limit
        if currency.compare_amounts(most, 0) > 0 and (
            currency.compare_amounts(amount, most) > 0
        ):
            raise ValidationError(
                self.env._(
                    "At most %(amount)s can be prepaid at once.",
                    amount=currency.format(most),
                )
            )

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to book a prepayment as a credit (D9).

        A card fee is income of the practice, and no part of the credit (D10).

        Note: self.ensure_one()

        :param dict extra_create_values: more values of the payment
        :return: the payment
        :rtype: recordset of `account.payment`
        """
        self.ensure_one()
        if self.therapy_is_prepayment:
            payer = self.paid_by_id or self.partner_id
            extra_create_values = {
                "therapy_credit_cause": "prepaid",
                "paid_by_partner_id": payer.id,
                "date": self._therapy_get_ledger_date(),
                "write_off_line_vals": self._therapy_prepare_fee_line(),
                **extra_create_values,
            }
        return super()._create_payment(**extra_create_values)
