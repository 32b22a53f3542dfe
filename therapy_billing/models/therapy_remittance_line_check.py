from odoo import models

from .therapy_remittance_line import TREATMENT_FIELDS


class TherapyRemittanceLine(models.Model):
    """What keeps a line from being posted, in plain words."""

    _inherit = "therapy.remittance.line"

    def _get_problems(self) -> dict:
        """Say what keeps lines from being posted.

        The number of queries does not depend on the number of lines.

        :return: reason in words by line that has one
        :rtype: dict
        """
        history, problems = self._get_history(), {}
        self._read_claims()
        by_service = self.remittance_id.line_ids.grouped(
            lambda line: (line.remittance_id, line.session_line_id)
        )
        for line in self:
            text = line._get_claim_problem() or line._get_amount_problem()
            same = by_service.get((line.remittance_id, line.session_line_id), line)
            text = text or line._get_answer_problem(history, same)
            if text:
                problems[line] = text
        return problems

    def _read_claims(self):
        """Read what is asked of each claim for all lines together."""
        shares = self.session_line_id.share_ids
        shares.move_id.mapped("state")
        shares.move_id.mapped("therapy_adjustment_ids")
        shares.move_line_id.mapped("tax_ids")
        self.session_line_id.product_id.mapped("taxes_id")

    def _get_remarks(self) -> dict:
        """Say what is odd about lines that can be posted.

        :return: remark in words by line that has one
        :rtype: dict
        """
        remarks = {}
        for line in self:
            if not line.session_line_id:
                continue
            currency = line.currency_id
            if line.open_amount:
                remarks[line] = self.env._("Stays open with the insurer.")
            elif line.is_takeback:
                remarks[line] = self.env._("Takes an earlier payment back.")
            elif currency.compare_amounts(line.charge, line.billed):
                remarks[line] = self.env._(
                    "Billed was %(amount)s: the contractual adjustment follows it.",
                    amount=currency.format(line.billed),
                )
        return remarks

    def _get_claim_problem(self) -> str:
        """Say why a line cannot be about its claim.

        Note: self.ensure_one()

        :return: the reason, empty if it can
        :rtype: str
        """
        self.ensure_one()
        session, service = self.session_id, self.session_line_id
        if not service:
            return self.env._("Choose the service.")
        if service.session_id != session:
            return self.env._("The service belongs to another claim.")
        if session.company_id != self.company_id:
            return self.env._("The claim belongs to another company.")
        shares = service.share_ids.filtered("live")
        if self.partner_id not in shares.partner_id:
            if problem := self._get_unclaimed_problem(shares):
                return problem
        bills = shares.move_id
        if any(bill.currency_id != self.currency_id for bill in bills):
            return self.env._("The claim is in another currency.")
        if any(bill.state == "draft" for bill in bills):
            return self.env._("A bill of this session is not posted yet.")
        if waivers := self._get_waivers(bills):
            return self.env._(
                "The insurer's bill was lowered by hand with %(notes)s. Reset that to "
                "draft and cancel it first: the answer says what is not paid.",
                notes=", ".join(waivers.mapped("name")),
            )
        if self._get_taxes(shares):
            return self.env._("The service carries a tax: book this answer by hand.")
        return session._get_payers()[0]._therapy_get_problem(session.date)

    def _get_waivers(self, bills):
        """Return what was waived by hand of the insurer's own bill.

        The contractual adjustment of the answer would lower it a second time. What was
        waived of a guarantor's bill is taken into account when the answer is posted.

        Note: self.ensure_one()

        :param bills: the `account.move` of the service
        :return: the credit notes
        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        own = bills.filtered("therapy_adjustment_ids")
        own = own.filtered(lambda bill: bill.partner_id == self.partner_id)
        standing = [x for bill in own for x in bill._therapy_get_standing_adjustments()]
        return bills.browse([note.id for note, _amount in standing])

    def _get_taxes(self, shares):
        """Return the taxes of what was billed, and of what posting would bill.

        Note: self.ensure_one()

        :param shares: the live shares of the service
        :return: the taxes
        :rtype: recordset of `account.tax`
        """
        self.ensure_one()
        taxes = shares.move_line_id.tax_ids
        own = shares.filtered(lambda share: share.partner_id == self.partner_id)
        if any(own.mapped("awaits_answer")):
            product = self.session_line_id.product_id
            taxes |= product.taxes_id._filter_taxes_by_company(self.company_id)
        return taxes

    def _get_unclaimed_problem(self, shares) -> str:
        """Say why an insurer that bears nothing of a service has nothing to answer.

        Note: self.ensure_one()

        :param shares: the live shares of the service
        :return: the reason, empty if it may answer
        :rtype: str
        """
        session = self.session_id
        if session.billing_state in ("unbilled", "partial", "nothing"):
            return self.env._("The session is not billed yet.")
        if shares.move_line_id and self.partner_id == session._get_first_insurer():
            return ""  # The estimate left all to the patient.
        if self.partner_id in session._get_coverages().insurer_id:
            return self.env._("The insurer before this one has not answered yet.")
        return self.env._("%(name)s has no claim here.", name=self.partner_id.name)

    def _get_amount_problem(self) -> str:
        """Say why a line does not add up.

        Note: self.ensure_one()

        :return: the reason, empty if it does
        :rtype: str
        """
        self.ensure_one()
        currency = self.currency_id
        # The sums, not the adjustments: quick entry is checked while it is typed.
        adjusted = sum(self[name] for name in TREATMENT_FIELDS.values())
        if currency.compare_amounts(self.paid + adjusted, self.charge):
            return self.env._(
                "Paid %(paid)s and adjustments %(adjusted)s are not the charge of "
                "%(charge)s.",
                paid=currency.format(self.paid),
                adjusted=currency.format(adjusted),
                charge=currency.format(self.charge),
            )
        if self.open_amount and self.patient_amount:
            return self.env._(
                "While a part stays open with the insurer, the patient cannot owe one."
            )
        first = self.session_id._get_coverages()[:1].insurer_id
        if self.elsewhere_amount and self.partner_id == first:
            return self.env._(
                "No insurer came before this one: choose a reason that says what "
                "becomes of %(amount)s.",
                amount=currency.format(self.elsewhere_amount),
            )
        if self.charge > 0 and (self.paid < 0 or self.patient_amount < 0):
            return self.env._("A take-back has a negative charge.")
        return ""

    def _get_answer_problem(self, history, same) -> str:
        """Say why a line contradicts what was answered before.

        Note: self.ensure_one()

        :param dict history: as :meth:`_get_history` returns it
        :param same: the remittance's lines about the same service
        :return: the reason, empty if it does not
        :rtype: str
        """
        self.ensure_one()
        service, insurer, currency = (
            self.session_line_id,
            self.partner_id,
            self.currency_id,
        )
        if len(same.filtered(lambda line: line.is_takeback == self.is_takeback)) > 1:
            return self.env._("The service is on this remittance twice.")
        shares = service.share_ids.filtered("live")
        own = shares.filtered(lambda share: share.partner_id == insurer)
        before = history.get((service, insurer), (0.0, 0.0, 0.0))
        # Where all was left to the patient, nothing was booked for the insurer.
        unasked = not own and not currency.is_zero(before[1])
        answered = unasked or any(own.mapped("answered"))
        if self.charge > 0 and answered:
            if not same.filtered("is_takeback"):
                return self.env._(
                    "This claim was answered before. Enter the take-back of that "
                    "answer too, with a negative charge."
                )
        elif self.is_takeback and not before[2]:
            return self.env._("There is no payment or answer to take back.")
        paid = before[0] + sum(same.mapped("paid"))
        patient = before[1] + sum(same.mapped("patient_amount"))
        if currency.compare_amounts(paid, 0) < 0:
            return self.env._("More is taken back than was paid.")
        if currency.compare_amounts(patient, 0) < 0:
            return self.env._("More is taken back than the patient's side owed.")
        return self._get_following_problem(shares)

    def _get_following_problem(self, shares) -> str:
        """Say why an answer comes too late.

        Note: self.ensure_one()

        :param shares: the live shares of the service
        :return: the reason, empty if it does not
        :rtype: str
        """
        insurers = self.session_id._get_coverages().insurer_id
        position = (
            insurers.ids.index(self.partner_id.id)
            if (self.partner_id in insurers)
            else len(insurers)
        )
        later = insurers[position + 1 :]
        if any(share.answered and share.partner_id in later for share in shares):
            return self.env._(
                "The insurer after this one has answered already. Undo its "
                "remittance first."
            )
        return ""

    def _get_history(self) -> dict:
        """Return what insurers said in posted remittances, in one query.

        :return: (paid, left to the patient, number of lines) by (service, insurer)
        :rtype: dict
        """
        rows = self.env["therapy.remittance.line"].search(
            [
                ("state", "=", "posted"),
                ("session_line_id", "in", self.session_line_id.ids),
            ]
        )
        history = {}
        for row in rows:
            key = (row.session_line_id, row.partner_id)
            paid, patient, count = history.get(key, (0.0, 0.0, 0))
            history[key] = (paid + row.paid, patient + row.patient_amount, count + 1)
        return history
