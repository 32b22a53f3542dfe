import random

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools import cursor

#: After a refusal for too many requests: slower by this factor, and back by this one.
SLOWER, FASTER = 0.5, 1.1
#: Pause after such a refusal, in seconds; longer by up to as much again.
PAUSE = 1.0


class TherapyChargeThrottle(models.Model):
    """When the next call to a processor may start, for all processes of all nodes.

    A process takes a row of moments in the future at once, in a short transaction of
    its own, so that no lock is held while anybody is charged. A process that dies
    wastes at most the moments it took.
    """

    _name = "therapy.charge.throttle"
    _description = "Pace of Charges"
    _rec_name = "provider_id"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="provider_id.company_id", store=True)
    next_at = fields.Float(
        digits=(16, 3), readonly=True, help="Unix time of the next free moment."
    )
    pace = fields.Float(
        default=1.0, readonly=True, help="Part of the allowed rate that is used now."
    )

    _provider_uniq = models.UniqueIndex("(provider_id)", "A provider has one pace.")

    @api.model
    def _take(self, provider_id, count, now):
        """Take moments for some calls.

        :param int provider_id: id of the `payment.provider`
        :param int count: number of calls
        :param float now: unix time
        :return: unix times, ascending
        :rtype: list[float]
        """

        def take(env):
            row = env[self._name]._get(provider_id)
            rate = row.provider_id._therapy_get_charge_rate() * row.pace
            start = max(row.next_at, now)
            row.write(
                {
                    "next_at": start + count / rate,
                    "pace": min(1.0, row.pace * FASTER),
                }
            )
            return [start + number / rate for number in range(count)]

        return self._run_apart(take)

    @api.model
    def _slow_down(self, provider_id, now):
        """Let all processes pause and go on more slowly: the processor said so.

        :param int provider_id: id of the `payment.provider`
        :param float now: unix time
        :return: unix time after which the refused call may be sent again
        :rtype: float
        """

        def slow(env):
            row = env[self._name]._get(provider_id)
            pause = PAUSE * (1 + random.random()) / row.pace
            row.write(
                {
                    "pace": max(1 / 16, row.pace * SLOWER),
                    "next_at": max(row.next_at, now + pause),
                }
            )
            return row.next_at + random.random()

        return self._run_apart(slow)

    @api.model
    def _run_apart(self, func):
        """Run a function in a short transaction of its own.

        :param callable func: function of an environment
        :return: what it returns
        """
        try:
            with mute_logger("odoo.sql_db"):
                return cursor.run_in_fresh_cursor(self.env, func, retries=10)
        except UniqueViolation:  # Another process made the row at this moment.
            return cursor.run_in_fresh_cursor(self.env, func, retries=10)

    @api.model
    def _get(self, provider_id):
        """Return the locked row of a provider, in sudo mode.

        :param int provider_id: id of the `payment.provider`
        :rtype: therapy.charge.throttle
        """
        rows_sudo = self.sudo()  # sudo: billers only read the pace
        row_sudo = rows_sudo.search([("provider_id", "=", provider_id)], limit=1)
        if not row_sudo:
            row_sudo = rows_sudo.create({"provider_id": provider_id})
        row_sudo.lock_for_update()
        return row_sudo
