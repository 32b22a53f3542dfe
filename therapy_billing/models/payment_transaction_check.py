import math

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import float_is_zero


class PaymentTransaction(models.Model):
    """What the gate refuses, in words for the payer (M3)."""

    _inherit = "payment.transaction"

    @api.model
    def _therapy_check_bills(self, bills, vals):
        """Refuse bills that cannot be paid by one transaction.

        :param bills: the bills
        :param dict vals: values of the transaction
        :raise ValidationError: in words for the payer
        """
        provider = self.env["payment.provider"].browse(vals["provider_id"])
        provider_sudo = provider.sudo()  # sudo: payers may not read providers
        if vals.get("operation") == "offline":
            bills._therapy_check_earliest_charge()
            self._therapy_check_card(vals.get("token_id"), vals.get("paid_by_id"))
            self._therapy_check_not_revoked(vals.get("token_id"), bills)
        for bill in bills:
            problem = bill._therapy_get_payment_problem()
            if problem:
                raise ValidationError(problem)
            if (
                bill.company_id != provider_sudo.company_id
                or bill.currency_id.id != vals.get("currency_id")
            ):
                raise ValidationError(self.env._("This bill cannot be paid this way."))
        if len({bill._therapy_get_ledger_partner() for bill in bills}) > 1:
            raise ValidationError(
                self.env._("Bills of different people are paid one by one.")
            )

    @api.model
    def _therapy_check_card(self, token_id, payer_id):
        """Refuse a card of somebody else, or one refused for good or too often (M9).

        Whoever asks: a run, a dialog of staff, or core's own.

        :param int token_id: id of the `payment.token`, if any
        :param int payer_id: id of who pays (M12), not always whom the bill is on
        :raise ValidationError: in plain words
        """
        if not token_id:
            return
        token_sudo = self.env["payment.token"].sudo().browse(token_id)  # sudo: payers'
        if token_sudo.partner_id.id != payer_id:
            raise ValidationError(
                self.env._("The card belongs to somebody else than who is to pay.")
            )
        if problem := token_sudo._therapy_get_charge_problem():
            raise ValidationError(problem)

    @api.model
    def _therapy_check_amount(self, amount, currency, fee=0.0) -> float:
        """Return the part of an amount that bills get.

        :param float amount: the amount
        :param currency: the `res.currency`
        :param float fee: the fee in the amount
        :return: the amount less the fee, rounded
        :rtype: float
        :raise ValidationError: if it is not a number above 0 in whole cents
        """
        digits = currency.decimal_places
        base = (amount or 0.0) - fee
        if not math.isfinite(base) or currency.compare_amounts(base, 0) <= 0:
            raise ValidationError(self.env._("The amount must be more than zero."))
        rounded = currency.round(base)
        if not float_is_zero(base - rounded, precision_digits=digits + 4):
            raise ValidationError(
                self.env._(
                    "The amount has more than %(digits)s decimals.", digits=digits
                )
            )
        return rounded

    @api.model
    def _therapy_check_payable(self, amount, payable, bills):
        """Refuse to pay more than is left.

        :param float amount: the amount
        :param float payable: what may still be paid
        :param bills: the bills, for their currency
        :raise ValidationError: in words for the payer
        """
        currency = bills.currency_id
        if currency.compare_amounts(amount, payable) <= 0:
            return
        if currency.is_zero(payable):
            raise ValidationError(
                self.env._(
                    "A payment of this bill is being processed. Nothing is left to pay."
                )
            )
        raise ValidationError(
            self.env._(
                "At most %(amount)s can be paid now.", amount=currency.format(payable)
            )
        )

    @api.model
    def _therapy_check_minimum(self, parts, vals):
        """Refuse an amount, or a rest, that the provider could not charge (M3).

        :param list parts: (bill, amount)
        :param dict vals: values of the transaction
        :raise ValidationError: in words for the payer
        """
        provider = self.env["payment.provider"].browse(vals["provider_id"])
        currency = parts[0][0].currency_id
        minimum = provider.sudo()._therapy_get_minimum(currency)  # sudo: as above
        text = currency.format(minimum)
        if currency.compare_amounts(vals["amount"], minimum) < 0:
            raise ValidationError(
                self.env._("At least %(amount)s must be paid.", amount=text)
            )
        for bill, amount in parts:
            left = currency.round(bill._therapy_get_payable_amount() - amount)
            if (
                not currency.is_zero(left)
                and currency.compare_amounts(left, minimum) < 0
            ):
                raise ValidationError(
                    self.env._(
                        "Less than %(amount)s would be left, which could not be paid "
                        "later. Please pay all, or leave more.",
                        amount=text,
                    )
                )

    @api.model
    def _therapy_check_same_payer(self, bills, payer_id):
        """Refuse a second try of one payer while the first is under way.

        :param bills: the locked bills
        :param int payer_id: id of the payer
        :raise ValidationError: in words for the payer
        """
        for allocation in bills.therapy_allocation_ids:
            if not allocation.live or allocation.partner_id.id != payer_id:
                continue
            if allocation.transaction_id._therapy_try_release():
                continue
            raise ValidationError(
                self.env._(
                    "A payment of this bill was started already and is not finished. "
                    "Please wait for its result, or try again in a few minutes."
                )
            )

    @api.model
    def _therapy_make_room(self, bills, total, parts):
        """Give up drafts of others that were left behind, when their amount is needed.

        :param bills: the locked bills
        :param float total: what is to be paid
        :param list parts: (bill's id, amount), empty if not asked for
        """
        wanted = dict(parts)
        for bill in bills:
            payable = bill._therapy_get_payable_amount()
            need = wanted.get(bill.id, total)
            if bill.currency_id.compare_amounts(need, payable) <= 0:
                continue
            live = bill.therapy_allocation_ids.filtered("live")
            for transaction in live.transaction_id:
                transaction._therapy_try_release()
