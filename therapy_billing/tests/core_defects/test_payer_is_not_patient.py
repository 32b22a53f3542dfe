from odoo import Command
from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install", "core_defect")
class TestPayerIsNotPatient(AccountPaymentCommon):
    """A parent who pays the child's bill settles the child's account, nobody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_invoice_one_line(
            price_unit=100.0, tax_ids=[], partner_id=cls.partner_a.id, post=True
        )
        cls.transaction = cls._create_transaction(
            cls(),
            "direct",
            amount=100.0,
            reference="paid by the parent",
            partner_id=cls.partner_b.id,
            currency_id=cls.bill.currency_id.id,
            invoice_ids=[Command.set(cls.bill.ids)],
        )

    def test_the_payment_is_booked_on_the_bills_partner(self):
        self.transaction._set_done()
        self.transaction._post_process()
        payment = self.transaction.payment_id
        self.assertEqual(payment.partner_id, self.bill.partner_id)
        self.assertEqual(
            payment.move_id.line_ids.partner_id,
            self.bill.partner_id,
            "every line of the payment's entry is on the bill's partner",
        )
        self.assertTrue(self.bill.currency_id.is_zero(self.bill.amount_residual))
