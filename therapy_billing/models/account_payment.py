from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.therapy_billing.tools import cursor, money


class AccountPayment(models.Model):
    _inherit = "account.payment"

    paid_by_partner_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        help="Who paid; not always whom the bill is made out to.",
    )

    def action_post(self):
        """Override of `account_payment` to leave a pending charge alive (RUN E).

        Core cancels a payment whose processor answers "pending", and the money that
        arrives days later is never booked. Here it stays a draft and is posted when
        the processor says so. The try is committed before the processor is asked.

        :return: what core returns
        :raise AccessError: if a card of a payer is to be charged by somebody who is
            not a biller (P6)
        :raise UserError: if a payment's try has no success yet
        """
        self._therapy_check_answered()
        with_token = self.filtered(
            lambda payment: (
                payment.payment_token_id and not payment.payment_transaction_id
            )
        )
        with_token._therapy_check_may_charge()
        result = super(AccountPayment, self - with_token).action_post()
        if not with_token:
            return result
        # sudo: core does so too; billers may not read providers.
        transactions = with_token.sudo()._create_payment_transaction()  # sudo: above
        cursor.commit(self.env)
        for tx in transactions:
            tx._charge_with_token()
            cursor.commit(self.env)
        transactions._post_process()
        for payment in with_token:
            state = payment.payment_transaction_id.state
            if state in ("cancel", "error") and payment.state != "canceled":
                payment.action_cancel()
            elif state in ("draft", "pending", "authorized"):
                payment.state = "draft"
        return result

    def _therapy_check_may_charge(self):
        """Refuse to charge payers' cards for whoever is not a biller (P6).

        Core's own dialog offers them to everybody who may enter payments.

        :raise AccessError: if the user is not a biller
        """
        if self.env.su or self.env.user.has_group("therapy_billing.group_biller"):
            return
        if self.partner_id._therapy_filter_payers():
            raise AccessError(self.env._("Only billers can charge cards."))

    def _prepare_payment_transaction_vals(self, **extra_create_values):
        """Override of `account_payment` to keep bills of other people out.

        Core takes whatever bills are selected in the list, whoever they belong to.
        Bills with nothing left to pay are passed over beside others; alone they stay,
        so that the gate refuses them: a try without bills would not be gated (M3).

        Note: self.ensure_one()

        :param dict extra_create_values: more values of the transaction
        :return: values of a `payment.transaction`
        :rtype: dict
        """
        vals = super()._prepare_payment_transaction_vals(**extra_create_values)
        field = self.env["payment.transaction"]._fields["invoice_ids"]
        numbers = field.convert_to_cache(
            vals["invoice_ids"], self.env["payment.transaction"]
        )
        bills = self.env["account.move"].browse(numbers)
        own = bills.filtered(
            lambda bill: (
                bill._therapy_get_ledger_partner() == self.partner_id
                and bill.currency_id == self.currency_id
            )
        )
        payable = own.filtered(
            lambda bill: (
                not bill.currency_id.is_zero(bill._therapy_get_payable_amount())
            )
        )
        return {
            **vals,
            "invoice_ids": [(6, 0, (payable or own).ids)],
            # Whose card it is, who need not be whom the bill is made out to (M12).
            "paid_by_id": self.payment_token_id.partner_id.id,
        }

    def _therapy_check_answered(self):
        """Refuse to post by hand what the processor has not confirmed (M5, M8).

        :raise UserError: if a payment's try is under way, or failed
        """
        for payment in self:
            # sudo: billers may not read all transactions, only the state is taken.
            tx_sudo = payment.sudo().payment_transaction_id  # sudo: see the line above
            if tx_sudo.therapy_allocation_ids and tx_sudo.state != "done":
                raise UserError(
                    self.env._(
                        "The card payment of %(amount)s was not confirmed by the "
                        "processor. It is posted by itself when it is.",
                        amount=payment.currency_id.format(payment.amount),
                    )
                )

    def _therapy_check_received(self):
        """Refuse to take money out of the books that was received (M5, M6).

        :raise UserError: if a posted payment was charged, returned or transferred
        """
        for payment in self.filtered(lambda x: x.move_id.state == "posted"):
            if problem := payment._therapy_get_removal_problem():
                raise UserError(problem)

    def _therapy_get_removal_problem(self) -> str:
        """Say why a posted payment can only be corrected by a new entry.

        Note: self.ensure_one()

        :return: the reason in words, empty if there is none
        :rtype: str
        """
        self.ensure_one()
        # sudo: billers may not read all transactions, only the state is taken.
        tx_sudo = self.sudo().payment_transaction_id  # sudo: see the line above
        tries_sudo = tx_sudo | tx_sudo.source_transaction_id
        if tx_sudo.state == "done" and any(x._therapy_is_ours() for x in tries_sudo):
            return self.env._(
                "%(name)s was paid by card and stays in the books. Give the money back "
                "with a refund instead.",
                name=self.name,
            )
        if self.therapy_return_move_id:
            return self.env._(
                "%(name)s was returned: it stays in the books, and so does the entry "
                "%(entry)s.",
                name=self.name,
                entry=self.therapy_return_move_id.name,
            )
        used = self._therapy_receivable_lines().matched_debit_ids.debit_move_id.move_id
        moved = used.filtered(lambda x: x.therapy_credit_cause == "transferred")
        if moved:
            return self.env._(
                "A part of %(name)s was transferred to another payer with %(entry)s. "
                "Reverse that first.",
                name=self.name,
                entry=", ".join(moved.mapped("name")),
            )
        return ""

    def _prepare_move_line_default_vals(
        self, write_off_line_vals=None, force_balance=None
    ):
        """Override of `account` to have one receivable line per bill (M12).

        Note: self.ensure_one()

        :param list write_off_line_vals: more lines
        :param float force_balance: balance in the company's currency
        :return: values of the journal items
        :rtype: list
        """
        vals_list = super()._prepare_move_line_default_vals(
            write_off_line_vals=write_off_line_vals, force_balance=force_balance
        )
        batch = self.env.context.get("therapy_ledger_parts_of") or {}
        parts = batch.get(self.payment_transaction_id.id) or self.env.context.get(
            "therapy_ledger_parts"
        )
        if not parts:
            return vals_list
        liquidity, counterpart, *others = vals_list
        return [liquidity, *self._therapy_split_line(counterpart, parts), *others]

    def _therapy_split_line(self, vals, parts) -> list:
        """Divide the receivable line of a payment or refund over its bills.

        Note: self.ensure_one()

        :param dict vals: values of the line
        :param list parts: (bill's id or False, amount), sum = amount of the line;
            of a refund also the account's id
        :return: values of one line per part; they add up in both currencies
        :rtype: list
        """
        self.ensure_one()
        digits = self.company_id.currency_id.decimal_places
        weights = [
            money.to_minor(amount, self.currency_id.decimal_places)
            for _bill_id, amount, *_account in parts
        ]
        inbound = self.payment_type == "inbound"
        total = money.to_minor(abs(vals["credit"] - vals["debit"]), digits)
        balances = money.allocate(total, weights) if any(weights) else [0]
        lines = []
        for (bill_id, amount, *account), minor in zip(parts, balances, strict=True):
            bill = self.env["account.move"].browse(bill_id or [])
            term = bill.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            )
            accounts = [*account, term.account_id[:1].id, vals["account_id"]]
            balance = money.to_major(minor, digits)
            lines.append(
                {
                    **vals,
                    "amount_currency": -amount if inbound else amount,
                    "debit": 0.0 if inbound else balance,
                    "credit": balance if inbound else 0.0,
                    "account_id": next(filter(None, accounts)),
                }
            )
        return lines
