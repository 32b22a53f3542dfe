from odoo import models
from odoo.exceptions import UserError


class AccountPaymentRegister(models.TransientModel):
    """Core's dialog *Pay*, for money that comes without a card."""

    _inherit = "account.payment.register"

    def _create_payments(self):
        """Override of `account` to leave alone what payments under way reserved (M3).

        :return: what core returns
        :raise UserError: naming the bill and what is under way
        :raise BillBusy: if somebody else is paying one of the bills
        """
        self.ensure_one()
        self._therapy_check_difference()
        self._therapy_check_reserved()
        return super()._create_payments()

    def _therapy_check_difference(self):
        """Refuse to waive inside a payment what nobody paid (M5, M6).

        The payment would stand for more than was received: a refund, a return or an
        insurer's answer would give the difference out. *Adjust* waives with a reason,
        within the user's limit.

        Note: self.ensure_one()

        :raise UserError: naming the bill
        """
        bills = self.line_ids.move_id.filtered("is_therapy_bill")
        if (
            bills
            and self.payment_difference_handling == "reconcile"
            and not self.currency_id.is_zero(self.payment_difference)
        ):
            raise UserError(
                self.env._(
                    "Record what was received for %(bill)s and keep the rest open. "
                    "What is not to be paid is waived with Adjust.",
                    bill=", ".join(bills.mapped("name")),
                )
            )

    def _therapy_check_reserved(self):
        """Refuse to take more of a bill than payments under way leave.

        More than the bill asks for may be taken where nothing is under way: the rest
        is a credit.

        Note: self.ensure_one()

        :raise UserError: naming the bill and what is under way
        """
        lines = self.line_ids.filtered(lambda x: x.move_id.move_type == "out_invoice")
        if not lines or self._therapy_asks_processor():
            return
        Transaction = self.env["payment.transaction"]
        Transaction._therapy_lock_bills(lines.move_id)
        # sudo: a reservation counts, whoever made it.
        for bill_sudo in lines.move_id.sudo():  # sudo: see the line above
            if not any(bill_sudo.therapy_allocation_ids.mapped("live")):
                continue
            own = lines.filtered(lambda x, bill=bill_sudo: x.move_id.id == bill.id)
            most = self._therapy_get_most(own)
            Transaction._therapy_make_room(bill_sudo, most, [])
            payable = bill_sudo._therapy_get_payable_amount()
            if bill_sudo.currency_id.compare_amounts(most, payable) <= 0:
                continue
            live_sudo = bill_sudo.therapy_allocation_ids.filtered("live")
            money = bill_sudo.currency_id.format
            raise UserError(
                self.env._(
                    "A payment of %(amount)s is under way for %(name)s. At most "
                    "%(left)s can be recorded now; wait for the result to record more.",
                    amount=money(sum(live_sudo.mapped("amount"))),
                    name=bill_sudo.name,
                    left=money(payable),
                )
            )

    def _therapy_asks_processor(self) -> bool:
        """Tell whether a card is charged: then the gate looks at the amount.

        Note: self.ensure_one()

        :return: whether there will be a transaction
        :rtype: bool
        """
        self.ensure_one()
        # Core passes the card on to a single payment only.
        return bool(self.payment_token_id) and self._therapy_is_single()

    def _therapy_is_single(self) -> bool:
        """Tell whether one payment of the amount entered will be made, as core does.

        Note: self.ensure_one()

        :rtype: bool
        """
        self.ensure_one()
        lines = self.batches[0]["lines"]
        return self.can_edit_wizard and (self.group_payment or len(lines) == 1)

    def _therapy_get_most(self, lines) -> float:
        """Return the most that a bill could get of what is entered.

        Which bill of several gets how much is known only afterwards.

        Note: self.ensure_one()

        :param lines: the bill's open receivable lines in the dialog
        :return: the amount in the bill's currency
        :rtype: float
        """
        self.ensure_one()
        left = sum(lines.mapped("amount_residual_currency"))
        whole = (
            not self._therapy_is_single()
            or self.payment_difference_handling == "reconcile"
            or self.currency_id != lines.currency_id
        )
        return left if whole else min(left, self.amount)
