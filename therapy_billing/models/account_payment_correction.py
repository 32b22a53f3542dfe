from odoo import Command, models
from odoo.exceptions import UserError


class AccountPayment(models.Model):
    """A payment on the wrong payer or bill, and a check that comes back (M5, M6).

    Both are new entries on their own day; the payment's own entry is never touched.
    """

    _inherit = "account.payment"

    # === BUSINESS METHODS === #

    def _therapy_move_to(self, payer, reason, bill=None):
        """Take a payment off its bills and put it where it belongs.

        What the bill does not take stays as credit of the payer.

        Note: self.ensure_one()

        :param payer: the `res.partner` it belongs to
        :param str reason: what went wrong
        :param bill: the `account.move` of that payer, if it is for one
        :raise UserError: if the payment was used otherwise, or the bill does not fit
        """
        self.ensure_one()
        if bill and bill.partner_id != payer:
            raise UserError(self.env._("The bill is made out to somebody else."))
        before = self.reconciled_invoice_ids
        lines = self._therapy_take_off(bill)
        if payer == self.partner_id:
            entry = self.env["account.move"]
        else:
            Move = self.env["account.move"].with_company(self.company_id)
            entry = Move._therapy_create_transfer(
                [(line, -line.amount_residual) for line in lines],
                self.partner_id,
                payer,
                reason,
            )
            lines = entry.line_ids.filtered(lambda line: line.balance < 0)
        if bill:
            bill._therapy_apply_credits(lines=lines)
        before._therapy_settle_reversals()
        self.message_post(
            body=self.env._(
                "Moved to %(payer)s %(bill)s. Reason: %(reason)s",
                payer=payer.name,
                bill=bill.name if bill else "",
                reason=reason,
            )
        )
        return entry

    def _therapy_return(self, day, reason, fee=0.0):
        """Book that a payment came back: a returned check.

        The bills are open again. With a fee, a bill for it is posted too.

        Note: self.ensure_one()

        :param date day: when it came back
        :param str reason: what the bank said
        :param float fee: what the payer is billed for it
        :return: (entry, fee bill or none), both `account.move`
        :rtype: tuple
        :raise UserError: if the payment was used otherwise
        """
        self.ensure_one()
        if self.payment_transaction_id:
            raise UserError(
                self.env._("This payment was made online: refund it instead.")
            )
        company = self.company_id
        day = company._therapy_get_open_date(day, self.journal_id)
        if day < self.date:
            raise UserError(self.env._("It cannot come back before it was paid."))
        bills = self.reconciled_invoice_ids
        lines = self._therapy_take_off()
        entry = self.env["account.move"].create(
            self._prepare_therapy_return_vals(lines, day, reason)
        )
        entry.action_post()
        debits = entry.line_ids.filtered(lambda line: line.debit).sorted("id")
        entry.line_ids._therapy_reconcile_exactly(
            [
                (debit, line, -line.amount_residual_currency)
                for debit, line in zip(debits, lines, strict=True)
            ]
        )
        held = (self.move_id | entry).line_ids.filtered(
            lambda x: x.account_id == self.outstanding_account_id and not x.reconciled
        )
        if self.outstanding_account_id.reconcile and len(held) > 1:
            held.reconcile()
        bills._therapy_settle_reversals()
        self.therapy_return_move_id = entry
        return entry, self._therapy_bill_return_fee(fee, day, bills.patient_id[:1])

    def _therapy_take_off(self, bill=None):
        """Un-reconcile a payment from its bills.

        Note: self.ensure_one()

        :param bill: another `account.move` to lock with them
        :return: the payment's receivable lines, all of them open
        :rtype: recordset of `account.move.line`
        :raise UserError: if something but bills used it
        """
        self.ensure_one()
        self._therapy_check_correctable()
        lines = self._therapy_receivable_lines().sorted("id")
        used = lines.matched_debit_ids
        bills = used.debit_move_id.move_id
        if any(move.move_type != "out_invoice" for move in bills):
            raise UserError(
                self.env._(
                    "A part of this payment was transferred or paid back. Undo that "
                    "first."
                )
            )
        if bill:
            bills |= bill
        if bills:
            self.env["payment.transaction"]._therapy_lock_bills(bills)
        used.unlink()
        return lines

    def _prepare_therapy_return_vals(self, lines, day, reason) -> dict:
        """Return the values of the entry that takes a payment back.

        Note: self.ensure_one() from :meth:`_therapy_return`

        :param lines: the payment's receivable lines
        :param date day: the day
        :param str reason: what the bank said
        :return: values of an `account.move`
        :rtype: dict
        """
        text = self.env._(
            "Returned: %(name)s", name=self.therapy_reference or self.name
        )
        liquidity = self.move_id.line_ids.filtered(
            lambda line: line.account_id == self.outstanding_account_id
        )
        common = {"partner_id": self.partner_id.id, "name": text}
        currency = {"currency_id": self.currency_id.id}
        items = [
            {
                **common,
                **currency,
                "account_id": line.account_id.id,
                "debit": line.credit,
                "amount_currency": -line.amount_currency,
            }
            for line in lines
        ]
        items += [
            {
                **common,
                **currency,
                "account_id": line.account_id.id,
                "credit": line.debit,
                "amount_currency": -line.amount_currency,
            }
            for line in liquidity
        ]
        return {
            "move_type": "entry",
            "journal_id": self.journal_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "date": day,
            "ref": text,
            "therapy_reason": reason,
            "line_ids": [Command.create(vals) for vals in items],
        }

    def _therapy_bill_return_fee(self, fee, day, patient):
        """Bill the fee for a returned payment.

        :param float fee: the fee; nothing is billed if it is 0
        :param date day: day of the bill
        :param patient: the `res.partner` whose bill came open again, if any
        :return: the posted bill, or none
        :rtype: recordset of `account.move`
        :raise UserError: if the fee is negative
        """
        Move, company = self.env["account.move"], self.company_id
        currency = company.currency_id
        if currency.compare_amounts(fee, 0) < 0:
            raise UserError(self.env._("A fee cannot be negative."))
        if currency.is_zero(fee):
            return Move
        line = {
            "name": self.env._("Fee for a returned payment"),
            "price_unit": fee,
            "account_id": company._therapy_get_account("fee").id,
            "tax_ids": [Command.clear()],
        }
        bill = Move.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_id.id,
                "patient_id": patient.id,
                "company_id": company.id,
                "journal_id": Move._therapy_get_journal(company).id,
                "invoice_date": day,
                "invoice_payment_term_id": False,
                "invoice_date_due": day,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        bill.action_post()
        return bill
