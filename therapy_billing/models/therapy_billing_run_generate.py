import logging

import psycopg2

from odoo import models
from odoo.exceptions import AccessError, UserError

from odoo.addons.therapy_billing.tools import cursor, money

_logger = logging.getLogger(__name__)

#: Sessions whose bills are created and posted together, and then committed.
BATCH_SIZE = 200


class TherapyBillingRun(models.Model):
    """Preview and generation, in batches that are committed one by one."""

    _inherit = "therapy.billing.run"

    def _find_problems(self, sessions) -> dict:
        """Return why sessions cannot be billed.

        :param sessions: the sessions
        :return: reasons by session id
        :rtype: dict
        """
        reasons = {session.id: session._get_billing_problem() for session in sessions}
        return {number: reason for number, reason in reasons.items() if reason}

    def _store_preview(self, sessions):
        """Store what the run would bill.

        :param sessions: the sessions that can be billed
        """
        digits = self.currency_id.decimal_places
        totals, bills = {True: 0, False: 0}, set()
        for session in sessions:
            insurer = session._get_payers()[1].insurer_id.id
            live = session._get_live_split()
            for (payer, _line), cents in session._get_split().items():
                if (payer, _line) in live:
                    continue
                claim = payer == insurer
                totals[claim] += cents
                bills.add((payer, session.patient_id.id, claim and session.id))
        self.write(
            {
                "session_count": len(sessions),
                "patient_count": len(sessions.patient_id),
                "bill_count": len(bills),
                "amount_guarantors": money.to_major(totals[False], digits),
                "amount_insurers": money.to_major(totals[True], digits),
                "amount_total": money.to_major(sum(totals.values()), digits),
            }
        )

    def _store_problems(self, problems):
        """Replace the list of sessions left out.

        :param dict problems: reasons by session id
        """
        self.problem_ids.unlink()
        self.env["therapy.billing.run.problem"].create(
            [
                {"run_id": self.id, "session_id": number, "reason": reason}
                for number, reason in problems.items()
            ]
        )

    def _generate(self):
        """Bill all sessions of the run, batch by batch.

        Note: self.ensure_one()

        :raise UserError: if nothing is to be billed
        """
        self.ensure_one()
        sessions = self._get_sessions()
        problems = self._find_problems(sessions)
        good = sessions - sessions.browse(problems)
        if not good and not self.move_ids:
            raise UserError(
                self.env._("No session that was held in these days is to be billed.")
            )
        for batch in self._get_batches(good):
            problems.update(self._bill_batch(batch))
            # A later failure must not take back bills that are made.
            cursor.commit(self.env)
        self._store_problems(problems)
        self._store_result()

    def _get_batches(self, sessions):
        """Cut sessions into batches; a patient's sessions stay together.

        :param sessions: the sessions
        :return: recordsets of `therapy.session`
        :rtype: list
        """
        batches, batch = [], sessions.browse()
        for group in sessions.grouped("patient_id").values():
            if batch and len(batch) + len(group) > BATCH_SIZE:
                batches.append(batch)
                batch = sessions.browse()
            batch |= group
        return [*batches, batch] if batch else batches

    def _bill_batch(self, sessions) -> dict:
        """Bill sessions together; if that fails, patient by patient.

        :param sessions: the sessions, whole patients
        :return: reasons by id of the sessions that were not billed
        :rtype: dict
        """
        try:
            with self.env.cr.savepoint():
                return self._bill_sessions(sessions)
        except AccessError:
            raise
        except (UserError, psycopg2.errors.UniqueViolation):
            _logger.info("A batch of %s failed; trying patient by patient.", self.name)
        problems = {}
        for group in sessions.grouped("patient_id").values():
            try:
                with self.env.cr.savepoint():
                    problems |= self._bill_sessions(group)
            except (UserError, psycopg2.errors.UniqueViolation) as error:
                reason = str(error).strip().partition("\n")[0]
                problems |= dict.fromkeys(group.ids, reason)
        return problems

    def _store_result(self):
        """Store what the run billed, from its bills."""
        shares = self.move_ids.session_share_ids
        claims = self.move_ids.filtered("claim_session_id")
        totals = {
            "amount_insurers": sum(claims.mapped("amount_total")),
            "amount_total": sum(self.move_ids.mapped("amount_total")),
        }
        totals["amount_guarantors"] = totals["amount_total"] - totals["amount_insurers"]
        self.write(
            {
                **{name: self.currency_id.round(x) for name, x in totals.items()},
                "state": "done",
                "session_count": len(shares.session_id),
                "patient_count": len(self.move_ids.patient_id),
                "bill_count": len(self.move_ids),
            }
        )
