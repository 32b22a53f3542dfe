from odoo import models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    def _create_payments(self):
        """Override of `account` to leave alone what payments under way reserved (M3).

        More than is open is still a credit of the payer, as in core, unless a part of
        the bills is reserved.

        Note: self.ensure_one()

        :return: what core returns
        :raise ValidationError: if the amount is more than what is left
        :raise BillBusy: if somebody else is paying one of the bills
        """
        bills = self.line_ids.move_id.filtered("is_therapy_bill")
        if bills:
            Transaction = self.env["payment.transaction"]
            Transaction._therapy_lock_bills(bills)
            payable = sum(bill._therapy_get_payable_amount() for bill in bills)
            open_amount = sum(bills.mapped("amount_residual"))
            if self.currency_id.compare_amounts(payable, open_amount) < 0:
                Transaction._therapy_check_payable(self.amount, payable, bills[:1])
        return super()._create_payments()
