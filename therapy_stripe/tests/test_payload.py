from odoo.tests import tagged

from odoo.addons.therapy_stripe import const
from odoo.addons.therapy_stripe.outcome import StripeFailure

from .common import TherapyStripeCommon

PAYER = {
    "name": "Wilhelmina Fitzpatrick",
    "email": "wilhelmina@example.com",
    "phone": "+1 555 010 0199",
    "street": "42 Larkspur Lane",
    "city": "Springvale",
    "zip": "54321",
    "comment": "pays late",
}
TELLING = (
    "wilhelmina",
    "fitzpatrick",
    "example.com",
    "010 0199",
    "larkspur",
    "springvale",
    "pays late",
    "kim patient",
    "psychotherapy",
    "90837",
    "services",
    "odoo partner",
)


@tagged("post_install", "-at_install")
class TestPayload(TherapyStripeCommon):
    """Every request of a whole run, as the sandbox received it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer.write(PAYER)

    def _run(self):
        """Do all that the addon does at Stripe."""
        card = self._save_card()
        other = self._save_card("pm_card_chargeCustomerFail")
        bill = self._create_bill(250.0)
        bill.invoice_line_ids.name = "Psychotherapy 90837"
        done = self._charge(bill, card, 100.0)
        self.assertEqual(done.state, "done")
        self._charge(bill, other, 50.0)
        draft = self._create_tx(bill, 60.0)
        draft._get_processing_values()
        draft._therapy_stripe_release()
        paid = self._create_tx(bill, 70.0, tokenize=True)
        paid._get_processing_values()
        self._confirm(paid)
        paid._therapy_stripe_refresh()
        paid._refund(10.0)
        card._therapy_update({}, 4, 2032, {"postal_code": "54321", "country": "US"})
        other.active = False
        self.provider.action_therapy_stripe_replace_webhook()
        self.provider.action_therapy_stripe_replace_webhook()
        self.provider.action_therapy_stripe_read_account()

    def test_every_request_has_our_version_and_every_post_a_key(self):
        self._run()
        rows = [
            row for row in self.sandbox.requests() if "/_sandbox" not in row["path"]
        ]
        posts = [row for row in rows if row["method"] == "POST"]
        kinds = {row["path"].split("/")[2] for row in posts}
        self.assertLessEqual(
            {
                "customers",
                "payment_intents",
                "payment_methods",
                "refunds",
                "setup_intents",
                "webhook_endpoints",
            },
            kinds,
        )
        for row in posts:
            self.assertTrue(row["idempotency_key"], row["path"])
            self.assertLessEqual(len(row["idempotency_key"]), 255)
        for row in rows:
            self.assertEqual(row["api_version"], const.API_VERSION, row["path"])

    def test_nothing_names_payer_patient_or_service(self):
        self._run()
        for row in self.sandbox.requests():
            sent = f"{row['path']} {row['params']} {row['idempotency_key']}".lower()
            for word in TELLING:
                self.assertNotIn(word, sent, row["path"])

    def test_metadata_holds_opaque_ids_only(self):
        self._run()
        found = 0
        for row in self.sandbox.requests(method="POST"):
            metadata = row["params"].get("metadata") or {}
            found += bool(metadata)
            self.assertLessEqual({*metadata}, {"db", "tx", "payer"}, row["path"])
            for value in metadata.values():
                self.assertRegex(value, r"^[0-9a-f-]{32,36}$")
        self.assertTrue(found)

    def test_the_zip_is_the_only_thing_sent_for_fraud_checks(self):
        self._run()
        rows = [row for row in self.sandbox.requests() if "54321" in str(row["params"])]
        self.assertEqual(len(rows), 1)
        self.assertEqual(
            rows[0]["params"]["billing_details"],
            {"address": {"postal_code": "54321", "country": "US"}},
        )

    def test_the_payer_is_one_customer_per_mode(self):
        self._run()
        self.assertEqual(len(self.sandbox.requests("/v1/customers", "POST")), 1)
        customers = self.env["therapy.stripe.customer"]
        known = customers.search([("partner_id", "=", self.payer.id)])
        self.assertEqual(known.livemode, False)
        params, test_key = customers._prepare_request(self.provider, self.payer, False)
        live_params, live_key = customers._prepare_request(
            self.provider, self.payer, True
        )
        self.assertNotEqual(test_key, live_key)
        self.assertNotEqual(params, live_params)

    def test_no_door_lets_a_post_without_key_through(self):
        adapter = self.provider._therapy_stripe_get_adapter()
        with self.assertRaises(StripeFailure):
            adapter.raw("POST", "customers", {})
        with self.assertRaises(StripeFailure):
            adapter._call(adapter._api.customers.create, params={})
        self.assertFalse(self.sandbox.requests())
