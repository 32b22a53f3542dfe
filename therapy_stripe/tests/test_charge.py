from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.therapy_stripe.outcome import Outcome

from .common import TherapyStripeCommon

CHARGE_LOG = "odoo.addons.therapy_stripe.models.payment_transaction_charge"


@tagged("post_install", "-at_install")
class TestCharge(TherapyStripeCommon):
    def setUp(self):
        super().setUp()
        self.token = self._save_card()
        self.bill = self._create_bill(100.0)

    def _get_charges(self):
        return self.sandbox.requests("/v1/payment_intents", "POST")

    def _resolve(self):
        self.env["payment.transaction"]._cron_therapy_stripe_resolve()
        self.env.invalidate_all()

    def _get_live(self, tx):
        return tx.therapy_allocation_ids.filtered("live")

    # === ONE CHARGE === #

    def test_a_charge_is_booked_on_the_bill_and_paid(self):
        tx = self._charge(self.bill, self.token)
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("done", "done"))
        self.assertTrue(tx.sent_at and tx.charged_at)
        self.assertTrue(tx.provider_reference.startswith("pi_"))
        self.assertIn(self.bill.payment_state, ("paid", "in_payment"))
        self.assertEqual(tx.payment_id.partner_id, self.payer)
        self.assertAlmostEqual(tx.payment_id.amount, 100.0)
        self.assertFalse(self._get_live(tx))
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_a_part_leaves_the_rest(self):
        self._charge(self.bill, self.token, 40.0)
        self.assertAlmostEqual(self.bill.amount_residual, 60.0)
        self._charge(self.bill, self.token, 60.0)
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_stripe_is_told_two_opaque_ids_only(self):
        tx = self._charge(self.bill, self.token)
        params = self._get_charges()[-1]["params"]
        db_uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(params["metadata"], {"tx": tx.uuid, "db": db_uuid})
        for name in ("description", "shipping", "receipt_email"):
            self.assertNotIn(name, params)
        for word in ("Dana", "Kim", self.bill.name, "Services"):
            self.assertNotIn(word, str(params))
        self.assertEqual(self._get_charges()[-1]["idempotency_key"], f"tp1:{tx.uuid}")

    def test_calling_twice_charges_once(self):
        tx = self._charge(self.bill, self.token)
        tx._charge_with_token()
        self.assertEqual(self.sandbox.captured(), 10000)
        self.assertEqual(tx.state, "done")

    def test_a_decline_frees_the_bill_and_says_why(self):
        bad = self._save_card("pm_card_chargeCustomerFail")
        tx = self._charge(self.bill, bad)
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("error", "declined"))
        self.assertEqual(tx.therapy_stripe_code, "card_declined")
        self.assertIn("declined", tx.state_message)
        self.assertFalse(self._get_live(tx))
        self.assertAlmostEqual(self.bill.amount_residual, 100.0)
        again = self._charge(self.bill, self.token)
        self.assertEqual(again.state, "done")

    def test_authentication_required_is_no_charge(self):
        card = self._save_card("pm_card_authenticationRequired")
        tx = self._charge(self.bill, card)
        self.assertEqual(tx.state, "error")
        self.assertIn("approve", tx.state_message)
        self.assertFalse(self.sandbox.captured())

    def test_a_refused_request_charges_nothing(self):
        self.token.stripe_payment_method = "pm_gone"
        tx = self._charge(self.bill, self.token)
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("error", "error"))
        self.assertFalse(self._get_live(tx))

    def test_a_disabled_provider_sends_nothing(self):
        self.sandbox.control("DELETE", "requests")
        self.provider.stripe_secret_key = "sk_test_other"
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.provider.therapy_stripe_api_base = False
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.state, "error")
        self.assertIn("copy", tx.state_message)
        self.assertFalse(self.sandbox.requests())

    def test_too_many_requests_are_sent_again_with_the_same_key(self):
        self.sandbox.fault("status", status=429, times=2)
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.state, "done")
        keys = {row["idempotency_key"] for row in self._get_charges()[-3:]}
        self.assertEqual(keys, {f"tp1:{tx.uuid}"})
        self.assertEqual(self.sandbox.captured(), 10000)

    # === LOST ANSWERS === #

    def test_lost_answer_keeps_the_reservation_and_is_adopted(self):
        self.sandbox.fault("drop_after")
        tx = self._charge(self.bill, self.token)
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("pending", "unknown"))
        self.assertEqual(sum(self._get_live(tx).mapped("amount")), 100.0)
        self.assertEqual(self.bill._therapy_get_payable_amount(), 0.0)
        self.assertEqual(self.sandbox.captured(), 10000)
        self.sandbox.heal()
        self._resolve()
        self.assertEqual(tx.state, "pending", "too young to be asked about")
        with self._later(minutes=5):
            self._resolve()
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("done", "done"))
        self._post_process(tx)
        self.assertIn(self.bill.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_event_faster_than_the_answer_is_not_forgotten(self):
        tx = self._charge(self.bill, self.token)
        tx._therapy_stripe_record(Outcome("unknown"))
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("done", "done"))

    def test_request_that_never_arrived_is_carried_out_once(self):
        self.sandbox.fault("drop_before")
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.therapy_stripe_result, "unknown")
        self.assertFalse(self.sandbox.captured())
        self.sandbox.heal()
        with self._later(minutes=5):
            self._resolve()
            self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)
        keys = {row["idempotency_key"] for row in self._get_charges()}
        self.assertEqual(keys, {f"tp1:{tx.uuid}"})

    def test_too_many_requests_are_settled_later(self):
        self.sandbox.fault("status", status=429, times=100)
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.therapy_stripe_result, "unknown")
        self.sandbox.heal()
        with self._later(minutes=5):
            self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_an_error_that_stripe_remembers_waits_for_the_list(self):
        self.sandbox.fault("status", status=500)
        tx = self._charge(self.bill, self.token)
        self.assertEqual(tx.therapy_stripe_result, "unknown")
        self.sandbox.heal()
        with self._later(minutes=5):
            self._resolve()
        self.assertEqual(tx.therapy_stripe_result, "unknown", "same key, same answer")
        with self._later(hours=26):
            self._resolve()
        self.assertEqual((tx.state, tx.therapy_stripe_code), ("error", "not_created"))
        self.assertFalse(self.sandbox.captured())

    def test_crash_before_the_answer_was_recorded(self):
        with (
            patch.object(
                type(self.env["payment.transaction"]),
                "_therapy_stripe_record",
                side_effect=RuntimeError("killed"),
            ),
            self.assertLogs(CHARGE_LOG, "ERROR"),
        ):
            tx = self._charge(self.bill, self.token)
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("draft", False))
        self.assertEqual(sum(self._get_live(tx).mapped("amount")), 100.0)
        with self._later(minutes=5):
            self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_after_the_key_expired_the_list_tells(self):
        self.sandbox.fault("drop_after")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        self.sandbox.control("DELETE", "requests")
        self.sandbox.control("POST", "clock/advance", {"seconds": 26 * 3600})
        with self._later(hours=26):
            self._resolve()
        self.assertFalse(self._get_charges(), "no new request after the key's life")
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_after_the_key_expired_nothing_found_frees_the_bill(self):
        self.sandbox.fault("drop_before")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        with self._later(hours=26):
            self._resolve()
        self.assertEqual((tx.state, tx.therapy_stripe_code), ("error", "not_created"))
        self.assertFalse(self._get_live(tx))
        self.assertAlmostEqual(self.bill._therapy_get_payable_amount(), 100.0)

    def test_stripe_still_silent_keeps_it_unknown(self):
        self.sandbox.fault("drop_before")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        self.sandbox.fault("drop_before", "/v1/", times=30)
        self.sandbox.control(
            "POST",
            "faults",
            {
                "match": {"method": "GET", "path_regex": "/v1/"},
                "do": "drop_before",
                "times": 30,
            },
        )
        with self._later(hours=30):
            self._resolve()
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("pending", "unknown"))
        self.assertTrue(self._get_live(tx))

    def test_wrong_keys_do_not_pass_for_a_failed_charge(self):
        self.sandbox.fault("drop_after")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        self.sandbox.fault("status", status=401, times=9)
        with self._later(minutes=5):
            self._resolve()
        self.assertEqual(tx.state, "done", "found in the list although refused")

    def test_a_late_success_after_cancel_is_booked(self):
        self.sandbox.fault("drop_after")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        tx._set_canceled()
        intent_ref = self.sandbox.intents()[-1]["id"]
        adapter = self.provider._therapy_stripe_get_adapter()
        self.assertTrue(
            tx._therapy_stripe_apply(adapter.retrieve_payment_intent(intent_ref))
        )
        self.assertEqual(tx.state, "done")

    # === REFUNDS, QUIET PAYMENTS === #

    def test_a_refund_has_a_key_and_opaque_metadata(self):
        tx = self._charge(self.bill, self.token)
        refund = tx._refund(30.0)
        self.assertEqual(refund.state, "done")
        row = self.sandbox.requests("/v1/refunds", "POST")[-1]
        self.assertEqual(row["idempotency_key"], f"tr1:{refund.uuid}")
        self.assertEqual(set(row["params"]["metadata"]), {"tx", "db"})

    def test_pending_payment_without_event_is_asked_about(self):
        tx = self._charge(self.bill, self.token)
        self.env.cr.execute(
            "UPDATE payment_transaction SET state = 'pending',"
            " therapy_stripe_result = 'pending' WHERE id = %s",
            (tx.id,),
        )
        tx.invalidate_recordset()
        with self._later(minutes=30):
            tx._cron_therapy_stripe_refresh()
        self.assertEqual(tx.state, "done")

    def test_charge_that_waits_for_an_absent_payer_is_given_up(self):
        tx = self._create_tx(self.bill, operation="offline", token_id=self.token.id)
        tx.sent_at = tx.create_date
        adapter = self.provider._therapy_stripe_get_adapter()
        intent = adapter.create_payment_intent(
            {
                "amount": 10000,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_authenticationRequired",
                "return_url": "http://127.0.0.1/",
                "metadata": tx._therapy_stripe_get_metadata(),
            },
            "absent",
        )
        self.assertEqual(intent["status"], "requires_action")
        tx.provider_reference = intent["id"]
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "error")
        self.assertIn("approve", tx.state_message)
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")

    def test_new_try_does_not_take_a_sent_charge_back(self):
        self.sandbox.fault("drop_after")
        tx = self._charge(self.bill, self.token)
        self.sandbox.heal()
        tx.state = "draft"  # As after a crash before the answer was recorded.
        with self.assertRaises(ValidationError):
            self._create_tx(self.bill)
        self.assertEqual(tx.state, "draft")
        self.assertTrue(self._get_live(tx))

    def test_frozen_request_is_hidden_from_billers(self):
        tx = self._charge(self.bill, self.token)
        rows = tx.with_user(self.biller).read(["therapy_stripe_result"])
        self.assertEqual(rows[0]["therapy_stripe_result"], "done")
        with self.assertRaises(AccessError):
            tx.with_user(self.biller).read(["therapy_stripe_request"])
