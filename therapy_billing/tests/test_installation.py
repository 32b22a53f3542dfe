from odoo.tests import tagged
from odoo.tools import SQL
from odoo.tools.misc import file_open

from odoo.addons.therapy_billing.hooks import pre_init_hook

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestInstallation(TherapyCommon):
    def test_a_neutralized_copy_has_no_card_and_no_try(self):
        bill = self._create_bill(self.mother, 100.0)
        token = self._create_token(partner_id=self.mother.id)
        tx = self._pay(bill, 40.0)
        with file_open("therapy_billing/data/neutralize.sql") as file:
            self.env.cr.execute(SQL(file.read()))
        self.env.invalidate_all()
        self.assertFalse(token.active)
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(tx.therapy_allocation_ids.live)

    def test_transactions_that_were_there_before_get_a_uuid_each(self):
        bill = self._create_bill(self.mother, 100.0)
        txs = self._pay(bill, 40.0) | self._pay(bill, 60.0, payer=self.father)
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE payment_transaction ALTER COLUMN uuid DROP NOT NULL"
        )
        self.env.cr.execute(
            SQL("UPDATE payment_transaction SET uuid = NULL WHERE id IN %s", txs._ids)
        )
        self.env["payment.transaction"]._init_column("uuid")
        txs.invalidate_recordset()
        self.assertTrue(all(txs.mapped("uuid")))
        self.assertNotEqual(txs[0].uuid, txs[1].uuid)

    def test_the_columns_of_bills_are_made_once(self):
        pre_init_hook(self.env)
        bill = self._create_bill(self.mother, 100.0)
        self.assertTrue(bill.is_therapy_bill)
