from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestCapture(TherapyStripeCommon):
    """Payments that are held first and taken, or let go, later."""

    def setUp(self):
        super().setUp()
        self.token = self._save_card()
        self.bill = self._create_bill(100.0)

    def _get_live(self, tx):
        return tx.therapy_allocation_ids.filtered("live")

    def _capture_manually(self):
        card = self.env.ref("payment.payment_method_card")
        self.provider.payment_method_ids = card
        self.provider.capture_manually = True

    def test_authorized_payment_is_captured_once(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.state, "authorized")
        self.assertEqual(self.bill._therapy_get_payable_amount(), 0.0)
        tx._capture()
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)
        row = self.sandbox.requests("/capture", "POST")[-1]
        self.assertEqual(row["idempotency_key"], f"tk1:{tx.uuid}")
        self._post_process(tx)
        self.assertEqual(tx.payment_id.paid_by_partner_id, self.payer)
        self.assertEqual(self.bill.amount_residual, 0.0)
        self.assertFalse(self._get_live(tx))

    def test_authorized_payment_is_voided(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        tx._void()
        self.assertEqual(tx.state, "cancel")
        self.assertFalse(self.sandbox.captured())
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 100.0)

    def test_what_stripe_calls_a_refund_of_a_voided_payment_is_ignored(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.cancel_payment_intent(tx.provider_reference)
        event = self.env["therapy.stripe.event"].new({"provider_id": self.provider.id})
        let_go = {"id": "re_1", "payment_intent": tx.provider_reference}
        state = event._apply_refund({**let_go, "status": "succeeded"})
        self.assertEqual((state, tx.state), ("ignored", "cancel"))
        self.assertFalse(tx.child_transaction_ids)

    def test_nothing_is_captured_of_a_payment_unknown_to_stripe(self):
        tx = self._create_tx(self.bill)
        tx.state = "authorized"
        with self.assertRaisesRegex(UserError, "knows nothing"):
            tx._capture()

    def test_capture_that_stripe_does_not_answer_leaves_it_authorized(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        self.sandbox.fault("drop_before", "/capture$")
        with self.assertRaisesRegex(UserError, "stays authorized"):
            tx._capture()
        self.assertEqual(tx.state, "authorized")
        self.assertTrue(self._get_live(tx))

    def _let_go_at_stripe(self, tx):
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.cancel_payment_intent(tx.provider_reference)

    def test_what_stripe_let_go_is_asked_about_when_no_event_came(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        self._let_go_at_stripe(tx)
        with self._later(minutes=11):
            tx._cron_therapy_stripe_refresh()
        self.env.invalidate_all()
        self.assertEqual(tx.state, "cancel")
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 100.0)

    def test_what_stripe_let_go_can_be_voided_here(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        self._let_go_at_stripe(tx)
        tx._void()
        self.assertEqual(tx.state, "cancel")
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 100.0)

    def _capture_at_stripe(self, tx, minor):
        self.provider._therapy_stripe_get_adapter().raw(
            "POST",
            f"payment_intents/{tx.provider_reference}/capture",
            {"amount_to_capture": minor},
            "elsewhere",
        )

    def test_a_part_captured_at_stripe_is_all_that_is_booked(self):
        self._capture_manually()
        tx = self._charge(self.bill, self.token)
        self._capture_at_stripe(tx, 4000)
        tx._therapy_stripe_refresh()
        self._post_process(tx)
        self.assertEqual((tx.state, tx.amount, tx.base_amount), ("done", 40.0, 40.0))
        self.assertEqual(tx.payment_id.amount, 40.0)
        self.assertEqual(self.bill.amount_residual, 60.0)
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 60.0)
        tx._therapy_stripe_refresh()
        self.assertEqual((tx.state, tx.amount), ("done", 40.0))

    def test_the_fee_goes_down_with_a_part_captured_at_stripe(self):
        tx = self._create_tx(self.bill)
        tx.write({"amount": 103.0, "fee_amount": 3.0, "base_amount": 100.0})
        tx._therapy_stripe_take_received(5150)
        amounts = (tx.amount, tx.base_amount, tx.fee_amount)
        self.assertEqual(amounts, (51.5, 50.0, 1.5))

    def test_payment_of_no_bill_is_captured_by_a_child_as_in_core(self):
        self._capture_manually()
        tx = self._create_tx(self.bill, operation="online_direct", invoice_ids=False)
        tx.amount = 20.0
        tx._get_processing_values()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "authorized")
        child = tx._capture()
        self.assertEqual(child.source_transaction_id, tx)
        self.assertEqual((child.state, tx.state), ("done", "done"))
