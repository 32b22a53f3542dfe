import logging
import time

from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.charging.breaker import Breaker
from odoo.addons.therapy_billing.charging.pipeline import Pipeline
from odoo.addons.therapy_billing.tools import clock, cursor
from odoo.addons.therapy_billing.tools.checkpoint import (
    AFTER_ANSWER,
    AFTER_COMMIT,
    AFTER_RECORD,
    BEFORE_COMMIT,
    checkpoint,
)

_logger = logging.getLogger(__name__)

#: Calls under way at once in one process, where the system parameter
#: ``therapy_billing.charge_threads`` says nothing else.
THREADS = 12
#: Charges that are posted to the ledger together.
POST_SIZE = 100
#: How often a call that was refused for too many requests is sent again at once.
RESENDS = 8
#: How often an answer waits for whoever works on its transaction.
RECORD_ROUNDS = 20


class TherapyChargeRun(models.Model):
    """Charging: reserve and commit, call from threads, record, post (D4).

    The thread that has the cursor never waits for the processor: while calls are
    under way it reserves the next ones and records answers. A process that dies
    leaves committed reservations; the job that asks the processor about charges
    without an answer settles them.
    """

    _inherit = "therapy.charge.run"

    def _work(self, post=True) -> bool:
        """Charge what is due, until nothing is, the run is stopped or time is up.

        Note: self.ensure_one()

        :param bool post: whether to post at the end; the job does it otherwise
        :return: whether nothing is left to do now
        :rtype: bool
        """
        self.ensure_one()
        breaker, charged, complete = Breaker(), [], True
        with Pipeline(self._get_threads()) as pipeline:
            more = True
            while more or pipeline:
                if more and self._is_open(breaker) and pipeline.room:
                    more = self._send_batch(pipeline, breaker, charged)
                    complete = not more or self._has_time()
                    more = more and complete
                elif more and not self._is_open(breaker):
                    more = False
                if pipeline:
                    charged += self._take_answers(pipeline, breaker)
        if breaker.reason:
            self._pause(breaker)
        if post:
            self._post(charged)
        self._settle()
        return complete

    # === SENDING === #

    def _send_batch(self, pipeline, breaker, charged) -> bool:
        """Reserve some items and have them charged.

        Note: self.ensure_one()

        :param pipeline: the calls under way
        :param breaker: what watches the answers
        :param list charged: ids of transactions to post; extended here by those of
            providers that are asked one by one
        :return: whether there may be more
        :rtype: bool
        """
        run_id = self.id
        size = min(pipeline.room, self._get_threads())
        claimed, calls = cursor.run_in_fresh_cursor(
            self.env,
            lambda env: env[self._name].browse(run_id)._reserve_batch(size),
            retries=10,
        )
        checkpoint(AFTER_COMMIT)
        throttle = self.env["therapy.charge.throttle"]
        for provider_id in {row[1] for row in calls}:
            own = [row for row in calls if row[1] == provider_id]
            moments = throttle._take(provider_id, len(own), clock.real_seconds())
            for (tx_id, _provider, call), moment in zip(own, moments, strict=True):
                if call:
                    pipeline.send((tx_id, provider_id, 0), call, moment)
                else:
                    self.env["payment.transaction"]._therapy_send(tx_id)
                    charged.append(tx_id)
        return bool(claimed)

    def _reserve_batch(self, size) -> tuple:
        """Claim items, reserve what they pay and freeze the calls.

        Note: self.ensure_one()

        :param int size: most items to claim
        :return: how many were claimed, and (transaction's id, provider's id, call)
        :rtype: tuple
        """
        self.ensure_one()
        due = self.env["therapy.charge.item"]._get_due_domain(clock.now())
        # Others may hold the first ones: look at more than are wanted.
        items = self.env["therapy.charge.item"].search(
            [("run_id", "=", self.id), *due], order="id", limit=8 * size
        )
        items = items.try_lock_for_update(allow_referencing=True, limit=size)
        calls = []
        for tx_sudo in items._reserve():
            try:
                call = tx_sudo._therapy_freeze_charge()
            except UserError as error:
                tx_sudo._set_error(str(error))
                continue
            calls.append((tx_sudo.id, tx_sudo.provider_id.id, call))
        checkpoint(BEFORE_COMMIT)
        return len(items), calls

    # === ANSWERS === #

    def _take_answers(self, pipeline, breaker) -> list:
        """Record the answers that came.

        Note: self.ensure_one()

        :param pipeline: the calls under way
        :param breaker: what watches the answers
        :return: ids of transactions that are to be posted
        :rtype: list
        """
        answers = []
        for (tx_id, provider_id, sends), call, answer in pipeline.collect():
            if getattr(answer, "throttled", False) and sends < RESENDS:
                throttle = self.env["therapy.charge.throttle"]
                moment = throttle._slow_down(provider_id, clock.real_seconds())
                pipeline.send((tx_id, provider_id, sends + 1), call, moment)
                continue
            breaker.watch(answer)
            answers.append((tx_id, answer))
        if not answers:
            return []
        checkpoint(AFTER_ANSWER)
        self._record(answers)
        checkpoint(AFTER_RECORD)
        return [
            tx_id
            for tx_id, answer in answers
            if answer is not None and answer.result == "done"
        ]

    def _record(self, answers):
        """Record answers; one that cannot be recorded is asked about later.

        :param list answers: (transaction's id, answer)
        """
        transactions = self.env["payment.transaction"]
        for _round in range(RECORD_ROUNDS):
            try:
                answers = transactions._therapy_record_answers(answers)
            except Exception:
                # The charges may have happened. They stay "sent, no answer".
                _logger.exception("%s answers were not recorded", len(answers))
                return
            if not answers:
                return
            time.sleep(0.1)

    def _post(self, charged):
        """Post charges to the ledger, a batch at a time.

        :param list charged: ids of transactions
        """
        for start in range(0, len(charged), POST_SIZE):
            self.env["payment.transaction"]._therapy_post_batch(
                charged[start : start + POST_SIZE]
            )

    # === STATE === #

    def _is_open(self, breaker) -> bool:
        """Tell whether more may be sent: not stopped, and nothing is broken.

        :rtype: bool
        """
        if breaker.reason:
            return False
        cursor.commit(self.env)  # What others wrote is seen from now on.
        self.invalidate_recordset(["state"])
        return self.state == "running"

    def _has_time(self) -> bool:
        """Tell whether the job has time left for more.

        :rtype: bool
        """
        return cursor.commit_progress(self.env, self._count_due) > 5

    def _count_due(self) -> int:
        """Count the items that may be charged now.

        :rtype: int
        """
        due = self.env["therapy.charge.item"]._get_due_domain(clock.now())
        return self.env["therapy.charge.item"].search_count(
            [("run_id", "in", self.ids), *due]
        )

    @api.model
    def _get_threads(self) -> int:
        """Return how many calls may be under way at once in one process.

        :rtype: int
        """
        params_sudo = self.env["ir.config_parameter"].sudo()  # sudo: not a secret
        value = params_sudo.get_param("therapy_billing.charge_threads") or THREADS
        return max(1, min(int(value), 30))
