import logging
from datetime import timedelta

from odoo import api, models

from odoo.addons.therapy_billing.tools import clock, cursor

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Many charges at once: calls frozen for threads, answers recorded together."""

    _inherit = "payment.transaction"

    # === HOOKS FOR PROVIDERS === #

    def _therapy_freeze_charge(self):
        """Return the call that charges, with all it needs frozen in it; note it sent.

        Called before the commit of the reservation. The call runs in a thread, without
        ORM and without cursor, at most once per answer that says nothing. It returns
        an object with ``result`` (done, pending, declined, error or unknown),
        ``throttled`` (too many requests, nothing was done: send it again later) and
        ``refused`` (our keys or settings are wrong: every other call would fail too).

        A provider that returns None is charged one by one through
        :meth:`_charge_with_token`.

        Note: self.ensure_one()

        :return: function without arguments, or None
        :rtype: callable | None
        :raise UserError: if the charge cannot even be tried; nothing was sent
        """
        self.ensure_one()
        return None

    def _therapy_record_answer(self, answer):
        """Write what became of a frozen call.

        Note: self.ensure_one()

        :param answer: what the call returned; None = nobody knows
        :raise LockError: if another process works on the transaction
        """
        self.ensure_one()

    # === RECORDING === #

    @api.model
    def _therapy_record_answers(self, answers) -> list:
        """Record answers in one transaction of their own.

        :param list answers: (transaction's id, answer)
        :return: those that somebody else is working on, to be recorded later
        :rtype: list
        """

        def record(env):
            numbers = [number for number, _answer in answers]
            # sudo: results are written by this code only.
            txs_sudo = env[self._name].sudo().browse(numbers)  # sudo: see above
            txs_sudo = txs_sudo.with_context(therapy_batch=True)._therapy_with_notes()
            locked = txs_sudo.try_lock_for_update(allow_referencing=True)
            for tx_sudo, (_number, answer) in zip(txs_sudo, answers, strict=True):
                if tx_sudo in locked:
                    tx_sudo._therapy_record_answer(answer)
            txs_sudo._therapy_write_notes()
            # If this process does not live to post them, the queue does.
            cron = env.ref("payment.cron_post_process_payment_tx")
            soon = clock.now() + timedelta(minutes=1)
            cron.sudo()._trigger(soon)  # sudo: billers may not see jobs
            return set((txs_sudo - locked).ids)

        busy = cursor.run_in_fresh_cursor(self.env, record, retries=10)
        return [pair for pair in answers if pair[0] in busy]

    # === POSTING === #

    @api.model
    def _therapy_post_batch(self, numbers) -> bool:
        """Post transactions together; one by one if that fails.

        :param list numbers: ids of the transactions
        :return: whether all were posted
        :rtype: bool
        """

        def post(env):
            env[self._name].sudo().browse(numbers)._post_process()  # sudo: core's mode

        try:
            cursor.run_in_fresh_cursor(self.env, post)
            return True
        except Exception as error:
            _logger.info("A batch is posted one by one: %s", error)
        return all([self._therapy_post_now(number) for number in numbers])
