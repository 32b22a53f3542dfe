import ipaddress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import hmac

from odoo.addons.therapy_billing.tools.clock import now
from odoo.addons.therapy_billing.tools.cursor import run_in_fresh_cursor

from ..const import ALARM_FAILURES, ALARM_HOURS, LOCK_MINUTES, MAX_FAILURES

# Stands for all bills in the row that marks an alarm; no hash looks like it.
ALARM_KEY = "alarm"


class TherapyAccessAttempt(models.Model):
    """A wrong try to open a bill with number and code (P3).

    A try is written and committed *before* the code is compared, and removed when it
    was right: so however many requests run at once, on however many servers, no more
    than the allowed number of codes is ever compared. What was typed and where it came
    from is kept as a keyed hash only.
    """

    _name = "therapy.access.attempt"
    _description = "Failed Try to Open a Bill"
    _order = "id desc"
    _rec_name = "at"

    at = fields.Datetime(required=True, index=True, readonly=True)
    bill_key = fields.Char(required=True, index=True, readonly=True)
    address_key = fields.Char(required=True, index=True, readonly=True)

    # === BUSINESS METHODS === #

    @api.model
    def _open_bill(self, number: str, code: str, address: str) -> int:
        """Return the bill that a number and a code open, and count the try if none.

        Every failure has the same result and costs the same work: unknown number, wrong
        code, paid, cancelled, insurer's, locked.

        :param str number: bill number as typed
        :param str code: access code as typed
        :param str address: network address of the visitor
        :return: id of the `account.move`, 0 if refused
        :rtype: int
        """
        bill_key, address_key = self._bill_key(number), self._address_key(address)

        def record(env):
            # sudo: visitors have no rights on tries
            Attempt = env["therapy.access.attempt"].sudo()  # sudo: see line above
            values = {"at": now(), "bill_key": bill_key, "address_key": address_key}
            return Attempt.create(values).id

        attempt_id = run_in_fresh_cursor(self.env, record)

        def check(env):
            # sudo: visitors have no rights on tries
            Attempt = env["therapy.access.attempt"].sudo()  # sudo: see line above
            # The try itself is among those counted.
            locked = Attempt._is_locked(bill_key, address_key, but=1)
            move = env["account.move"]._therapy_find_by_code(number, code)
            if locked or move:
                # A refused try does not make the wait longer. Nothing points at it.
                env.cr.execute(
                    SQL("DELETE FROM therapy_access_attempt WHERE id = %s", attempt_id)
                )
                Attempt.invalidate_model(flush=False)
            else:
                Attempt._watch_ceiling()
            return 0 if locked else move.id or 0

        return run_in_fresh_cursor(self.env, check)

    @api.model
    def _open_link(self, token: str, address: str) -> int:
        """Return the link of a token, and count the try if there is none.

        Guesses count against the address as wrong codes do, and an address that is
        locked opens no link either. A link that is over is no guess.

        :param str token: as it stands in the address
        :param str address: network address of the visitor
        :return: id of the `therapy.pay.link`, of whatever state, 0 if refused
        :rtype: int
        """
        address_key = self._address_key(address)
        # sudo: visitors have no rights on tries
        Attempt_sudo = self.sudo()  # sudo: see line above
        locked = Attempt_sudo._count_recent("address_key", address_key) >= MAX_FAILURES
        link_sudo = self.env["therapy.pay.link"]._find(token)
        if link_sudo or locked:
            return 0 if locked else link_sudo.id
        env_su = self.env(su=True)  # su: the database secret is the key of the hash
        key = hmac(env_su, "therapy_access_link", token[:64])

        def record(env):
            values = {"at": now(), "bill_key": key, "address_key": address_key}
            Attempt_sudo = env["therapy.access.attempt"].sudo()  # sudo: see above
            Attempt_sudo.create(values)
            Attempt_sudo._watch_ceiling()

        run_in_fresh_cursor(self.env, record)
        return 0

    @api.model
    def _is_bill_locked(self, number: str) -> bool:
        """Tell whether a bill is closed because of wrong tries.

        :param str number: bill number
        :return: whether as many tries failed in the last minutes as lock it
        :rtype: bool
        """
        return self._is_bill_key_locked(self._bill_key(number))

    @api.model
    def _is_locked(self, bill_key: str, address_key: str, but: int = 0) -> bool:
        """Tell whether a bill or an address is closed because of wrong tries.

        :param str bill_key: see :meth:`_bill_key`
        :param str address_key: see :meth:`_address_key`
        :param int but: number of tries that do not count, the one being made
        :return: whether it is
        :rtype: bool
        """
        by_address = self._count_recent("address_key", address_key) - but
        by_bill = self._is_bill_key_locked(bill_key, but)
        return by_bill or by_address >= MAX_FAILURES

    @api.model
    def _is_bill_key_locked(self, bill_key: str, but: int = 0) -> bool:
        """Tell whether a bill is closed; during an alarm sooner and longer.

        :param str bill_key: see :meth:`_bill_key`
        :param int but: number of tries that do not count
        :return: whether it is
        :rtype: bool
        """
        if self._count_recent("bill_key", bill_key) - but >= MAX_FAILURES:
            return True
        if not self._is_alarm():
            return False
        minutes = ALARM_HOURS * 60
        failures = self._count_recent("bill_key", bill_key, minutes) - but
        return failures >= ALARM_FAILURES

    @api.model
    def _is_alarm(self) -> bool:
        """Tell whether the ceiling over all bills was passed in the last hours.

        :return: whether it was
        :rtype: bool
        """
        return bool(self._count_recent("bill_key", ALARM_KEY, ALARM_HOURS * 60))

    @api.model
    def _unlock_bill(self, number: str):
        """Forget the failed tries of a bill, and so of the addresses that made them.

        :param str number: bill number
        :return: None
        """
        self.search([("bill_key", "=", self._bill_key(number))]).unlink()

    @api.model
    def _count_recent(self, field: str, key: str, minutes: int = LOCK_MINUTES) -> int:
        """Count the tries of the last minutes.

        :param str field: `bill_key` or `address_key`
        :param str key: value of it
        :param int minutes: how far to look back
        :return: number of tries younger than that
        :rtype: int
        """
        since = now() - timedelta(minutes=minutes)
        return self.search_count([(field, "=", key), ("at", ">", since)])

    @api.model
    def _bill_key(self, number: str) -> str:
        """Return the keyed hash of a bill number, whatever its case and spaces.

        :param str number: as typed, of any length
        :return: hexadecimal hash
        :rtype: str
        """
        text = "".join((number or "").split()).upper()[:64]
        # sudo: the database secret is the key of the hash
        return hmac(self.env(su=True), "therapy_access_bill", text)  # su: see above

    @api.model
    def _address_key(self, address: str) -> str:
        """Return the keyed hash of an address; of IPv6 the network a customer gets.

        :param str address: IPv4 or IPv6 address
        :return: hexadecimal hash
        :rtype: str
        """
        text = address or ""
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            parsed = None
        if parsed and parsed.version == 6:
            text = str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), False))
        # sudo: the database secret is the key of the hash
        return hmac(self.env(su=True), "therapy_access_address", text)  # su: see above

    @api.autovacuum
    def _gc_attempts(self):
        """Delete the tries that lock nothing any more, even during an alarm.

        :return: None
        """
        since = now() - timedelta(hours=ALARM_HOURS)
        self.search([("at", "<=", since)], limit=10000).unlink()
