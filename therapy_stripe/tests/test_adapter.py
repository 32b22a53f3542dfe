import logging

from odoo.tests import tagged

from odoo.addons.therapy_stripe import adapter as adapter_module
from odoo.addons.therapy_stripe import const
from odoo.addons.therapy_stripe.adapter import read_event
from odoo.addons.therapy_stripe.outcome import Outcome, StripeFailure

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestAdapter(TherapyStripeCommon):
    def setUp(self):
        super().setUp()
        self.adapter = self.provider._therapy_stripe_get_adapter()
        self.customer = self.adapter.create_customer({}, "customer")["id"]
        self.params = {
            "amount": 1000,
            "currency": "usd",
            "customer": self.customer,
            "allowed_payment_method_types": ["card"],
            "metadata": {"tx": "u1", "db": "d1"},
        }

    def _charge_params(self, card):
        setup = self.adapter.create_setup_intent(
            {
                "customer": self.customer,
                "usage": "off_session",
                "allowed_payment_method_types": ["card"],
            },
            f"setup {card}",
        )
        confirmed = self.adapter.raw(
            "POST",
            f"setup_intents/{setup['id']}/confirm",
            {"payment_method": card},
            f"confirm {card}",
        )
        return {
            **self.params,
            "confirm": True,
            "off_session": True,
            "payment_method": confirmed["payment_method"],
        }

    def test_every_post_has_a_key_and_every_request_our_version(self):
        self.adapter.charge(self._charge_params("pm_card_visa"), "charge")
        self.adapter.cancel_payment_intent(
            self.adapter.create_payment_intent(self.params, "draft")["id"]
        )
        for row in self.sandbox.requests():
            self.assertEqual(row["api_version"], const.API_VERSION)
            if row["method"] == "POST":
                self.assertTrue(row["idempotency_key"], row["path"])

    def test_telemetry_is_off_and_the_log_holds_no_bodies(self):
        self.assertFalse(adapter_module.stripe.enable_telemetry)
        self.assertGreaterEqual(logging.getLogger("stripe").level, logging.INFO)

    def test_version_repetitions_and_time_limit_are_ours(self):
        requestor = self.adapter._client._requestor
        self.assertEqual(requestor._options.stripe_version, const.API_VERSION)
        self.assertEqual(requestor._options.max_network_retries, 2)
        # One number: a pair of them is refused by Odoo's guard of tests.
        self.assertEqual(requestor._client._timeout, 25)

    def test_a_post_without_key_is_refused(self):
        with self.assertRaises(StripeFailure) as caught:
            self.adapter.raw("POST", "customers", {})
        self.assertEqual(caught.exception.code, "no_key")

    def test_same_key_is_one_charge(self):
        params = self._charge_params("pm_card_visa")
        first = self.adapter.charge(params, "same")
        again = self.adapter.charge(params, "same")
        self.assertEqual(first.result, "done")
        self.assertEqual(first.intent["id"], again.intent["id"])
        self.assertEqual(self.sandbox.captured(), 1000)

    def test_decline_keeps_codes_and_intent(self):
        outcome = self.adapter.charge(
            self._charge_params("pm_card_chargeCustomerFail"), "declined"
        )
        self.assertEqual(outcome.result, "declined")
        self.assertEqual(outcome.code, "card_declined")
        self.assertTrue(outcome.decline_code)
        self.assertTrue(outcome.request_ref)
        self.assertEqual(outcome.intent["status"], "requires_payment_method")

    def test_wrong_parameters_are_an_error_and_charge_nothing(self):
        outcome = self.adapter.charge({**self.params, "amount": -1}, "wrong")
        self.assertEqual(outcome.result, "error")

    def test_lost_answers_storms_and_conflicts_are_unknown(self):
        params = self._charge_params("pm_card_visa")
        for number, (do, options) in enumerate(
            (
                ("drop_before", {}),
                ("drop_after", {}),
                ("status", {"status": 500}),
                ("status", {"status": 429}),
                ("status", {"status": 409}),
                ("truncate_body", {}),
                ("bad_json", {}),
            )
        ):
            with self.subTest(fault=do, **options):
                self.sandbox.fault(do, **options)
                outcome = self.adapter.charge(params, f"fault {number}")
                self.assertEqual(outcome.result, "unknown")
                self.sandbox.heal()
        self.assertEqual(
            self.adapter.charge({**params, "amount": 999}, "fault 1").result, "unknown"
        )

    def test_the_library_repeats_twice_with_the_same_key(self):
        params = self._charge_params("pm_card_visa")
        self.sandbox.fault("drop_after")
        self.adapter.charge(params, "repeated")
        keys = [
            row["idempotency_key"]
            for row in self.sandbox.requests("/v1/payment_intents", "POST")
        ]
        self.assertEqual(keys, ["repeated"] * 3)
        self.assertEqual(self.sandbox.captured(), 1000)

    def test_find_reads_all_pages(self):
        for number in range(3):
            params = {**self.params, "metadata": {"tx": f"t{number}", "db": "d"}}
            self.adapter.create_payment_intent(params, f"many {number}")
        found = self.adapter.find_payment_intent(
            self.customer, 0, {"tx": "t0", "db": "d"}
        )
        self.assertEqual(found["metadata"]["tx"], "t0")
        self.assertFalse(
            self.adapter.find_payment_intent(self.customer, 0, {"tx": "t9"})
        )

    def test_results_are_a_closed_list(self):
        words = {"done", "pending", "declined", "error", "unknown"}
        self.assertLessEqual(set(const.INTENT_RESULTS.values()), words)
        self.assertEqual(Outcome.from_intent({"status": "new one"}).result, "unknown")
        unnamed = adapter_module.stripe.StripeError("new kind")
        self.assertEqual(adapter_module.classify(unnamed).result, "unknown")

    def test_no_secret_reads_no_event(self):
        self.assertIsNone(read_event(b"{}", "t=1,v1=00", []))
        self.assertIsNone(read_event(b"{}", "", ["whsec_x"]))
        self.assertIsNone(read_event(b"\xff", "t=1,v1=00", ["whsec_x"]))
