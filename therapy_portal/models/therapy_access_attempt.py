import ipaddress
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools.misc import hmac

from odoo.addons.therapy_billing.tools.clock import now
from odoo.addons.therapy_billing.tools.cursor import run_in_fresh_cursor

from ..const import LOCK_MINUTES, MAX_FAILURES


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
            locked = any(
                Attempt._count_recent(field, key) > MAX_FAILURES
                for field, key in (("bill_key", bill_key), ("address_key", address_key))
            )
            move = env["account.move"]._therapy_find_by_code(number, code)
            if locked or move:
                # A refused try does not make the wait longer.
                Attempt.browse(attempt_id).exists().unlink()
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
            env["therapy.access.attempt"].sudo().create(values)  # sudo: see above

        run_in_fresh_cursor(self.env, record)
        return 0

    @api.model
    def _is_bill_locked(self, number: str) -> bool:
        """Tell whether a bill is closed because of wrong tries.

        :param str number: bill number
        :return: whether as many tries failed in the last minutes as lock it
        :rtype: bool
        """
        return self._count_recent("bill_key", self._bill_key(number)) >= MAX_FAILURES

    @api.model
    def _unlock_bill(self, number: str):
        """Forget the failed tries of a bill, and so of the addresses that made them.

        :param str number: bill number
        :return: None
        """
        self.search([("bill_key", "=", self._bill_key(number))]).unlink()

    @api.model
    def _count_recent(self, field: str, key: str) -> int:
        """Count the tries of the last minutes.

        :param str field: `bill_key` or `address_key`
        :param str key: value of it
        :return: number of tries younger than the lock
        :rtype: int
        """
        since = now() - timedelta(minutes=LOCK_MINUTES)
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
        """Delete the tries that lock nothing any more.

        :return: None
        """
        since = now() - timedelta(minutes=LOCK_MINUTES)
        self.search([("at", "<=", since)], limit=10000).unlink()
