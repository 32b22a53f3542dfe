from freezegun import freeze_time

from odoo import SUPERUSER_ID, api
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged

NUMBER = "NO-SUCH-BILL/1"


@tagged("post_install", "-at_install")
class TestLockCommits(TransactionCase):
    """The lock with real transactions, as requests have them."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._sweep)

    def _cursor(self):
        return db_connect(self.env.cr.dbname).cursor()

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})

    def _count(self):
        with self._cursor() as cr:
            Attempt = self._env(cr)["therapy.access.attempt"]
            return Attempt._count_recent("bill_key", Attempt._bill_key(NUMBER))

    def _sweep(self):
        with self._cursor() as cr:
            self._env(cr)["therapy.access.attempt"]._unlock_bill(NUMBER)

    def _try(self, address):
        """Try once as a request does that fails afterwards."""
        with self._cursor() as cr:
            result = self._env(cr)["therapy.access.attempt"]._open_bill(
                NUMBER, "000000", address
            )
            cr.rollback()
        return result

    def test_a_failure_stays_when_its_request_is_rolled_back(self):
        self._try("10.1.0.1")
        self.assertEqual(self._count(), 1)

    def test_tries_that_started_together_compare_no_more_codes_than_allowed(self):
        # Each try is committed before any code is compared: what is under way counts.
        with self._cursor() as cr:
            Attempt = self._env(cr)["therapy.access.attempt"]
            keys = {"bill_key": Attempt._bill_key(NUMBER), "at": "2026-11-22 10:00:00"}
            with freeze_time("2026-11-22 10:00:00"):
                Attempt.create([{**keys, "address_key": f"{n}"} for n in range(5)])
                cr.commit()
                self._try("10.1.1.1")
                self.assertEqual(
                    self._count(), 5, "the sixth was refused and forgotten"
                )
