from odoo import Command, models
from odoo.exceptions import UserError, ValidationError


class AccountPayment(models.Model):
    """Money of a payment that goes back: which bills it is taken from (M5).

    Each return is a new entry on its own day. In this order, under a lock on the
    bills: bill and payment are un-reconciled, the return is reconciled with the
    payment, and what is left of the payment with the bill again.
    """

    _inherit = "account.payment"

    # === PLAN === #

    def _therapy_get_applied(self, lines=None) -> list:
        """Return which line of a payment pays which bill, the newest first.

        Note: self.ensure_one()

        :param lines: other lines that hold its money now; its own if empty
        :return: (line of the payment, bill, amount)
        :rtype: list
        """
        self.ensure_one()
        sums = {}
        for line in (lines or self._therapy_receivable_lines()).sorted("id"):
            for partial in line.matched_debit_ids.sorted("id"):
                move = partial.debit_move_id.move_id
                if move.move_type == "out_invoice":
                    key = (line, move)
                    sums[key] = sums.get(key, 0.0) + partial.debit_amount_currency
        return [
            (line, bill, self.currency_id.round(amount))
            for (line, bill), amount in reversed(sums.items())
        ]

    def _therapy_get_unapplied(self, lines=None) -> list:
        """Return what no bill took of a payment.

        Note: self.ensure_one()

        :param lines: other lines that hold its money now; its own if empty
        :return: (line of the payment, no bill, amount)
        :rtype: list
        """
        self.ensure_one()
        none = self.env["account.move"]
        return [
            (line, none, -line.amount_residual_currency)
            for line in (lines or self._therapy_receivable_lines()).sorted("id")
            if line.currency_id.compare_amounts(line.amount_residual_currency, 0) < 0
        ]

    def _therapy_plan_return(self, base, mode, parts=None) -> list:
        """Choose what of a payment goes back.

        Note: self.ensure_one()

        :param float base: the amount; 0 for a fee alone
        :param str mode: `credit` takes what no bill took; the others take from bills,
            and what no bill took after them
        :param list parts: (bill's id or False, amount), chosen by a person
        :return: (line of the payment, bill or none, amount)
        :rtype: list
        :raise ValidationError: if the payment does not hold as much
        """
        self.ensure_one()
        free, applied = self._therapy_get_unapplied(), self._therapy_get_applied()
        if parts:
            pool = free + applied
            planned, rests = [], []
            for bill_id, amount in parts:
                fits = [x for x in pool if x[1].id == (bill_id or False)]
                taken, rest = self._therapy_take(fits, amount)
                planned += taken
                rests.append(rest)
            chosen = sum(amount for _bill, amount in parts)
            rest = max(rests) or self.currency_id.round(base - chosen)
        else:
            pool = free if mode == "credit" else applied + free
            planned, rest = self._therapy_take(pool, base)
        if not self.currency_id.is_zero(rest):
            raise ValidationError(
                self.env._(
                    "This payment does not hold as much. Look at what its bills got, "
                    "and whether a part of it was transferred."
                )
            )
        return planned

    def _therapy_take(self, pool, amount) -> tuple:
        """Take an amount from a pool, in its order.

        :param list pool: (line, bill, amount)
        :param float amount: the amount
        :return: (what was taken of each, what could not be taken)
        :rtype: tuple
        """
        taken, rest = [], amount
        for line, bill, most in pool:
            part = self.currency_id.round(min(most, rest))
            if self.currency_id.compare_amounts(part, 0) > 0:
                taken.append((line, bill, part))
                rest = self.currency_id.round(rest - part)
        return taken, rest

    def _therapy_lock_returns(self, lines=None):
        """Lock the bills that a payment pays, before they are opened again.

        Note: self.ensure_one()

        :param lines: other lines that hold its money now; its own if empty
        :raise BillBusy: if somebody else is paying one of them
        """
        bills = self.env["account.move"].browse(
            {bill.id for _line, bill, _amount in self._therapy_get_applied(lines)}
        )
        if bills:
            self.env["payment.transaction"]._therapy_lock_bills(bills)
        self.invalidate_recordset()

    def _therapy_apply_return(self, planned, debits):
        """Reconcile a return with its payment, and the rest of that with the bills.

        Note: self.ensure_one(); the bills are locked

        :param list planned: (line of the payment, bill or none, amount)
        :param debits: the return's receivable lines, in the order of the plan
        """
        again = []
        for line, bill, amount in planned:
            again += self._therapy_detach(line, bill, amount) if bill else []
        debits._therapy_reconcile_exactly(
            [
                (debit, line, amount)
                for debit, (line, _bill, amount) in zip(debits, planned, strict=False)
            ]
        )
        for credit, parts in again:
            lines = debits.env["account.move.line"].with_context(
                default_therapy_applied_credit=credit
            )
            lines._therapy_reconcile_exactly(parts)
        bills = debits.move_id.browse(
            [bill.id for _line, bill, _part in planned if bill]
        )
        bills._therapy_settle_reversals()

    def _therapy_detach(self, line, bill, amount) -> list:
        """Un-reconcile a line from a bill; return what is to be put back.

        Note: self.ensure_one()

        :param line: line of the payment
        :param bill: the bill
        :param float amount: what the bill loses
        :return: (whether it was an applied credit, parts to reconcile again)
        :rtype: list
        """
        partials = line.matched_debit_ids.filtered(
            lambda partial: partial.debit_move_id.move_id == bill
        ).sorted("id")
        kept, left = [], amount
        for partial in reversed(partials):
            held = partial.debit_amount_currency
            loses = self.currency_id.round(min(held, left))
            left = self.currency_id.round(left - loses)
            keeps = self.currency_id.round(held - loses)
            if not self.currency_id.is_zero(keeps):
                part = (partial.debit_move_id, line, keeps)
                kept.append((partial.therapy_applied_credit, [part]))
        partials.unlink()
        return kept

    # === BACK IN THE BOOKS === #

    def _therapy_book_back(self, day, reason, cause=False):
        """Take a payment or a refund back with a new entry that mirrors it.

        A bank debit that comes back, a refund that failed: the payment's own entry is
        never touched. What it paid is open again.

        Note: self.ensure_one()

        :param date day: when it came back; the first open day after it counts
        :param str reason: what the bank said
        :param str cause: cause of the credit that comes open, if any
        :return: the entry, an `account.move`
        :rtype: recordset of `account.move`
        :raise UserError: if it was booked back already
        """
        self.ensure_one()
        if self.therapy_return_move_id or self.move_id.state != "posted":
            raise UserError(self.env._("This payment has been returned already."))
        self._therapy_lock_returns()
        lines = self._therapy_receivable_lines().sorted("id")
        day = self.company_id._therapy_get_open_date(
            max(day, self.date), self.journal_id
        )
        text = self.env._("Returned: %(name)s", name=self.name)
        mirror = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.journal_id.id,
                "company_id": self.company_id.id,
                "currency_id": self.currency_id.id,
                "date": day,
                "ref": text,
                "therapy_reason": reason,
                "line_ids": [
                    Command.create(
                        {
                            "name": text,
                            "partner_id": line.partner_id.id,
                            "account_id": line.account_id.id,
                            "currency_id": line.currency_id.id,
                            "debit": line.credit,
                            "credit": line.debit,
                            "amount_currency": -line.amount_currency,
                        }
                    )
                    for line in (lines | (self.move_id.line_ids - lines))
                ],
            }
        )
        others = (lines.matched_debit_ids.debit_move_id - lines) | (
            lines.matched_credit_ids.credit_move_id - lines
        )
        moved = lines.matched_debit_ids.filtered(
            lambda part: (
                part.debit_move_id.move_id.therapy_credit_cause == "transferred"
            )
        )
        moved_amount = sum(moved.mapped("debit_amount_currency"))
        (lines.matched_debit_ids | lines.matched_credit_ids).unlink()
        mirror.action_post()
        mirrored = mirror.line_ids.filtered(
            lambda x: x.account_id.account_type == "asset_receivable"
        ).sorted("id")
        pairs = [
            (a, b) if a.balance > 0 else (b, a)
            for a, b in zip(mirrored, lines, strict=True)
            if not a.currency_id.is_zero(a.amount_currency)
        ]
        self.env["account.move.line"]._therapy_reconcile_exactly(
            [(debit, credit, debit.amount_currency) for debit, credit in pairs]
        )
        others.move_id._therapy_settle_reversals()
        self.therapy_return_move_id = mirror
        if not self.currency_id.is_zero(moved_amount):
            self._therapy_announce_moved(moved_amount)
        if cause:
            held = others.filtered(lambda x: x.balance < 0).move_id
            held.origin_payment_id.therapy_credit_cause = cause
        return mirror
