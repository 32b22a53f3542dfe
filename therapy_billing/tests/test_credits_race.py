import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.therapy_billing.exceptions import BillBusy


@tagged("post_install", "-at_install")
class TestCreditsRace(TransactionCase):
    """One credit and two people who want it, over two database connections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            cls._create_data(api.Environment(cr, SUPERUSER_ID, {}))
        cls.addClassCleanup(cls._delete_data)

    @classmethod
    def _create_data(cls, env):
        company = env["res.company"].search([], order="id", limit=1)
        journal_domain = [("company_id", "=", company.id), ("type", "=", "sale")]
        if not env["account.journal"].search(journal_domain, limit=1):
            env["account.chart.template"].try_loading("generic_coa", company=company)
        payer, patient = env["res.partner"].create(
            [{"name": "Race payer"}, {"name": "Race patient"}]
        )
        line = {"name": "Race", "price_unit": 60.0, "tax_ids": [Command.clear()]}
        values = {
            "move_type": "out_invoice",
            "partner_id": payer.id,
            "patient_id": patient.id,
            "company_id": company.id,
            "invoice_date": "2026-11-16",
            "invoice_line_ids": [Command.create(line)],
        }
        bills = env["account.move"].create([values, values])
        bills.action_post()
        method = company._therapy_get_receipt_methods()[0]
        payment = env["account.payment"]._therapy_record(
            payer, 60.0, method, bills[0].date
        )
        cls.ids = {
            "bills": bills.ids,
            "payment": payment.id,
            "moves": (bills | payment.move_id).ids,
            "partners": (payer | patient).ids,
        }

    @classmethod
    def _delete_data(cls):
        with cls.registry.cursor() as cr:
            for table, ids in (
                ("account_payment", [cls.ids["payment"]]),
                ("account_move", cls.ids["moves"]),
            ):
                cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE id IN %s",
                        SQL.identifier(table),
                        tuple(ids),
                    )
                )
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["res.partner"].browse(cls.ids["partners"]).unlink()

    def _open(self, index):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["account.move"].browse(self.ids["bills"][index])

    def test_a_bill_that_somebody_else_serves_is_busy(self):
        one, again = self._open(0), self._open(0)
        self.assertEqual(len(one._therapy_apply_credits()), 1)
        with self.assertRaises(BillBusy):
            again._therapy_apply_credits()

    def test_a_credit_that_somebody_else_uses_is_left_out(self):
        one, two = self._open(0), self._open(1)
        self.assertEqual(len(one._therapy_apply_credits()), 1)
        one.env.flush_all()
        self.assertEqual(two._therapy_apply_credits(), [])

    def test_a_credit_used_after_the_snapshot_is_a_conflict(self):
        one, two = self._open(0), self._open(1)
        two.read(["amount_residual"])
        one._therapy_apply_credits()
        self.addCleanup(self._take_back)
        one.env.cr.commit()
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
        ):
            two._therapy_apply_credits()

    def test_goodwill_given_after_the_snapshot_is_a_conflict(self):
        """Two billers cannot both give what the limit allows once."""
        one, two = self._open(0), self._open(1)
        two.read(["amount_residual"])
        one._therapy_get_recent_goodwill(one.company_id, one.partner_id)
        one.env.cr.commit()
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
        ):
            two._therapy_get_recent_goodwill(two.company_id, two.partner_id)

    def _take_back(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["account.move"].browse(self.ids["bills"])._therapy_give_credits_back()
