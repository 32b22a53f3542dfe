from unittest.mock import patch

import psycopg2

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.therapy_billing.exceptions import BillBusy
from odoo.addons.therapy_billing.tools import cursor


@tagged("post_install", "-at_install")
class TestRace(TransactionCase):
    """Two database connections at once, committed and cleaned up by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            cls._create_data(env)
        cls.addClassCleanup(cls._delete_data)

    @classmethod
    def _create_data(cls, env):
        company = env["res.company"].search([], order="id", limit=1)
        journal_domain = [("company_id", "=", company.id), ("type", "=", "sale")]
        if not env["account.journal"].search(journal_domain, limit=1):
            env["account.chart.template"].try_loading("generic_coa", company=company)
        partners = env["res.partner"].create(
            [{"name": "Race one"}, {"name": "Race two"}, {"name": "Race patient"}]
        )
        patient = partners[2]
        patient.is_patient = True
        env["therapy.guarantor"].create(
            {
                "patient_id": patient.id,
                "partner_id": partners[0].id,
                "company_id": company.id,
            }
        )
        product = env["product.product"].create(
            {"name": "Race", "type": "service", "therapy_code": "RACE", "list_price": 9}
        )
        session = env["therapy.session"].create(
            {
                "patient_id": patient.id,
                "start": "2026-11-10 15:00:00",
                "state": "held",
                "company_id": company.id,
                "line_ids": [Command.create({"product_id": product.id})],
            }
        )
        runs = env["therapy.billing.run"].create(
            [
                {
                    "date_from": "2026-11-10",
                    "date_to": "2026-11-10",
                    "patient_ids": [Command.set(patient.ids)],
                    "company_id": company.id,
                }
            ]
            * 2
        )
        line = {"name": "Race", "price_unit": 100.0, "tax_ids": [Command.clear()]}
        bill = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partners[0].id,
                "patient_id": patient.id,
                "company_id": company.id,
                "invoice_date": "2026-11-16",
                "invoice_line_ids": [Command.create(line)],
            }
        )
        bill.action_post()
        method = env.ref("payment.payment_method_unknown")
        provider = env["payment.provider"].create(
            {
                "name": "Race",
                "code": "none",
                "state": "test",
                "company_id": company.id,
                "payment_method_ids": [Command.set(method.ids)],
            }
        )
        token = env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "partner_id": partners[0].id,
                "provider_ref": "race",
            }
        )
        cls.ids = {
            "bill": bill.id,
            "token": token.id,
            "currency": bill.currency_id.id,
            "provider": provider.id,
            "method": method.id,
            "payers": partners[:2].ids,
            "patient": patient.id,
            "partners": partners.ids,
            "product": product.id,
            "session": session.id,
            "runs": runs.ids,
        }

    @classmethod
    def _delete_data(cls):
        def delete(cr, table, column, ids):
            ids = tuple(ids if isinstance(ids, list) else [ids])
            cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s IN %s",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    ids,
                )
            )

        with cls.registry.cursor() as cr:
            delete(cr, "therapy_payment_allocation", "move_id", cls.ids["bill"])
            delete(cr, "payment_transaction", "provider_id", cls.ids["provider"])
            delete(cr, "payment_token", "id", cls.ids["token"])
            delete(cr, "payment_provider", "id", cls.ids["provider"])
            delete(cr, "account_move", "patient_id", cls.ids["patient"])
            delete(cr, "therapy_billing_run", "id", cls.ids["runs"])
            delete(cr, "therapy_session_line", "session_id", cls.ids["session"])
            delete(cr, "therapy_session", "id", cls.ids["session"])
            delete(cr, "therapy_guarantor", "patient_id", cls.ids["patient"])
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["product.product"].browse(cls.ids["product"]).unlink()
            env["res.partner"].browse(cls.ids["partners"]).unlink()

    def setUp(self):
        super().setUp()
        self.addCleanup(self._delete_transactions)

    def _delete_transactions(self):
        with self.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "DELETE FROM payment_transaction WHERE provider_id = %s",
                    self.ids["provider"],
                )
            )

    def _open(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, SUPERUSER_ID, {})

    def _pay(self, env, payer, amount):
        values = {
            "provider_id": self.ids["provider"],
            "payment_method_id": self.ids["method"],
            "amount": amount,
            "currency_id": self.ids["currency"],
            "partner_id": self.ids["payers"][payer],
            "operation": "online_direct",
            "reference": f"race {payer}",
            "invoice_ids": [Command.set([self.ids["bill"]])],
        }
        return env["payment.transaction"].create(values).id

    def test_the_lock_is_not_waited_for(self):
        first, second = self._open(), self._open()
        self._pay(first, 0, 60.0)
        with self.assertRaises(BillBusy):
            self._pay(second, 1, 60.0)

    def test_a_reservation_committed_after_the_snapshot_is_a_conflict(self):
        first, second = self._open(), self._open()
        second["account.move"].browse(self.ids["bill"]).read(["amount_residual"])
        self._pay(first, 0, 60.0)
        first.cr.commit()
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
        ):
            self._pay(second, 1, 60.0)

    def test_after_the_conflict_the_reservation_is_seen(self):
        env = self._open()
        env["account.move"].browse(self.ids["bill"]).read(["amount_residual"])
        cursor.run_in_fresh_cursor(env, lambda fresh: self._pay(fresh, 0, 60.0))
        with self.assertRaisesRegex(ValidationError, "40.00"):
            cursor.run_in_fresh_cursor(env, lambda fresh: self._pay(fresh, 1, 60.0))
        cursor.run_in_fresh_cursor(env, lambda fresh: self._pay(fresh, 1, 40.0))

    def _charge(self, answer, amount):
        env = self._open()
        token = env["payment.token"].browse(self.ids["token"])
        transaction_class = self.registry["payment.transaction"]
        with patch.object(transaction_class, "_send_payment_request", answer):
            return env["payment.transaction"]._therapy_charge(
                token, [(self.ids["bill"], amount)]
            )

    def _seen_from_outside(self):
        bill = self._open()["account.move"].browse(self.ids["bill"])
        return [
            (part.amount, part.live, part.transaction_id.state)
            for part in bill.therapy_allocation_ids
        ]

    def test_the_reservation_is_committed_before_the_processor_is_asked(self):
        seen = []

        def kill(tx):
            seen.extend(self._seen_from_outside())
            raise RuntimeError("The server was killed.")

        with self.assertRaises(RuntimeError):
            self._charge(kill, 60.0)
        self.assertEqual(seen, [(60.0, True, "draft")])
        self.assertEqual(self._seen_from_outside(), seen, "nobody knows what happened")
        with self.assertRaisesRegex(ValidationError, "not finished"):
            self._charge(lambda tx: tx._set_done(), 60.0)

    def test_the_answer_is_committed_by_itself(self):
        tx_id = self._charge(lambda tx: tx._set_pending(), 60.0)
        self.assertEqual(self._seen_from_outside(), [(60.0, True, "pending")])
        self.assertTrue(tx_id)

    def test_two_runs_at_once_bill_a_session_once(self):
        first, second = self._open(), self._open()
        session = self.ids["session"]
        one = first["therapy.billing.run"].browse(self.ids["runs"][0])
        two = second["therapy.billing.run"].browse(self.ids["runs"][1])
        self.assertFalse(one._bill_sessions(first["therapy.session"].browse(session)))
        theirs = second["therapy.session"].browse(session)
        self.assertEqual(list(two._bill_sessions(theirs)), [session])
        first.cr.commit()
        self.addCleanup(self._delete_bills, one.move_ids.ids, [first.cr, second.cr])
        with (
            self.assertRaises(psycopg2.errors.SerializationFailure),
            mute_logger("odoo.sql_db"),
        ):
            two._bill_sessions(theirs)
        second.cr.rollback()
        second.invalidate_all()
        self.assertFalse(two._bill_sessions(theirs))
        self.assertFalse(two.move_ids)

    def _delete_bills(self, ids, cursors):
        for cr in cursors:
            cr.rollback()
        with self.registry.cursor() as cr:
            cr.execute(SQL("DELETE FROM account_move WHERE id IN %s", tuple(ids)))
            cr.execute(
                SQL(
                    "UPDATE therapy_session SET billing_state = 'unbilled'"
                    " WHERE id = %s",
                    self.ids["session"],
                )
            )
