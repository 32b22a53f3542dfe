import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.models.therapy_charge_item import OPEN_STATES
from odoo.addons.therapy_billing.tools import clock, cursor

_logger = logging.getLogger(__name__)

JOBS = ("ir_cron_charge_run", "ir_cron_charge_run_second")


class TherapyChargeRun(models.Model):
    """When a run waits, pauses or ends, and the jobs that drive it."""

    _inherit = "therapy.charge.run"

    def _settle(self):
        """Let runs wait or end, by what is left of them.

        :return: None
        """
        numbers = self.ids
        self._write_apart(lambda env: env[self._name].browse(numbers)._write_state())

    def _write_apart(self, func):
        """Write to runs in a transaction of its own: two processes may do so at once.

        :param callable func: function of an environment
        """
        # The later of two conflicting writes is only run again: no error to report.
        with mute_logger("odoo.sql_db"):
            cursor.run_in_fresh_cursor(self.env, func, retries=10)
        self.invalidate_recordset()

    def _write_state(self):
        """Write the state that follows from the items of runs under way.

        :return: None
        """
        Item = self.env["therapy.charge.item"]
        for run in self.filtered(lambda run: run.state in ("running", "waiting")):
            domain = Domain("run_id", "=", run.id)
            due = Item.search_count(
                domain & Domain(Item._get_due_domain(clock.now())), limit=1
            )
            if due:
                continue
            left = Item.search(
                domain & Domain("state", "in", OPEN_STATES),
                order="next_try_at",
                limit=1,
            )
            state = "waiting" if left else "done"
            if run.state == state:
                continue
            run.state = state
            if left.state in ("todo", "retry"):
                run._trigger_jobs(left.next_try_at)

    def _pause(self, breaker):
        """Stop by itself, say why, and tell who started the run.

        Note: self.ensure_one()

        :param breaker: what watched the answers
        """
        reasons = {
            "refused": self.env._(
                "The processor refuses every charge: its keys or settings are wrong."
            ),
            "unknown": self.env._(
                "Too many charges stay without an answer: the processor or the "
                "network is disturbed."
            ),
        }
        reason = reasons[breaker.reason]
        run_id = self.id

        def pause(env):
            run = env[self._name].browse(run_id)
            if run.state not in ("running", "waiting"):
                return
            run.write({"state": "paused", "pause_reason": reason})
            run.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=env._("A charge run has paused"),
                note=reason,
                user_id=run.started_by_id.id or env.uid,
            )

        self._write_apart(pause)

    # === JOBS === #

    @api.model
    def _trigger_jobs(self, at=None):
        """Wake the jobs that charge.

        :param datetime at: when, instead of at once
        """
        for name in JOBS:
            job = self.env.ref(f"therapy_billing.{name}")
            job.sudo()._trigger(at=at)  # sudo: billers may not read scheduled actions

    @api.model
    def _cron_charge(self):
        """Go on with the runs in the background, oldest first.

        Several processes may do this at once. A run is charged in the name of the
        person who started it; without one it would be charged with the job's rights.
        One that cannot go on stops and says why; those after it go on.

        :raise psycopg2.Error: after too many collisions; the next call goes on
        """
        self._resume()
        cursor.commit(self.env)  # What was written apart is seen from now on.
        started = [("state", "=", "running"), ("started_by_id", "!=", False)]
        for run in self.search(started, order="id"):
            own = run.with_user(run.started_by_id).with_company(run.company_id)
            try:
                if not own._work():
                    return
            except UserError as error:
                _logger.info("Charge run %s stops: %s", run.id, error)
                run._stop_failed(str(error))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                raise
            except Exception:
                _logger.exception("Charge run %s failed.", run.id)
                run._stop_failed(
                    self.env._(
                        "Something went wrong that has nothing to do with what was "
                        "entered; the server's log says what. Who was charged so far "
                        "is not charged again. Tell your administrator, then go on."
                    )
                )
            cursor.commit(self.env)

    def _stop_failed(self, reason):
        """Stop a run that cannot go on; what it charged stays.

        Note: self.ensure_one()

        :param str reason: why, in plain words
        """
        cursor.rollback(self.env)
        self._set_state("stopped", reason)

    @api.model
    def _resume(self):
        """Take up runs whose day of the next try has come; end those that are over."""
        for run in self.search([("state", "=", "waiting")], order="id"):
            if run._count_due():
                run._set_state("running")
            else:
                run._settle()

    def _set_state(self, state, reason=False):
        """Write the state of a run, unless a person or another process did.

        Note: self.ensure_one()

        :param str state: the new state
        :param str reason: why it pauses or stops
        """
        self.ensure_one()
        run_id = self.id

        def write(env):
            run = env[self._name].browse(run_id)
            if run.state in ("running", "waiting"):
                run.write({"state": state, "pause_reason": reason})

        self._write_apart(write)
