from unittest.mock import patch

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import LockError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestRefundRace(TransactionCase):
    """Two people give the same payment back at once, on two database connections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            method = env.ref("payment.payment_method_unknown")
            partner = env["res.partner"].create({"name": "Refund race"})
            provider = env["payment.provider"].create(
                {
                    "name": "Refund race",
                    "code": "none",
                    "state": "test",
                    "payment_method_ids": [Command.set(method.ids)],
                }
            )
            tx = env["payment.transaction"].create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "reference": "refund race",
                    "amount": 100.0,
                    "currency_id": env.company.currency_id.id,
                    "partner_id": partner.id,
                    "operation": "offline",
                }
            )
            tx.state = "done"
            cls.ids = {"tx": tx.id, "provider": provider.id, "partner": partner.id}
        cls.addClassCleanup(cls._delete_data)

    @classmethod
    def _delete_data(cls):
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            transactions = env["payment.transaction"].search(
                [("provider_id", "=", cls.ids["provider"])], order="id desc"
            )
            transactions.unlink()
            env["payment.provider"].browse(cls.ids["provider"]).unlink()
            env["res.partner"].browse(cls.ids["partner"]).unlink()

    def setUp(self):
        super().setUp()
        for model, name, answer in (
            ("payment.transaction", "_therapy_get_refund_problem", lambda tx: ""),
            ("account.payment", "_therapy_plan_return", lambda *args: []),
        ):
            self.startPatcher(patch.object(self.env.registry[model], name, answer))

    def _open(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, SUPERUSER_ID, {})

    def _reserve(self, env, amount=60.0):
        source = env["payment.transaction"].browse(self.ids["tx"])
        refund = source._therapy_reserve_refund(amount, "reopen")
        env.flush_all()
        return refund

    def test_two_refunds_at_once_never_give_more_than_was_paid(self):
        first, second, third = self._open(), self._open(), self._open()
        # The third one looks before the first has finished.
        third["payment.transaction"].browse(self.ids["tx"]).read(["state"])
        self._reserve(first)
        with self.assertRaises(LockError), mute_logger("odoo.sql_db"):
            self._reserve(second)
        first.cr.commit()
        with self.assertRaises(OperationalError), mute_logger("odoo.sql_db"):
            self._reserve(third)
        last = self._open()
        with self.assertRaises(ValidationError):
            self._reserve(last)
        last.cr.rollback()
        last.invalidate_all()
        self.assertEqual(self._reserve(last, 40.0).base_amount, -40.0)
