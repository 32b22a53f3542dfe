import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from odoo.addons.therapy_billing.tools import cursor, errors

_logger = logging.getLogger(__name__)

#: Sessions that are billed together, about as many bills, and then committed.
BATCH_SIZE = 200
#: Runs with more sessions than this are made in the background.
DIRECT_LIMIT = 500
#: How often a batch that collided with another run is tried.
TRIES = 5


class TherapyBillingRun(models.Model):
    """Generates the bills: at once for a small run, else in the background.

    Nothing but the bills themselves says how far a run is, so a run that was killed
    goes on with what is not billed. The row of the run is not written between start
    and end: whoever presses "Stop" does not collide with the job.
    """

    _inherit = "therapy.billing.run"

    started_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    session_total = fields.Integer(
        string="Sessions at the Start", readonly=True, copy=False
    )
    progress = fields.Float(compute="_compute_progress", help="In percent.")

    # === COMPUTE METHODS === #

    @api.depends("state", "session_total")
    def _compute_progress(self):
        """Compute how much of a run that was started is done, from its sessions."""
        for run in self:
            if run.state not in ("running", "stopped"):
                run.progress = 100.0 if run.state == "done" else 0.0
                continue
            left = run._count_left()
            total = max(run.session_total, left, 1)
            run.progress = 100.0 * (total - left) / total

    # === ACTION METHODS === #

    def action_generate(self):
        """Make and post the bills; bills what is not billed yet, so it may be repeated.

        :return: the action that opens the bills, or True if they are made in the
            background
        :rtype: dict or bool
        :raise UserError: if nothing is to be billed
        """
        for run in self:
            run._start()
            if run.session_total > DIRECT_LIMIT:
                run.state = "running"
                run._trigger_job()
            else:
                run._generate()
        if self.filtered(lambda run: run.state == "running"):
            return True
        return self.action_view_bills()

    def action_stop(self):
        """Stop runs after the batch that is being billed; its bills stay.

        :return: True
        """
        self.filtered(lambda run: run.state == "running").state = "stopped"
        return True

    # === BUSINESS METHODS === #

    def _start(self):
        """Note who starts the run and how much there is to do.

        Note: self.ensure_one()

        :raise UserError: if nothing is to be billed
        """
        self.ensure_one()
        if self.state == "running":
            raise UserError(self.env._("This run is making its bills already."))
        count = self.env["therapy.session"].search_count(self._get_sessions_domain())
        if not count and not self.move_ids:
            raise UserError(
                self.env._("No session that was held in these days is to be billed.")
            )
        self.problem_ids.unlink()
        self.write({"session_total": count, "started_by_id": self.env.uid})

    def _count_left(self) -> int:
        """Count the sessions that are neither billed nor found impossible to bill.

        Note: self.ensure_one()

        :return: the number
        :rtype: int
        """
        return self.env["therapy.session"].search_count(self._get_left_domain())

    def _get_left_domain(self):
        """Return the domain of the sessions that the run did not try yet.

        Note: self.ensure_one()

        :return: the domain
        :rtype: Domain
        """
        tried = self.problem_ids.session_id.ids
        return self._get_sessions_domain() & Domain("id", "not in", tried)

    def _generate(self) -> bool:
        """Bill all sessions of the run, batch by batch.

        Note: self.ensure_one()

        :return: whether the run came to its end; False when the job's time is up
        :rtype: bool
        """
        self.ensure_one()
        # Who starts a run need not be who goes on with it.
        was_stopped = self.state == "stopped"
        for patient_ids in self._get_batches():
            if self.state == "stopped" and not was_stopped:
                self._store_result("stopped")
                return True
            self._bill_patients(patient_ids)
            if not cursor.commit_progress(self.env, self._count_left):
                return False
        self._store_result("done")
        return True

    def _get_batches(self) -> list:
        """Cut the sessions left into batches; a patient's sessions stay together.

        Note: self.ensure_one()

        :return: lists of patients' ids
        :rtype: list
        """
        counts = self.env["therapy.session"]._read_group(
            self._get_left_domain(), ["patient_id"], ["__count"]
        )
        batches, size = [], BATCH_SIZE
        for patient, count in counts:
            if size + count > BATCH_SIZE:
                batches.append([])
                size = 0
            batches[-1].append(patient.id)
            size += count
        return batches

    def _bill_patients(self, patient_ids):
        """Bill the sessions of patients and commit; again after a collision.

        Note: self.ensure_one()

        :param list patient_ids: ids of the patients
        :raise psycopg2.OperationalError: if the collision stays
        """
        domain = self._get_left_domain() & Domain("patient_id", "in", patient_ids)
        for attempt in range(1, TRIES + 1):
            try:
                sessions = self.env["therapy.session"].search(
                    domain, order="date, start, id"
                )
                self._add_problems(self._bill_batch(sessions))
                # A later failure must not take back bills that are made.
                cursor.commit(self.env)
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                if attempt == TRIES or cursor.is_test_cursor(self.env.cr):
                    raise
                _logger.info("%s met another run, trying again.", self.id)
                self.env.cr.rollback()
                self.env.invalidate_all()

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
                reason = errors.describe(self.env, error)
                problems |= dict.fromkeys(group.ids, reason)
        return problems

    def _store_result(self, state):
        """Store what the run billed, from its bills.

        Note: self.ensure_one()

        :param str state: the new state of the run
        """
        bills = Domain("therapy_run_id", "=", self.id)
        count, patients, total = self.env["account.move"]._read_group(
            bills, [], ["__count", "patient_id:count_distinct", "amount_total:sum"]
        )[0]
        [[claims]] = self.env["account.move"]._read_group(
            bills & Domain("claim_session_id", "!=", False), [], ["amount_total:sum"]
        )
        [[sessions]] = self.env["therapy.session.share"]._read_group(
            [("move_id.therapy_run_id", "=", self.id)],
            [],
            ["session_id:count_distinct"],
        )
        totals = {
            "amount_insurers": claims or 0.0,
            "amount_total": total or 0.0,
            "amount_guarantors": (total or 0.0) - (claims or 0.0),
        }
        self.write(
            {
                **{name: self.currency_id.round(x) for name, x in totals.items()},
                "state": state,
                "session_count": sessions,
                "patient_count": patients,
                "bill_count": count,
            }
        )

    # === CRON METHODS === #

    def _trigger_job(self):
        """Wake the job that makes bills in the background."""
        job = self.env.ref("therapy_billing.ir_cron_billing_run")
        job.sudo()._trigger()  # sudo: billers may not read scheduled actions

    @api.model
    def _cron_generate(self):
        """Go on with the runs in the background, oldest first.

        A run is made in the name of the person who started it. One that cannot go on
        stops and says why; those after it go on.

        :raise psycopg2.Error: after too many collisions; the next call goes on
        """
        for run in self.search([("state", "=", "running")], order="id"):
            own = run.with_user(run.started_by_id).with_company(run.company_id)
            try:
                if not own._generate():
                    return
            except UserError as error:
                run._stop_failed(str(error))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                _logger.exception("Billing run %s failed.", run.id)
                run._stop_failed(
                    self.env._(
                        "Something went wrong that has nothing to do with what was "
                        "entered; the server's log says what. The bills made so far "
                        "are fine. Tell your administrator, then generate again."
                    )
                )
            cursor.commit(self.env)

    def _stop_failed(self, reason):
        """Stop a run that cannot go on; the bills it made stay.

        Note: self.ensure_one()

        :param str reason: why, in plain words
        """
        cursor.rollback(self.env)
        self.state = "stopped"
        self.message_post(body=reason)
