from unittest.mock import patch

from odoo.tests import freeze_time, tagged

from .common import NOW
from .refunds import RefundCommon

FEE_LOGGER = "odoo.addons.therapy_billing.models.payment_transaction_fee"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefundFee(RefundCommon):
    """The processing fee of a payment that goes back (M7)."""

    def test_the_fee_goes_back_in_proportion_and_whole_in_the_end(self):
        tx = self.paid_with_fee(33.33)
        self.assertCents(tx.fee_amount, 0.99)
        first = self.give_back(tx, 11.11)
        self.assertCents(first.fee_amount, -0.33)
        self.assertCents(first.amount, -11.44)
        self.assertCents(self.income(), 0.66)
        second = self.give_back(tx, 0.01)
        self.assertCents(second.fee_amount, -0.01)
        third = self.give_back(tx, 22.21)
        self.assertCents(self.income(), 0.0)
        given = -sum((first | second | third).mapped("amount"))
        self.assertCents(given, tx.amount)
        self.assertResidual(self.bill, 100.0)
        self.assertReceivable(self.mother, 100.0)

    def test_a_fee_alone_can_go_back(self):
        tx = self.paid_with_fee()
        refund = self.give_back(tx, 0.0, fee=1.5)
        self.assertEqual(refund.state, "done")
        self.assertCents(refund.payment_id.amount, 1.5)
        self.assertCents(self.income(), 0.0)
        self.assertResidual(self.bill, 50.0)
        rest = self.give_back(tx, 50.0)
        self.assertCents(rest.amount, -50.0)
        self.assertResidual(self.bill, 100.0)

    def test_a_fee_that_cannot_go_back_holds_up_no_other(self):
        txs = self.paid_with_fee(20.0) | self.paid_with_fee(30.0)
        txs.write({"fee_is_due_back": True})
        give_back = type(txs)._therapy_refund

        def fail(tx, *args, **kwargs):
            if tx == txs[0]:
                raise ValueError("broken for the test")
            return give_back(tx, *args, **kwargs)

        with (
            patch.object(type(txs), "_therapy_refund", fail),
            self.assertLogs(FEE_LOGGER, "ERROR"),
        ):
            txs._cron_therapy_return_fees()
        self.assertEqual(txs.mapped("fee_is_due_back"), [True, False])
        self.assertCents(self.income(), txs[0].fee_amount)
        txs._cron_therapy_return_fees()
        self.assertCents(self.income(), 0.0)

    def test_a_fee_that_the_processor_keeps_is_told_to_a_person(self):
        tx = self.paid_with_fee()
        tx.fee_is_due_back = True
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_refund_request",
            lambda refund: refund._set_error("no"),
        ):
            tx._cron_therapy_return_fees()
        self.assertFalse(tx.fee_is_due_back)
        self.assertIn("1.50", tx.payment_id.activity_ids.note)

    def test_cores_refund_of_a_total_takes_its_part_of_the_fee(self):
        tx = self.paid_with_fee()
        tx.sudo()._refund(25.75)  # sudo: as core's wizard
        self.assertResidual(self.bill, 75.0)
        self.assertCents(self.income(), 0.75)
