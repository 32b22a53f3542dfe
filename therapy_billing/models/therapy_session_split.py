from odoo import models

from odoo.addons.therapy_billing.tools import money


class TherapySession(models.Model):
    """Who pays what of a session (M1). Reads only; the billing run writes."""

    _inherit = "therapy.session"

    def _get_payers(self):
        """Return who pays for a session, valid on its date of service (M10).

        Note: self.ensure_one()

        :return: (guarantors in order, first valid coverage or none)
        :rtype: tuple
        """
        self.ensure_one()
        guarantors = self.patient_id.guarantor_ids.filtered(
            lambda row: row.company_id == self.company_id
        )
        return (
            guarantors._therapy_filter_active(self.date),
            self._get_coverages()[:1],
        )

    def _get_billing_problem(self) -> str:
        """Say why a session cannot be billed.

        For a module to hold sessions back, it must override this method and call
        super.

        Note: self.ensure_one()

        :return: the reason in plain words, empty if it can be billed
        :rtype: str
        """
        self.ensure_one()
        if not self.date or not self._get_billable_lines():
            return self.env._("The session was not held.")
        if self.state != "held" and self._has_medicaid():
            return self.env._("Medicaid forbids a fee for missed sessions.")
        guarantors, coverage = self._get_payers()
        if problem := guarantors._therapy_get_problem(self.date):
            return problem
        if coverage and not coverage.insurer_id.active:
            return self.env._(
                "%(name)s is to pay, but the contact is archived.",
                name=coverage.insurer_id.name,
            )
        split, live = self._get_split(), self._get_live_split()
        if any(split.get(key) != cents for key, cents in live.items()):
            return self.env._(
                "Part of the session was billed with other shares. Take that bill "
                "back first."
            )
        return ""

    def _get_split(self) -> dict:
        """Return what each payer owes for each service of a session (M1).

        Note: self.ensure_one(); the guarantors' shares add up

        What a second insurer may bear is in the first one's part until that has
        answered.

        :return: minor units > 0 by (payer's id, session line's id); the sum is the
            session's amount
        :rtype: dict
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        guarantors, coverage = self._get_payers()
        lines = self._get_billable_lines()
        if self.state != "held":  # no insurer pays for an absence
            coverage = coverage.browse()
        amounts = [money.to_minor(line.amount, digits) for line in lines]
        rows, insurer_row = money.split_session(
            amounts,
            guarantors._therapy_get_weights(),
            self._get_patient_part(sum(amounts)) if coverage else None,
            guarantors._therapy_get_fixed(),
        )
        payers = [guarantor.partner_id.id for guarantor in guarantors]
        return {
            (payer, line.id): cents
            for payer, row in zip(
                [*payers, coverage.insurer_id.id], [*rows, insurer_row], strict=True
            )
            for line, cents in zip(lines, row, strict=True)
            if cents
        }

    def _get_live_split(self) -> dict:
        """Return what is on live bills already.

        Note: self.ensure_one()

        :return: minor units by (payer's id, session line's id)
        :rtype: dict
        """
        self.ensure_one()
        return self._get_split_of(
            self.line_ids.share_ids.filtered(
                lambda share: share.live and share.kind == "base"
            )
        )

    def _get_split_of(self, shares) -> dict:
        """Return what shares ask for.

        Note: self.ensure_one()

        :param shares: base shares of the session, at most one per payer and line
        :return: minor units by (payer's id, session line's id)
        :rtype: dict
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return {
            (share.partner_id.id, share.session_line_id.id): money.to_minor(
                share.amount, digits
            )
            for share in shares
        }

    def _is_worth(self, shares) -> bool:
        """Tell whether a billing run would ask for these shares today.

        Note: self.ensure_one(); with rights to read sessions and coverages

        :param shares: base shares of the session on one bill
        :return: whether the session is to be billed, to these payers, at these amounts
        :rtype: bool
        """
        self.ensure_one()
        if self.exempt or self._get_billing_problem():
            return False
        return self._get_split_of(shares).items() <= self._get_split().items()

    def _get_open_split(self):
        """Yield what is to be billed and is on no live bill.

        An insurer who is not billed before it answers is left out.

        Note: self.ensure_one()

        :return: ((payer's id, session line's id), minor units, whether the payer is
            the insurer)
        :rtype: iterator
        """
        coverage = self._get_payers()[1]
        insurer = coverage.insurer_id.id
        live = self._get_live_split()
        for key, cents in self._get_split().items():
            waits = key[0] == insurer and coverage.billing_policy == "on_receipt"
            if key not in live and not waits:
                yield key, cents, key[0] == insurer
