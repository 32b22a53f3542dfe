from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install", "core_defect")
class TestDoublePayment(AccountPaymentCommon):
    """An invoice of 100.00 takes 100.00, however often its payer presses the button."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_invoice_one_line(
            price_unit=100.0, tax_ids=[], partner_id=cls.partner_a.id, post=True
        )

    def _pay(self, amount, reference, partner=None):
        return self._create_transaction(
            "direct",
            amount=amount,
            reference=reference,
            partner_id=(partner or self.bill.partner_id).id,
            currency_id=self.bill.currency_id.id,
            invoice_ids=[Command.set(self.bill.ids)],
        )

    def test_two_tabs_cannot_pay_the_same_bill(self):
        self._pay(100.0, "first tab")
        with self.assertRaises(ValidationError):
            self._pay(100.0, "second tab")

    def test_two_people_cannot_pay_more_than_the_bill(self):
        self._pay(60.0, "one parent")
        with self.assertRaises(ValidationError):
            self._pay(60.0, "other parent", partner=self.partner_b)

    def test_a_paid_bill_takes_no_new_payment(self):
        transaction = self._pay(100.0, "first")
        transaction._set_done()
        transaction._post_process()
        self.assertTrue(self.bill.currency_id.is_zero(self.bill.amount_residual))
        with self.assertRaises(ValidationError):
            self._pay(100.0, "once more")

    def test_more_than_the_rest_is_refused(self):
        with self.assertRaises(ValidationError):
            self._pay(250.0, "too much")

    def test_nothing_and_less_than_nothing_are_refused(self):
        for amount in (0.0, -5.0):
            with self.assertRaises(ValidationError):
                self._pay(amount, f"amount {amount}")

    def test_fractions_of_a_cent_are_refused(self):
        with self.assertRaises(ValidationError):
            self._pay(10.005, "half a cent")
