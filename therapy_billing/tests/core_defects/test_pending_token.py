from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon


@tagged("post_install", "-at_install", "core_defect")
class TestPendingToken(AccountPaymentCommon):
    """A bank debit that staff start is pending for days; its money must be booked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_invoice_one_line(
            price_unit=100.0, tax_ids=[], partner_id=cls.partner_a.id, post=True
        )

    def _register_payment_by_token(self):
        token = self._create_token(partner_id=self.bill.partner_id.id)
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        method = lines.filtered(lambda x: x.payment_provider_id == self.provider)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.bill.ids)
            .create(
                {
                    "journal_id": self.provider.journal_id.id,
                    "payment_method_line_id": method.id,
                    "payment_token_id": token.id,
                }
            )
        )
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_payment_request",
            lambda tx: tx._set_pending(),
        ):
            return wizard._create_payments()

    def test_a_pending_payment_is_not_cancelled(self):
        payment = self._register_payment_by_token()
        self.assertEqual(payment.payment_transaction_id.state, "pending")
        self.assertNotEqual(payment.state, "canceled")

    def test_money_that_arrives_later_is_booked(self):
        payment = self._register_payment_by_token()
        transaction = payment.payment_transaction_id
        transaction._set_done()
        transaction._post_process()
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertTrue(self.bill.currency_id.is_zero(self.bill.amount_residual))
        self.assertIn(self.bill.payment_state, ("in_payment", "paid"))
