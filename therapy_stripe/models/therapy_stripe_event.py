import logging
import time
from datetime import timedelta

from psycopg2 import Error
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from .. import const
from ..exceptions import NeedsPerson
from ..outcome import StripeFailure
from ..tools import clock

_logger = logging.getLogger(__name__)

# An event often arrives while the charge it is about is being recorded: wait a little
# for that (seconds before each round), then come back later.
BUSY_PAUSES = (0, 1, 2, 4)
BUSY_SECONDS = 10


class TherapyStripeEvent(models.Model):
    """Inbox of signed events: stored first, answered, worked through later.

    The event only says which object changed; the object is fetched again from Stripe.
    So order and number of events do not matter, and nothing of the payload, which may
    name the payer, is kept.
    """

    _name = "therapy.stripe.event"
    _description = "Stripe Event"
    _order = "id desc"
    _rec_name = "event_ref"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    event_ref = fields.Char(string="Event", required=True, readonly=True)
    event_type = fields.Char(string="Type", required=True, readonly=True)
    object_ref = fields.Char(string="Object", readonly=True, index="btree_not_null")
    happened_at = fields.Datetime(readonly=True)
    api_version = fields.Char(string="API Version", readonly=True)
    idempotency_key = fields.Char(readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        selection=[
            ("new", "Waiting"),
            ("done", "Processed"),
            ("ignored", "Not ours"),
            ("failed", "To be tried again"),
            ("dead", "Needs attention"),
        ],
        required=True,
        readonly=True,
        default="new",
        index=True,
    )
    tries = fields.Integer(readonly=True)
    next_try_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    error = fields.Text(readonly=True)
    processed_at = fields.Datetime(readonly=True)

    # Companies may share an account: each endpoint of it gets every event.
    _event_ref_uniq = models.UniqueIndex(
        "(event_ref, provider_id)", "An event is stored once."
    )

    # === INTAKE === #

    @api.model
    def _receive(self, provider, event, wake=True):
        """Store a verified event once, and wake the job that processes it.

        :param payment.provider provider: whose secret signed the event
        :param dict event: the event
        :param bool wake: False: the job is only made due, the caller wakes it
        :return: False if it was stored before
        :rtype: bool
        """
        vals = self._prepare_vals(provider, event)
        events_sudo = self.sudo()  # sudo: Stripe is no user; the signature was checked
        if events_sudo._find(provider, [vals["event_ref"]]):
            return False
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                events_sudo.create(vals)
        except UniqueViolation:
            return False  # The same event arrived twice at the same moment.
        if wake:
            self._trigger()
        else:
            self._make_job_due()
        return True

    @api.model
    def _find(self, provider, refs):
        """Return the events of a provider that are stored already.

        :param payment.provider provider: whose secret signed them
        :param list refs: Stripe's names of the events
        :rtype: therapy.stripe.event
        """
        return self.search(
            [("provider_id", "=", provider.id), ("event_ref", "in", refs)]
        )

    @api.model
    def _prepare_vals(self, provider, event):
        """Return what is kept of an event.

        :param payment.provider provider: whose secret signed the event
        :param dict event: the event
        :return: values
        :rtype: dict
        """
        request = event.get("request") or {}
        thing = (event.get("data") or {}).get("object") or {}
        return {
            "provider_id": provider.id,
            "event_ref": event["id"],
            "event_type": event["type"],
            "object_ref": thing.get("id"),
            "happened_at": clock.from_unix(event["created"]),
            "api_version": event.get("api_version"),
            "idempotency_key": request.get("idempotency_key"),
        }

    @api.model
    def _trigger(self, at=None):
        """Wake the job that processes events.

        :param datetime at: when, instead of at once
        """
        cron = self.env.ref("therapy_stripe.ir_cron_stripe_events")
        cron.sudo()._trigger(at=at)  # sudo: visitors may not see jobs

    @api.model
    def _make_job_due(self):
        """Have the job that processes events run at its workers' next look.

        Waking them at once takes a new connection to another database, longer than
        all the rest of storing an event: see :meth:`_wake_workers`.
        """
        cron = self.env.ref("therapy_stripe.ir_cron_stripe_events")
        triggers_sudo = self.env["ir.cron.trigger"].sudo()  # sudo: as core does
        triggers_sudo.create({"cron_id": cron.id, "call_at": clock.now()})

    @api.model
    def _wake_workers(self):
        """Wake the workers that run jobs; needs no open cursor.

        Whatever happens, they look for due jobs every minute by themselves.
        """
        try:
            self.env["ir.cron"]._notifydb()
        except Error as error:
            _logger.info("The workers were not woken: %s", error)

    # === PROCESSING === #

    @api.model
    def _cron_process(self):
        """Process the events that wait; each in a transaction of its own.

        Safe at any number of processes: every event is worked on under its lock.
        """
        ids = self.search(
            [
                ("state", "in", ("new", "failed")),
                ("next_try_at", "<=", clock.now()),
            ],
            order="id",
        ).ids
        commit(self.env)
        total = len(ids)
        for pause in BUSY_PAUSES:
            time.sleep(pause)
            ids = [event_id for event_id in ids if not self._process_apart(event_id)]
            if self.env.context.get("ir_cron_progress_id"):
                self.env["ir.cron"]._commit_progress(total - len(ids), remaining=0)
            total = len(ids)
            if not ids:
                break
        self.env.invalidate_all(flush=False)
        self.browse(ids)._wait(BUSY_SECONDS)

    @api.model
    def _process_apart(self, event_id):
        """Process one event in a database transaction of its own.

        :param int event_id: id of the event
        :return: False if its payment is being worked on at this moment
        :rtype: bool
        """
        return run_in_fresh_cursor(
            self.env, lambda env: env[self._name].browse(event_id)._process()
        )

    def action_process_again(self):
        """Put events back into the queue."""
        self.check_access("write")
        self.sudo().write(  # sudo: fields are read only for users; access checked
            {
                "state": "new",
                "tries": 0,
                "error": False,
                "next_try_at": clock.now(),
            }
        )
        self._trigger()

    def _process(self):
        """Process one event and write what became of it.

        Note: self.ensure_one()

        :return: False if its payment is being worked on at this moment
        :rtype: bool
        """
        self.ensure_one()
        event_sudo = self.sudo()  # sudo: the job works for all companies
        if not event_sudo.try_lock_for_update(allow_referencing=True):
            return True  # Another process has it.
        event_sudo.invalidate_recordset()
        if event_sudo.state not in ("new", "failed"):
            return True
        try:
            with self.env.cr.savepoint():
                state, error = event_sudo._dispatch(), False
        except NeedsPerson as reason:
            state, error = "dead", str(reason)
        except LockError:
            return False  # The charge this is about is being recorded right now.
        except StripeFailure as failure:
            state, error = "failed", str(failure)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise  # The caller runs it again in a new database transaction.
        except Exception as failure:
            _logger.exception("Event %s could not be processed", self.id)
            state, error = "failed", repr(failure)
        event_sudo._finish(state, error)
        return True

    def _wait(self, seconds):
        """Come back to events later; this does not count as a try.

        :param int seconds: how much later
        """
        if self:
            self.next_try_at = later = clock.now() + timedelta(seconds=seconds)
            self._trigger(at=later)

    def _finish(self, state, error):
        """Write the result of a try; plan the next one after a failure."""
        now = clock.now()
        tries = self.tries + 1
        if state == "failed" and tries >= const.EVENT_TRIES:
            state = "dead"
        self.write(
            {
                "state": state,
                "error": error,
                "tries": tries,
                "processed_at": now,
                "next_try_at": now + timedelta(minutes=2**tries),
            }
        )
        if state == "failed":
            self._trigger(at=self.next_try_at)
