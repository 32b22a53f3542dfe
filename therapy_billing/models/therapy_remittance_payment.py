from odoo import Command, models


class TherapyRemittance(models.Model):
    """Books the money of a remittance."""

    _inherit = "therapy.remittance"

    def _create_payment(self):
        """Book the money: one line on the insurer's receivable for each claim.

        A take-back is a debit among them. A remittance of 0.00 is an entry without
        money; it has no payment.

        Note: self.ensure_one()

        :return: the payment, maybe empty
        :rtype: recordset of `account.payment`
        """
        day, method = self._get_entry_date(), self.method_line_id
        parts = self._get_payment_parts()
        commands = [Command.create(vals) for _lines, vals in parts]
        Payment = self.env["account.payment"].with_company(self.company_id)
        payment = Payment.browse()
        if self.currency_id.is_zero(self.amount):
            if not parts:
                return payment
            move = self._get_quiet_move().create(
                {
                    "move_type": "entry",
                    "journal_id": method.journal_id.id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "date": day,
                    "ref": self.name,
                    "therapy_remittance_id": self.id,
                    "line_ids": commands,
                }
            )
            move.action_post()
        else:
            liquidity = self._prepare_item(
                method.payment_account_id or method.journal_id.default_account_id,
                -self.amount,
            )
            payment = Payment.create(
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.partner_id.id,
                    "amount": self.amount,
                    "currency_id": self.currency_id.id,
                    "journal_id": method.journal_id.id,
                    "payment_method_line_id": method.id,
                    "date": day,
                    "paid_by_partner_id": self.partner_id.id,
                    "memo": self.name,
                    "line_ids": [Command.create(liquidity), *commands],
                }
            )
            move = payment.move_id
            move.therapy_remittance_id = self
            payment.action_post()
        first = len(move.line_ids) - len(parts)
        for (lines, _vals), item in zip(
            parts, move.line_ids.sorted("id")[first:], strict=True
        ):
            lines.payment_line_id = item
        return payment

    def _get_payment_parts(self) -> list:
        """Return the journal items of the payment apart from the money itself.

        Note: self.ensure_one()

        :return: (lines of the claim or none, values of an `account.move.line`)
        :rtype: list
        """
        insurance = self.partner_id.with_company(
            self.company_id
        ).property_account_receivable_id
        none, currency = self.env["therapy.remittance.line"], self.currency_id
        claims = self._get_claim_moves(self.line_ids.session_id, self.partner_id)
        accounts = {
            move.claim_session_id: move.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).account_id[:1]
            for move in claims
        }
        parts = []
        for session, lines in self.line_ids.grouped("session_id").items():
            amount = currency.round(sum(lines.mapped("paid")))
            if not currency.is_zero(amount):
                account = accounts.get(session) or insurance
                parts.append((lines, self._prepare_item(account, amount)))
        for extra in self.extra_ids:
            if not currency.is_zero(extra.amount):
                vals = self._prepare_item(extra._get_account(), extra.amount)
                parts.append((none, {**vals, "name": extra.name or vals["name"]}))
        if not currency.is_zero(self.amount_unapplied):
            parts.append((none, self._prepare_item(insurance, self.amount_unapplied)))
        return parts

    def _prepare_item(self, account, amount) -> dict:
        """Return the values of a journal item of the payment.

        :param account: the `account.account`
        :param float amount: the amount; above 0 = credit
        :return: values of an `account.move.line`
        :rtype: dict
        """
        return {
            "name": self.env._("Remittance %(trace)s", trace=self.trace),
            "account_id": account.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_currency": -amount,
            "debit": -amount if amount < 0 else 0.0,
            "credit": amount if amount > 0 else 0.0,
        }
