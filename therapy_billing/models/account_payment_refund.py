from odoo import models


class AccountPayment(models.Model):
    """The payment of a refund: its entry, and what the payment's bills lose by it."""

    _inherit = "account.payment"

    def _compute_amount_available_for_refund(self):
        """Override of `account_payment` to count refunds under way, not failed ones."""
        result = super()._compute_amount_available_for_refund()
        for payment in self:
            # sudo: billers may not read all transactions, only amounts are taken.
            tx_sudo = payment.sudo().payment_transaction_id  # sudo: see the line above
            if not tx_sudo._therapy_is_ours():
                continue
            left = 0.0
            if not tx_sudo._therapy_get_refund_problem():
                left = sum(tx_sudo._therapy_get_refundable())
            payment.amount_available_for_refund = left
        return result

    def action_refund_wizard(self):
        """Override of `account_payment` to ask what becomes of the bill (RUN J).

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        # sudo: billers may not read all transactions.
        tx_sudo = self.sudo().payment_transaction_id  # sudo: see the line above
        if not tx_sudo._therapy_is_ours():
            return super().action_refund_wizard()
        return self.env["therapy.refund.wizard"]._get_action(self)

    # === POST === #

    def _therapy_plan_posting(self, tx, base) -> list:
        """Choose again, when a return is posted, what it takes.

        What was planned may have been moved meanwhile: then what no bill took comes
        next, then the other bills.

        Note: self.ensure_one()

        :param tx: the refund's `payment.transaction`; may have no parts
        :param float base: the amount
        :return: (line of the payment, bill or none, amount); less than the amount if
            the payment does not hold as much
        :rtype: list
        """
        self.ensure_one()
        free, applied = self._therapy_get_unapplied(), self._therapy_get_applied()
        wanted = tx.therapy_refund_part_ids.move_id
        first = [x for x in applied if x[1] in wanted]
        if tx.therapy_refund_mode == "credit":
            pool = free + first
        else:
            pool = first + free
        pool += [x for x in applied if x[1] not in wanted]
        sizes = {}
        for part in tx.therapy_refund_part_ids:
            sizes[part.move_id] = sizes.get(part.move_id, 0.0) + part.amount
        pool = [
            (line, bill, min(most, sizes.get(bill, most))) for line, bill, most in pool
        ]
        return self._therapy_take(pool, base)[0]

    def _therapy_post_refund(self, tx, extra_create_values):
        """Book a refund, and take it from what it was planned to take.

        Note: self.ensure_one()

        :param tx: the refund's `payment.transaction`, done
        :param dict extra_create_values: more values of the payment
        :return: the refund's payment
        :rtype: recordset of `account.payment`
        """
        self.ensure_one()
        base = tx.currency_id.round(abs(tx.amount) - abs(tx.fee_amount))
        self._therapy_lock_returns()
        planned = self._therapy_plan_posting(tx, base)
        rest = tx.currency_id.round(base - sum(x[2] for x in planned))
        parts = [(bill.id, part, line.account_id.id) for line, bill, part in planned]
        if rest or not parts:
            parts.append((False, rest, self.destination_account_id.id))
        Payment = self.env["account.payment"].with_context(therapy_ledger_parts=parts)
        refund = Payment.create(
            {**self._prepare_therapy_refund_vals(tx), **extra_create_values}
        )
        refund.action_post()
        tx.payment_id = refund
        debits = refund._therapy_receivable_lines().sorted("id")
        self._therapy_apply_return(planned, debits)
        if tx.therapy_refund_mode == "credit_note":
            tx._therapy_post_credit_notes()
        if rest:
            refund._therapy_announce_open_refund()
        return refund

    def _prepare_therapy_refund_vals(self, tx) -> dict:
        """Return the values of a refund's payment.

        Note: self.ensure_one() from :meth:`_therapy_post_refund`

        :param tx: the refund's `payment.transaction`
        :return: values of an `account.payment`
        :rtype: dict
        """
        fee = tx._therapy_prepare_fee_line()
        return {
            "amount": abs(tx.amount),
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": self.partner_id.id,
            "currency_id": tx.currency_id.id,
            "journal_id": self.journal_id.id,
            "company_id": self.company_id.id,
            "payment_method_line_id": self.payment_method_line_id.id,
            "payment_token_id": tx.token_id.id,
            "payment_transaction_id": tx.id,
            "memo": tx.reference,
            "date": tx._therapy_get_ledger_date(),
            "paid_by_partner_id": self.paid_by_partner_id.id,
            # Always made at once: its lines follow the plan.
            "write_off_line_vals": fee,
        }

    def _therapy_announce_open_refund(self):
        """Tell the practice of money given back that no payment of a bill covers."""
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Refund without its payment: find what it belongs to"),
            note=self.env._(
                "The payment that was given back had been moved elsewhere."
            ),
            user_id=self._therapy_get_clerk().id,
        )

    def _therapy_announce_moved(self, amount):
        """Tell the practice of money taken that the payment did not hold any more.

        It was moved to another payer or given back before: a person says who owes it.

        Note: self.ensure_one()

        :param float amount: how much of it
        """
        self.ensure_one()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Money the bank took was moved before: say who owes it"),
            note=self.env._(
                "The bank took %(amount)s that this payment does not hold any more: it "
                "was transferred or given back before. If it was transferred, reverse "
                "the entry of the transfer, and the bill it paid is open again.",
                amount=self.currency_id.format(amount),
            ),
            user_id=self._therapy_get_clerk().id,
        )

    def _therapy_get_clerk(self):
        """Return who is told when something about a payment needs a person.

        Note: self.ensure_one()

        :return: the front desk of the practice
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        return self.company_id._therapy_get_desk_user() or self.env.user
