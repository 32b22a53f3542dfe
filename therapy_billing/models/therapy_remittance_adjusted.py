from odoo import Command, models


class TherapyRemittance(models.Model):
    """Where less is owed than was asked for: what was waived of it comes back first."""

    _inherit = "therapy.remittance"

    def _take_adjustments_back(self, bills, credits):
        """Take write-offs, discounts and goodwill of bills back, to nobody's credit.

        A payer gets back what was paid too much. What is left of the credits after the
        bills took their part meets what was waived of these bills before: nobody paid
        that. Each time an entry: the waiver is less, and so is the credit.

        Note: self.ensure_one()

        :param bills: the bills that asked too much, in order
        :param credits: the `account.move.line` of what the payers get back
        """
        adjusted = bills.filtered("therapy_adjustment_ids")
        if not adjusted:
            return
        self.env["payment.transaction"]._therapy_lock_bills(adjusted)
        left = {line: -line.amount_residual_currency for line in credits}
        parts = []
        for bill in adjusted:
            for note, standing in bill._therapy_get_standing_adjustments():
                for line in credits.filtered(
                    lambda x, bill=bill: x.partner_id == bill.partner_id
                ):
                    amount = self.currency_id.round(min(standing, left[line]))
                    if self.currency_id.compare_amounts(amount, 0) > 0:
                        parts.append((note, line, amount))
                        left[line] -= amount
                        standing -= amount
        if not parts:
            return
        entries = self._get_quiet_move().create(
            [self._prepare_adjusted_vals(*part) for part in parts]
        )
        entries.action_post()
        # As with credits on bills: undoing the remittance may take them off again.
        self.env["account.move.line"].with_context(
            default_therapy_applied_credit=True
        )._therapy_reconcile_exactly(
            [
                (entry._therapy_get_receivable_lines(), line, amount)
                for entry, (_note, line, amount) in zip(entries, parts, strict=True)
            ]
        )

    def _prepare_adjusted_vals(self, note, credit, amount) -> dict:
        """Return the values of the entry that takes a part of a waiver back.

        :param note: the credit note of the waiver
        :param credit: the journal item that the entry lowers
        :param float amount: the amount
        :return: values of an `account.move`
        :rtype: dict
        """
        text = self.env._("Takes back %(name)s", name=note.name)
        waived = note.invoice_line_ids[:1]
        common = {"name": text, "partner_id": credit.partner_id.id}
        return {
            "move_type": "entry",
            "journal_id": self._get_sale_journal().id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "partner_id": credit.partner_id.id,
            "date": self._get_entry_date(),
            "ref": text,
            "therapy_remittance_id": self.id,
            "therapy_adjusts_move_id": note.id,
            "line_ids": [
                Command.create(
                    {**common, "account_id": credit.account_id.id, "debit": amount}
                ),
                Command.create(
                    {
                        **common,
                        "account_id": waived.account_id.id,
                        "analytic_distribution": waived.analytic_distribution,
                        "credit": amount,
                    }
                ),
            ],
        }
