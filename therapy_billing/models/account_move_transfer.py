from odoo import Command, api, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """Credit moved from one payer to another: never silently, always an entry (M4)."""

    _inherit = "account.move"

    @api.model
    def _therapy_transfer_credit(self, source, target, amount, consent):
        """Move credit of one payer to another who may then use it.

        :param source: the `res.partner` whose credit it is
        :param target: the `res.partner` who gets it
        :param float amount: the amount, more than 0, in whole cents
        :param str consent: who agreed, when and how
        :return: the posted entry
        :rtype: recordset of `account.move`
        :raise UserError: if there is no consent, not enough credit, or an insurer
        """
        company = self.env.company
        currency = company.currency_id
        amount = self.env["payment.transaction"]._therapy_check_amount(amount, currency)
        if not (consent or "").strip():
            raise UserError(self.env._("Note who agreed to this, when and how."))
        if source == target or source.is_insurer or target.is_insurer:
            raise UserError(
                self.env._("Credit moves between two payers who are no insurers.")
            )
        credits = self._therapy_lock_credits(source, company)
        free = -sum(credits.mapped("amount_residual"))
        if currency.compare_amounts(amount, free) > 0:
            raise UserError(
                self.env._(
                    "%(name)s has %(amount)s of credit only.",
                    name=source.name,
                    amount=currency.format(free),
                )
            )
        parts, rest = [], amount
        for line in credits:
            part = currency.round(min(rest, -line.amount_residual))
            if currency.compare_amounts(part, 0) > 0:
                parts.append((line, part))
                rest = currency.round(rest - part)
        return self._therapy_create_transfer(parts, source, target, consent)

    @api.model
    def _therapy_lock_credits(self, payer, company):
        """Lock the credits of a payer that may be used, in the order of their ids.

        :param payer: the `res.partner`
        :param company: the `res.company`
        :return: the credit lines, oldest first
        :rtype: recordset of `account.move.line`
        """
        Line = self.env["account.move.line"]
        domain = self._therapy_get_credit_domain(payer)
        credits = Line.search(
            [
                *domain,
                ("company_id", "=", company.id),
                ("currency_id", "=", company.currency_id.id),
            ],
            order="id",
        )
        locked = credits.try_lock_for_update(allow_referencing=True)
        return locked.sorted(lambda line: (line.date, line.id))

    @api.model
    def _therapy_create_transfer(self, parts, source, target, reason):
        """Post the entry that moves credit, and take it off the old payer's lines.

        :param list parts: (credit line of the source, amount)
        :param source: the old payer
        :param target: the new payer
        :param str reason: why
        :return: the entry, whose only credit line is the new payer's
        :rtype: recordset of `account.move`
        """
        company = self.env.company
        journal = self._therapy_get_journal(company, "general")
        text = self.env._("Credit transferred")
        total = company.currency_id.round(sum(part for _line, part in parts))
        receivable = target.with_company(company).property_account_receivable_id
        lines = [
            {
                "name": text,
                "partner_id": source.id,
                "account_id": line.account_id.id,
                "debit": part,
            }
            for line, part in parts
        ]
        lines.append(
            {
                "name": text,
                "partner_id": target.id,
                "account_id": receivable.id,
                "credit": total,
            }
        )
        entry = self.create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "date": company._therapy_get_open_date(
                    company._therapy_local_date(), journal
                ),
                "ref": text,
                "therapy_credit_cause": "transferred",
                "therapy_reason": reason,
                "line_ids": [Command.create(vals) for vals in lines],
            }
        )
        entry.action_post()
        debits = entry.line_ids.filtered(lambda line: line.balance > 0).sorted("id")
        entry.line_ids._therapy_reconcile_exactly(
            [
                (debit, line, part)
                for debit, (line, part) in zip(debits, parts, strict=True)
            ]
        )
        return entry
