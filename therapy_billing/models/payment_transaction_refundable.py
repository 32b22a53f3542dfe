import math

from odoo import models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools import fees, money


class PaymentTransaction(models.Model):
    """What of a payment can still be given back, and which part of its fee (M5, M7)."""

    _inherit = "payment.transaction"

    def _therapy_get_refunds(self):
        """Return the refunds of a payment that are not known to have failed.

        Note: self.ensure_one()

        :rtype: recordset of `payment.transaction`
        """
        self.ensure_one()
        return self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state not in ("error", "cancel")
        )

    def _therapy_get_refundable(self) -> tuple:
        """Return what of a payment can still be given back.

        Refunds under way count: nothing is given back twice.

        Note: self.ensure_one()

        :return: (of the bills, of the fee), rounded, >= 0
        :rtype: tuple
        """
        self.ensure_one()
        refunds, currency = self._therapy_get_refunds(), self.currency_id
        base = self.amount - self.fee_amount + sum(refunds.mapped("base_amount"))
        fee = self.fee_amount + sum(refunds.mapped("fee_amount"))
        return max(currency.round(base), 0.0), max(currency.round(fee), 0.0)

    def _therapy_get_refund_problem(self) -> str:
        """Say why a payment cannot be given back.

        For a module that knows more reasons (a dispute, say), it must override this
        method and call super.

        Note: self.ensure_one()

        :return: the reason, empty if it can be
        :rtype: str
        """
        self.ensure_one()
        if self.operation in ("refund", "validation") or self.state != "done":
            return self.env._("Only a payment that was received can be given back.")
        if self.payment_id.move_id.state != "posted":
            return self.env._("The payment is not in the books yet. Try again soon.")
        if self.payment_id.therapy_return_move_id:
            return self.env._("This payment has been returned already.")
        if self.provider_id.support_refund == "none":
            return self.env._("This payment provider cannot give money back.")
        if self.currency_id.is_zero(sum(self._therapy_get_refundable())):
            return self.env._("All of this payment was given back already.")
        return ""

    def _therapy_get_refund_fee(self, base) -> float:
        """Return what goes back of the fee with a part of the payment (M7).

        Note: self.ensure_one()

        :param float base: what goes back of the bills
        :return: the fee's part; all of it with the last part
        :rtype: float
        :raise ValidationError: if more is asked for than was received
        """
        self.ensure_one()
        currency = self.currency_id
        base_left, fee_left = self._therapy_get_refundable()
        self._therapy_check_refund_amount(base, base_left)
        whole_base = currency.round(self.amount - self.fee_amount)
        minor = fees.fee_to_return(
            *self._therapy_to_minor(
                whole_base,
                self.fee_amount,
                whole_base - base_left,
                self.fee_amount - fee_left,
                base,
            )
        )
        return money.to_major(minor, currency.decimal_places)

    def _therapy_split_refund(self, total) -> tuple:
        """Split a sum given back at the processor into bills and fee.

        Note: self.ensure_one()

        :param float total: the sum
        :return: (of the bills, of the fee)
        :rtype: tuple
        :raise ValidationError: if it is more than was received
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        base_left, fee_left = self._therapy_get_refundable()
        self._therapy_check_refund_amount(total, base_left + fee_left)
        whole_base = self.currency_id.round(self.amount - self.fee_amount)
        base, fee = fees.split_return(
            *self._therapy_to_minor(
                whole_base,
                self.fee_amount,
                whole_base - base_left,
                self.fee_amount - fee_left,
                total,
            )
        )
        return money.to_major(base, digits), money.to_major(fee, digits)

    def _therapy_to_minor(self, *amounts) -> list:
        """Return amounts in the smallest unit of the currency.

        :param amounts: amounts
        :rtype: list[int]
        """
        currency = self.currency_id
        return [
            money.to_minor(currency.round(amount), currency.decimal_places)
            for amount in amounts
        ]

    def _therapy_check_refund_amount(self, amount, most):
        """Refuse to give back nothing, or more than is left.

        :param float amount: the amount
        :param float most: what is left
        :raise ValidationError: naming what is left
        """
        currency = self.currency_id
        bad = not math.isfinite(amount) or currency.compare_amounts(amount, 0) <= 0
        if bad or currency.compare_amounts(amount, most) > 0:
            raise ValidationError(
                self.env._(
                    "Between %(least)s and %(most)s of this payment can be given back.",
                    least=currency.format(currency.rounding),
                    most=currency.format(most),
                )
            )
