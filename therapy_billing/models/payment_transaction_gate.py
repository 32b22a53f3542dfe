from odoo import Command, api, models
from odoo.exceptions import LockError, ValidationError
from odoo.tools import SQL

from odoo.addons.therapy_billing.exceptions import BillBusy


class PaymentTransaction(models.Model):
    """The one gate of rule M3: nothing pays a bill that did not come through here."""

    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to reserve what a transaction pays (M3).

        A transaction with customer invoices gets one allocation per bill, under a lock
        on the bills: the parts given by the context key `therapy_parts`, a list of
        (bill's id, amount), or as commands on `therapy_allocation_ids`; otherwise the
        bills in the order of their due dates. Refunds, validations and the children
        of a capture reserve nothing.

        :param list vals_list: values of the transactions
        :return: the transactions
        :rtype: recordset of `payment.transaction`
        :raise ValidationError: in words for the payer, if the amount cannot be paid
        """
        transactions = self.browse()
        for original in vals_list:
            vals = dict(original)
            # One after the other: each sees what the one before reserved.
            parts = self._therapy_prepare_parts(vals)
            transaction = super().create([vals])
            transaction._therapy_reserve(parts)
            transactions |= transaction
        return transactions

    @api.model
    def _therapy_prepare_parts(self, vals) -> list:
        """Check what a transaction is to pay, and lock it.

        :param dict vals: values of the transaction; completed on the way
        :return: (bill, amount), empty if the transaction is not gated
        :rtype: list
        :raise ValidationError: if the amount cannot be paid
        """
        parts = self._therapy_pop_parts(vals)
        bills_sudo = self._therapy_get_gated_bills(vals, parts)
        if not bills_sudo:
            vals.setdefault("base_amount", vals.get("amount"))
            return []
        vals.setdefault("paid_by_id", vals.get("partner_id"))
        vals["invoice_ids"] = [Command.set(bills_sudo.ids)]
        self._therapy_check_bills(bills_sudo, vals)
        self._therapy_check_fee(bills_sudo.currency_id, bills_sudo.company_id, vals)
        self._therapy_lock_bills(bills_sudo)
        parts = self._therapy_divide(bills_sudo, vals, parts)
        self._therapy_check_minimum(parts, vals)
        return parts

    def _therapy_reserve(self, parts):
        """Create the reservations of a transaction.

        Note: self.ensure_one()

        :param list parts: (bill, amount), on locked bills
        """
        self.ensure_one()
        if not parts:
            return
        # sudo: reservations are written by this code only.
        self.env["therapy.payment.allocation"].sudo().create(  # sudo: see above
            [
                {
                    "transaction_id": self.id,
                    "move_id": bill.id,
                    "partner_id": self.paid_by_id.id,
                    "amount": amount,
                }
                for bill, amount in parts
            ]
        )
        # The unique index must answer now, not when the processor was asked.
        self.env.flush_all()

    # === WHAT IS TO BE PAID === #

    @api.model
    def _therapy_pop_parts(self, vals) -> list:
        """Take the parts out of the values of a transaction.

        :param dict vals: values of the transaction; loses `therapy_allocation_ids`
        :return: (bill's id, amount) as asked for, empty if not
        :rtype: list
        """
        commands = vals.pop("therapy_allocation_ids", None) or []
        parts = [
            (command[2]["move_id"], command[2]["amount"])
            for command in commands
            if command[0] == Command.CREATE
        ]
        return parts or list(self.env.context.get("therapy_parts") or [])

    @api.model
    def _therapy_get_gated_bills(self, vals, parts):
        """Return the customer bills that a transaction is to pay.

        :param dict vals: values of the transaction
        :param list parts: (bill's id, amount)
        :return: the bills in sudo mode, none if the transaction is not gated
        :rtype: recordset of `account.move`
        :raise ValidationError: if a part is for no bill, or two for the same
        """
        # sudo: payers may not see all of their bills' fields, guests none.
        Move_sudo = self.env["account.move"].sudo()  # sudo: see the line above
        if vals.get("operation") in ("refund", "validation"):
            return Move_sudo
        if vals.get("source_transaction_id"):
            return Move_sudo
        if parts:
            numbers = {number for number, _amount in parts}
            bills_sudo = Move_sudo.browse(numbers).exists()
            if len(bills_sudo) != len(parts):
                raise ValidationError(self.env._("This bill cannot be paid this way."))
            return bills_sudo
        field = self._fields["invoice_ids"]
        numbers = field.convert_to_cache(vals.get("invoice_ids") or [], self)
        bills_sudo = Move_sudo.browse(numbers).exists()
        if all(not bill.is_sale_document() for bill in bills_sudo):
            return Move_sudo
        return bills_sudo

    # === LOCK AND DIVIDE === #

    @api.model
    def _therapy_lock_bills(self, bills):
        """Lock the bills until the end of the transaction, in the order of their ids.

        Reading happens in a snapshot taken before the lock, so the lock alone would
        not show a reservation committed in between. The counter makes such a
        reservation a conflict: the later of the two is run again from the start.

        :param bills: the bills
        :raise BillBusy: if somebody else holds one of them
        """
        bills.flush_recordset()
        try:
            bills.sorted("id").lock_for_update(allow_referencing=True)
        except LockError:
            raise BillBusy(
                self.env._(
                    "Another payment of this bill is being made at this moment. "
                    "Please try again in a moment."
                )
            ) from None
        # SQL: a write would look for changes of the bill, and forbid some.
        self.env.cr.execute(
            SQL(
                "UPDATE account_move"
                " SET therapy_payment_seq = COALESCE(therapy_payment_seq, 0) + 1"
                " WHERE id IN %s",
                tuple(bills.ids),
            )
        )
        bills.invalidate_recordset(["therapy_payment_seq", "therapy_allocation_ids"])

    @api.model
    def _therapy_divide(self, bills, vals, parts) -> list:
        """Return what each bill gets.

        Note: the bills are locked

        :param bills: the bills
        :param dict vals: values of the transaction
        :param list parts: (bill's id, amount) as asked for, empty if not
        :return: (bill, amount), the sum is the amount less the fee
        :rtype: list
        :raise ValidationError: in words for the payer
        """
        currency = bills.currency_id
        total = self._therapy_check_amount(
            vals.get("amount"), currency, vals.get("fee_amount") or 0.0
        )
        vals["base_amount"] = total
        self._therapy_check_same_payer(bills, vals["paid_by_id"])
        self._therapy_make_room(bills, total, parts)
        if not parts:
            return self._therapy_divide_oldest_first(bills, total)
        divided = []
        for number, amount in parts:
            bill = bills.filtered(lambda b, number=number: b.id == number)
            amount = self._therapy_check_amount(amount, currency)
            payable = bill._therapy_get_payable_amount()
            self._therapy_check_payable(amount, payable, bill)
            divided.append((bill, amount))
        asked = sum(amount for _bill, amount in divided)
        if currency.compare_amounts(asked, total):
            raise ValidationError(
                self.env._("The parts of this payment do not add up to its amount.")
            )
        return divided

    @api.model
    def _therapy_divide_oldest_first(self, bills, total) -> list:
        """Divide an amount over bills in the order of their due dates.

        :param bills: the locked bills
        :param float total: the amount
        :return: (bill, amount)
        :rtype: list
        :raise ValidationError: if it is more than is left of all bills
        """
        payable = [
            (bill, bill._therapy_get_payable_amount())
            for bill in bills.sorted(
                lambda b: (b.invoice_date_due or b.invoice_date, b.id)
            )
        ]
        self._therapy_check_payable(total, sum(x for _bill, x in payable), bills)
        divided, left = [], total
        for bill, most in payable:
            amount = bill.currency_id.round(min(most, left))
            if bill.currency_id.compare_amounts(amount, 0) > 0:
                divided.append((bill, amount))
                left = bill.currency_id.round(left - amount)
        return divided
