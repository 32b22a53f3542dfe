from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.therapy_billing.models.account_move_credit import CREDIT_CAUSES
from odoo.addons.therapy_billing.tools.card_numbers import has_card_number


class AccountPayment(models.Model):
    """Money that the practice took itself: cash, checks, a terminal, other services.

    Recorded only, nothing is charged. It is held to rule M3 like every payment.
    """

    _inherit = "account.payment"

    therapy_credit_cause = fields.Selection(
        CREDIT_CAUSES,
        string="Cause of the Credit",
        copy=False,
        tracking=True,
        help="What is not applied to a bill is a credit of the payer; those to be "
        "paid back and disputed ones are not put on bills.",
    )
    therapy_reference = fields.Char(
        string="Check Number or Reference", copy=False, index="btree_not_null"
    )
    therapy_note = fields.Char(string="Note", copy=False)
    therapy_return_move_id = fields.Many2one(
        "account.move",
        string="Returned by",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The entry that took the payment back, on its own date.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("therapy_reference", "memo")
    def _check_no_card_number(self):
        """Refuse what looks like a card number (P2); the note has its own guard.

        :raise ValidationError: if a text that a person typed holds one
        """
        for payment in self:
            # A payment service numbers its payments: one in ten looks like a card.
            if payment.payment_method_line_id.therapy_kind == "other":
                continue
            if has_card_number(payment.therapy_reference or ""):
                payment._therapy_refuse_card_number("therapy_reference")
            # What a provider's try is called is no text of a person.
            if not payment.payment_transaction_id and has_card_number(payment.memo):
                payment._therapy_refuse_card_number("memo")

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account` to keep the entry's cause like the payment's.

        :param dict vals: the values
        :return: True
        """
        result = super().write(vals)
        if "therapy_credit_cause" in vals:
            self.move_id.therapy_credit_cause = vals["therapy_credit_cause"]
        return result

    def _generate_move_vals(
        self, write_off_line_vals=None, force_balance=None, line_ids=None
    ):
        """Override of `account` to put the cause on the entry, where credits are read.

        :param list write_off_line_vals: see core
        :param float force_balance: see core
        :param list line_ids: see core
        :return: values of the entry
        :rtype: dict
        """
        vals = super()._generate_move_vals(
            write_off_line_vals=write_off_line_vals,
            force_balance=force_balance,
            line_ids=line_ids,
        )
        return {**vals, "therapy_credit_cause": self.therapy_credit_cause}

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_record(self, payer, amount, method_line, day, bill=None, **vals):
        """Book money that the practice took, on one bill or as a prepayment.

        A bill is locked and takes at most what is left after the payments under way
        (M3). A prepayment stays on the payer's receivable account (D9). In a closed
        period the first open day counts.

        :param payer: the `res.partner` whose bill or credit it is
        :param float amount: the amount, more than 0, in whole cents
        :param method_line: the `account.payment.method.line`
        :param date day: when the money was taken
        :param bill: the `account.move` to pay; none for a prepayment
        :param dict vals: more values of the payment
        :return: the posted payment
        :rtype: recordset of `account.payment`
        :raise ValidationError: if the amount cannot be paid
        :raise BillBusy: if somebody else is paying the bill
        """
        company = method_line.journal_id.company_id
        Transaction = self.env["payment.transaction"]
        currency = (bill or company).currency_id
        if bill:
            Transaction._therapy_lock_bills(bill)
        amount = Transaction._therapy_check_amount(amount, currency)
        if bill:
            self._therapy_check_receipt(bill, payer, company)
            payable = bill._therapy_get_payable_amount()
            Transaction._therapy_check_payable(amount, payable, bill)
        payment = self.create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": payer.id,
                "amount": amount,
                "currency_id": currency.id,
                "journal_id": method_line.journal_id.id,
                "payment_method_line_id": method_line.id,
                "date": company._therapy_get_open_date(day, method_line.journal_id),
                "paid_by_partner_id": payer.id,
                "memo": bill.name if bill else self.env._("Prepayment"),
                "therapy_credit_cause": False if bill else "prepaid",
                **vals,
            }
        )
        parts = [(bill.id, amount)] if bill else None
        payment.with_context(therapy_ledger_parts=parts).action_post()
        if bill:
            bill._therapy_settle(payment._therapy_receivable_lines(), amount)
        return payment

    @api.model
    def _therapy_check_receipt(self, bill, payer, company):
        """Refuse to record a payment on a bill that it cannot be for.

        :param bill: the bill
        :param payer: the `res.partner`
        :param company: the practice that took the money
        :raise ValidationError: saying why
        """
        if bill.move_type != "out_invoice" or bill.state != "posted":
            raise ValidationError(self.env._("This bill is not open for payment."))
        if bill.currency_id.is_zero(bill.amount_residual):
            raise ValidationError(self.env._("This bill is paid already."))
        if bill.partner_id != payer or bill.company_id != company:
            raise ValidationError(
                self.env._("The bill is made out to somebody else, or elsewhere.")
            )

    def _therapy_receivable_lines(self):
        """Return the lines of payments on receivable accounts.

        :return: the journal items
        :rtype: recordset of `account.move.line`
        """
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def _therapy_check_correctable(self):
        """Refuse to move or return what is no received payment of a payer.

        Note: self.ensure_one()

        :raise UserError: saying why
        """
        self.ensure_one()
        if self.move_id.state != "posted" or self.payment_type != "inbound":
            raise UserError(self.env._("Only a posted payment can be corrected."))
        if self.therapy_return_move_id:
            raise UserError(self.env._("This payment has been returned already."))
        self.move_id._therapy_check_remittance()
