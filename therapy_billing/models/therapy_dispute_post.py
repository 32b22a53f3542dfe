from odoo import Command, models

from odoo.addons.therapy_billing.tools import money


class TherapyDispute(models.Model):
    """The entries of a dispute: each on its own day, nothing is edited (M5).

    Money taken: the payer owes again what the payment had paid, a card fee is given
    up, the processor's own fee is an expense. Money returned mirrors that and pays
    the bills again. The money may be taken and returned more than once: each movement
    at the processor is one entry.
    """

    _inherit = "therapy.dispute"

    def _therapy_find_entry(self, row_ref):
        """Return the entry of a movement that was booked before.

        Note: self.ensure_one()

        :param str row_ref: the processor's id of the movement
        :return: the entry, maybe none
        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        return self.entry_ids.filtered(
            lambda entry: entry.therapy_dispute_row_ref == row_ref
        )

    def _therapy_get_outstanding(self):
        """Return the entries of money that was taken and not returned.

        Note: self.ensure_one()

        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        last = self.reinstatement_move_id.id or 0
        return self.entry_ids.filtered(lambda entry: entry.id > last)

    def _therapy_book_withdrawal(self, row_ref, total, cost, day):
        """Book that the processor took the money back.

        Note: self.ensure_one()

        :param str row_ref: the processor's id of the movement
        :param float total: what was taken of the payment, fee included
        :param float cost: the processor's fee for the dispute
        :param date day: when
        :return: the entry; the one booked before if there is one
        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        if booked := self._therapy_find_entry(row_ref):
            return booked
        payment, source = self.payment_id, self.transaction_id
        before = self.cost if self._therapy_get_outstanding() else 0.0
        source._therapy_lock_refunds()
        # Money that was returned before is on the line of that entry.
        lines = self._therapy_receivable_of(self.reinstatement_move_id)
        lines = payment._therapy_receivable_lines() | lines
        payment._therapy_lock_returns(lines)
        base, fee = self._therapy_split(total)
        pool = payment._therapy_get_applied(lines)
        pool += payment._therapy_get_unapplied(lines)
        planned, rest = payment._therapy_take(pool, base)
        debits = [(line.account_id, amount) for line, _bill, amount in planned]
        if not self.currency_id.is_zero(rest):
            debits.append((payment.destination_account_id, rest))
        entry = self._therapy_create_entry(
            row_ref, debits, fee, total, cost, day, self.env._("Taken by a dispute")
        )
        lines = self._therapy_receivable_of(entry)
        payment._therapy_apply_return(planned, lines)
        self.withdrawal_move_id = entry
        self.cost = cost + before
        bills = self.env["account.move"].browse([bill.id for _l, bill, _a in planned])
        self.bill_ids |= bills
        if not self.currency_id.is_zero(rest):
            payment._therapy_announce_moved(rest)
        return entry

    def _therapy_book_reinstatement(self, row_ref, total, cost, day):
        """Book that the processor gave the money back.

        What the bills cannot take any more, for they were paid meanwhile, is a credit
        of the payer.

        Note: self.ensure_one()

        :param str row_ref: the processor's id of the movement
        :param float total: what came back of the payment
        :param float cost: what came back of the processor's fee
        :param date day: when
        :return: the entry; the one booked before if there is one; none if nothing
            was taken
        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        booked, outstanding = (
            self._therapy_find_entry(row_ref),
            self._therapy_get_outstanding(),
        )
        if booked or not outstanding:
            return booked
        debits, fee, is_all = self._therapy_split_return(outstanding, total)
        entry = self._therapy_create_entry(
            row_ref,
            debits,
            -fee,
            -total,
            -cost,
            day,
            self.env._("Returned by a dispute"),
        )
        if is_all:
            self.reinstatement_move_id = entry
        bills = self.bill_ids.filtered(lambda bill: bill.state == "posted")
        if bills:
            self.env["payment.transaction"]._therapy_lock_bills(bills)
        for bill in bills.sorted("id"):
            lines = self._therapy_receivable_of(entry)
            left = -sum(lines.mapped("amount_residual_currency"))
            amount = min(left, bill._therapy_get_payable_amount())
            if self.currency_id.compare_amounts(amount, 0) > 0:
                bill._therapy_settle(lines, amount)
        return entry

    def _therapy_split_return(self, outstanding, total) -> tuple:
        """Split what came back into bills and card fee, like what was taken.

        The processor may return a part only: the rest stays owed.

        Note: self.ensure_one()

        :param outstanding: the entries of what was taken and not returned
        :param float total: what came back
        :return: (credits as for :meth:`_therapy_create_entry`, of the fee, whether
            all is back)
        :rtype: tuple
        """
        self.ensure_one()
        currency, taken = self.currency_id, {}
        for line in self._therapy_receivable_of(outstanding):
            old = taken.get(line.account_id, 0.0)
            taken[line.account_id] = currency.round(old + line.amount_currency)
        base = sum(taken.values())
        account = self.company_id._therapy_get_account("cardfee")
        kept = outstanding.line_ids.filtered(lambda line: line.account_id == account)
        fee = sum(kept.mapped("amount_currency"))
        is_all = currency.compare_amounts(total, base + fee) >= 0
        if is_all:
            fee = currency.round(total - base)
        else:
            minor = self.transaction_id._therapy_to_minor
            fee, whole, part = minor(fee, base + fee, total)
            fee = money.to_major(fee * part // whole, currency.decimal_places)
        left, credits = currency.round(total - fee), []
        for account, amount in taken.items():
            part = currency.round(min(amount, left))
            left = currency.round(left - part)
            if not currency.is_zero(part):
                credits.append((account, -part))
        return credits, fee, is_all

    def _therapy_split(self, total) -> tuple:
        """Split what was taken into bills and card fee.

        A bank may take the whole although a part was given back before: then the
        payer owes that part.

        Note: self.ensure_one()

        :param float total: what was taken
        :return: (of the bills, of the fee)
        :rtype: tuple
        """
        source = self.transaction_id
        base_left, fee_left = source._therapy_get_refundable()
        if self.currency_id.compare_amounts(total, base_left + fee_left) > 0:
            return self.currency_id.round(total - fee_left), fee_left
        return source._therapy_split_refund(total)

    def _therapy_create_entry(self, row_ref, debits, fee, total, cost, day, text):
        """Post an entry of the dispute in the journal of the payment.

        Note: self.ensure_one()

        :param str row_ref: the processor's id of the movement
        :param list debits: (receivable account, amount); negative amounts are credits
        :param float fee: the card fee's part
        :param float total: what left the processor's balance
        :param float cost: the processor's fee
        :param date day: when; the first open day after it counts
        :param str text: what the lines say
        :return: the entry
        :rtype: recordset of `account.move`
        """
        payment, company = self.payment_id, self.company_id
        journal, clearing = payment.journal_id, payment.outstanding_account_id
        partner = payment.partner_id
        items = [(account, amount, partner) for account, amount in debits]
        if not self.currency_id.is_zero(fee):
            items.append((company._therapy_get_account("cardfee"), fee, partner))
        items.append((clearing, -total, partner))
        if not self.currency_id.is_zero(cost):
            none = self.env["res.partner"]
            items.append((company._therapy_get_account("dispute"), cost, none))
            items.append((clearing, -cost, none))
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "therapy_dispute_entry_id": self.id,
                "therapy_dispute_row_ref": row_ref,
                "currency_id": self.currency_id.id,
                "date": company._therapy_get_open_date(day, journal),
                "ref": self.env._("%(text)s: %(name)s", text=text, name=payment.name),
                "line_ids": [
                    Command.create(
                        {
                            "name": text,
                            "account_id": account.id,
                            "partner_id": owner.id,
                            "currency_id": self.currency_id.id,
                            "amount_currency": amount,
                        }
                    )
                    for account, amount, owner in items
                ],
            }
        )
        entry.action_post()
        return entry

    @staticmethod
    def _therapy_receivable_of(entry):
        """Return the receivable lines of an entry.

        :param entry: the `account.move`
        :rtype: recordset of `account.move.line`
        """
        return entry.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).sorted("id")
