from odoo import fields, models

from odoo.addons.therapy_billing.tools import money

#: Sessions that are looked at together, so that memory stays flat.
CHUNK_SIZE = 1000


class TherapyBillingRun(models.Model):
    """Shows what a run would bill, whom, and what it would leave out, and why."""

    _inherit = "therapy.billing.run"

    preview_ids = fields.One2many(
        "therapy.billing.run.preview", "run_id", readonly=True, copy=False
    )

    def action_preview(self):
        """Show what the run would bill, and which sessions it would leave out.

        :return: True
        """
        for run in self:
            sessions = run._get_sessions()
            problems, rows, billed = {}, {}, set()
            for start in range(0, len(sessions), CHUNK_SIZE):
                chunk = sessions[start : start + CHUNK_SIZE].with_prefetch()
                found = run._find_problems(chunk)
                problems |= found
                good = chunk - chunk.browse(found)
                billed.update(good.ids)
                run._add_preview(good, rows)
                chunk.line_ids.invalidate_recordset(["share_ids"])
            run._store_preview(rows, len(billed))
            run.problem_ids.unlink()
            run._add_problems(problems)
            run.state = "previewed"
        return True

    def _find_problems(self, sessions) -> dict:
        """Return why sessions cannot be billed.

        :param sessions: the sessions
        :return: reasons by session id
        :rtype: dict
        """
        reasons = {session.id: session._get_billing_problem() for session in sessions}
        return {number: reason for number, reason in reasons.items() if reason}

    def _get_grouping_key(self, session):
        """Return what the sessions of one guarantor's bill have in common.

        For a module to group in other ways, it must override this method.

        Note: self.ensure_one()

        :param session: the session
        :return: any hashable value; sessions with the same value share a bill
        """
        if self.grouping == "session":
            return session.id
        if self.grouping == "day":
            return session.date
        return self.grouping == "month" and (session.date.year, session.date.month)

    def _add_preview(self, sessions, rows):
        """Add what sessions would be billed for to the rows of the preview.

        :param sessions: sessions that can be billed
        :param dict rows: (minor units, keys of bills, session ids) by (payer's id,
            patient's id, whether it is an insurer); filled on the way
        """
        for session in sessions:
            for (payer, _line), cents, claim in session._get_open_split():
                key = (payer, session.patient_id.id, claim)
                row = rows.setdefault(key, [0, set(), set()])
                row[0] += cents
                row[1].add(session.id if claim else self._get_grouping_key(session))
                row[2].add(session.id)

    def _store_preview(self, rows, session_count):
        """Store the rows of the preview and their sums.

        :param dict rows: as :meth:`_add_preview` filled it
        :param int session_count: number of sessions that can be billed
        """
        digits = self.currency_id.decimal_places
        self.preview_ids.unlink()
        self.env["therapy.billing.run.preview"].create(
            [
                {
                    "run_id": self.id,
                    "partner_id": payer,
                    "patient_id": patient,
                    "is_claim": claim,
                    "bill_count": len(bills),
                    "session_count": len(numbers),
                    "amount": money.to_major(cents, digits),
                }
                for (payer, patient, claim), (cents, bills, numbers) in rows.items()
            ]
        )
        sums = {True: 0, False: 0}
        for (_payer, _patient, claim), (cents, _bills, _numbers) in rows.items():
            sums[claim] += cents
        self.write(
            {
                "session_count": session_count,
                "patient_count": len({patient for _payer, patient, _claim in rows}),
                "bill_count": sum(len(bills) for _c, bills, _n in rows.values()),
                "amount_guarantors": money.to_major(sums[False], digits),
                "amount_insurers": money.to_major(sums[True], digits),
                "amount_total": money.to_major(sum(sums.values()), digits),
            }
        )

    def _add_problems(self, problems):
        """Add sessions to the list of those left out.

        :param dict problems: reasons by session id
        """
        self.env["therapy.billing.run.problem"].create(
            [
                {"run_id": self.id, "session_id": number, "reason": reason}
                for number, reason in problems.items()
            ]
        )
