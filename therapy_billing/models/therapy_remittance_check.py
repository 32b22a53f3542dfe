from odoo import models
from odoo.exceptions import UserError


class TherapyRemittance(models.Model):
    """What keeps a remittance from being posted, in plain words."""

    _inherit = "therapy.remittance"

    def get_problems(self) -> list[str]:
        """Say what keeps a remittance from being posted.

        Note: self.ensure_one()

        :return: the reasons; of a line with its claim
        :rtype: list[str]
        """
        self.ensure_one()
        problems = self.line_ids._get_problems()
        return self._get_head_problems() + [
            f"{line.session_id.name} {line.therapy_code or ''}: {text}"
            for line, text in problems.items()
        ]

    def _check_problems(self):
        """Refuse a remittance with problems.

        Note: self.ensure_one()

        :raise UserError: naming them, the first twenty
        """
        if problems := self.get_problems():
            raise UserError("\n".join(problems[:20]))

    def _get_head_problems(self) -> list[str]:
        """Say what is wrong with a remittance apart from its lines.

        For a module to refuse more, it must override this method and call super.

        Note: self.ensure_one()

        :return: the reasons
        :rtype: list[str]
        """
        self.ensure_one()
        company, currency = self.company_id, self.currency_id
        problems = []
        if not self.partner_id.is_insurer:
            problems.append(self.env._("A remittance comes from an insurer."))
        if not self.line_ids and not self.extra_ids:
            problems.append(self.env._("No claim is on the remittance yet."))
        if self.date and self.date > company._therapy_local_date():
            problems.append(self.env._("The payment date is still to come."))
        if not self.method_line_id:
            problems.append(self.env._("Say how the money was received."))
        elif self.method_line_id.journal_id.company_id != company:
            problems.append(self.env._("The money was received by another company."))
        if currency.compare_amounts(self.amount_unapplied, 0) < 0:
            problems.append(
                self.env._(
                    "The lines say %(applied)s, the total is only %(total)s.",
                    applied=currency.format(self.amount_applied),
                    total=currency.format(self.amount),
                )
            )
        if any(row.kind == "other" and not row.account_id for row in self.extra_ids):
            problems.append(self.env._("Choose an account for each “Other” amount."))
        return problems
