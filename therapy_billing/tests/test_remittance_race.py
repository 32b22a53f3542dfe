import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, mute_logger


@tagged("post_install", "-at_install")
class TestRemittanceRace(TransactionCase):
    """One remittance and two people who post it, over two database connections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            cls._create_data(api.Environment(cr, SUPERUSER_ID, {}))
        cls.addClassCleanup(cls._delete_data)

    @classmethod
    def _create_data(cls, env):
        company = env["res.company"].search([], order="id", limit=1)
        if not env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
        ):
            env["account.chart.template"].try_loading("generic_coa", company=company)
        insurer, patient = env["res.partner"].create(
            [
                {"name": "Race insurer", "is_insurer": True, "is_company": True},
                {"name": "Race patient", "is_patient": True},
            ]
        )
        env["therapy.guarantor"].create(
            {"patient_id": patient.id, "partner_id": patient.id, "role": "self"}
        )
        env["therapy.coverage"].create(
            {"patient_id": patient.id, "insurer_id": insurer.id, "copay": 3.0}
        )
        product = env["product.product"].create(
            {
                "name": "Race",
                "type": "service",
                "therapy_code": "RACE2",
                "list_price": 9.0,
                "taxes_id": [Command.clear()],
            }
        )
        session = env["therapy.session"].create(
            {
                "patient_id": patient.id,
                "start": "2026-11-10 15:00:00",
                "state": "held",
                "line_ids": [Command.create({"product_id": product.id, "units": 1})],
            }
        )
        run = env["therapy.billing.run"].create(
            {
                "date_from": "2026-11-10",
                "date_to": "2026-11-10",
                "patient_ids": [Command.set(patient.ids)],
            }
        )
        run.action_generate()
        answer = {"session_id": session.id, "paid": 4.0, "charge": 9.0}
        remittance = env["therapy.remittance"].create(
            {
                "partner_id": insurer.id,
                "trace": "RACE",
                "date": "2026-11-10",
                "amount": 4.0,
                "line_ids": [
                    Command.create(
                        {**answer, "contract_amount": 1.0, "patient_amount": 4.0}
                    )
                ],
            }
        )
        cls.ids = {
            "remittance": remittance.id,
            "run": run.id,
            "session": session.id,
            "patient": patient.id,
            "partners": (insurer | patient).ids,
            "product": product.product_tmpl_id.id,
        }

    @classmethod
    def _delete_data(cls):
        ids = cls.ids
        with cls.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "UPDATE account_move SET therapy_remittance_id = NULL"
                    " WHERE therapy_remittance_id = %s",
                    ids["remittance"],
                )
            )
            cr.execute(
                SQL(
                    "DELETE FROM account_partial_reconcile WHERE debit_move_id IN"
                    " (SELECT id FROM account_move_line WHERE partner_id IN %s)",
                    tuple(ids["partners"]),
                )
            )
            for table, column, value in (
                ("therapy_remittance_line", "remittance_id", ids["remittance"]),
                ("therapy_session_share", "session_id", ids["session"]),
                ("therapy_remittance", "id", ids["remittance"]),
                ("account_payment", "partner_id", ids["partners"][0]),
                ("account_move", "therapy_run_id", ids["run"]),
                ("account_move", "partner_id", ids["partners"]),
            ):
                values = tuple(value if isinstance(value, list) else [value])
                cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE %s IN %s",
                        SQL.identifier(table),
                        SQL.identifier(column),
                        values,
                    )
                )
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["therapy.billing.run"].browse(ids["run"]).unlink()
            env["therapy.session"].browse(ids["session"]).unlink()
            env["res.partner"].browse(ids["partners"]).unlink()
            env["product.template"].browse(ids["product"]).unlink()

    def _open(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        env = api.Environment(cr, SUPERUSER_ID, {})
        return env["therapy.remittance"].browse(self.ids["remittance"])

    def test_who_comes_second_is_told_so(self):
        one, two = self._open(), self._open()
        one.action_post()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            two.action_post()
        one.env.cr.rollback()

    def test_who_read_it_before_it_was_posted_is_run_again(self):
        one, two = self._open(), self._open()
        two.read(["state"])
        one.action_post()
        one.env.cr.commit()
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
        ):
            two.action_post()
        two.env.cr.rollback()
        two.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "in the books"):
            two.action_post()
        count = SQL("SELECT count(*) FROM account_payment WHERE memo = %s", one.name)
        self.assertEqual(two.env.execute_query(count), [(1,)])
