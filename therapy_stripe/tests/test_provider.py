from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import file_open

from odoo.addons.therapy_stripe import const
from odoo.addons.therapy_stripe.outcome import StripeFailure

from .common import WEBHOOK_SECRET, TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestProvider(TherapyStripeCommon):
    def test_sandbox_address_must_be_this_machine(self):
        for url in ("https://api.stripe.com", "http://127.0.0.1.example.com", "x"):
            with self.assertRaises(ValidationError):
                self.provider.therapy_stripe_api_base = url
            with self.assertRaises(ValidationError):
                self.provider.therapy_stripe_js_url = url

    def test_sandbox_address_keeps_live_mode_away(self):
        with self.assertRaisesRegex(ValidationError, "sandbox"):
            self.provider.write({"state": "enabled", "stripe_secret_key": "sk_live_x"})

    def test_sandbox_address_is_checked_again_at_use(self):
        for column, value in (
            ("therapy_stripe_api_base", "http://192.0.2.1:1"),
            ("state", "enabled"),
        ):
            with self.subTest(column=column), self.env.cr.savepoint() as savepoint:
                self.env.flush_all()
                self.env.cr.execute(
                    f"UPDATE payment_provider SET {column} = %s WHERE id = %s",
                    (value, self.provider.id),
                )
                self.provider.invalidate_recordset()
                with self.assertRaises(StripeFailure) as caught:
                    self.provider._therapy_stripe_get_adapter()
                self.assertEqual(caught.exception.code, "sandbox_refused")
                savepoint.rollback()
                self.env.invalidate_all()

    def test_live_keys_stay_out_of_test_mode(self):
        with self.assertRaisesRegex(ValidationError, "Live keys"):
            self.provider.stripe_secret_key = "sk_live_x"

    def test_test_keys_stay_out_of_live_mode(self):
        self.provider.write(
            {"therapy_stripe_api_base": False, "therapy_stripe_js_url": False}
        )
        with self.assertRaisesRegex(ValidationError, "Test keys"):
            self.provider.state = "enabled"

    def test_live_mode_needs_a_webhook_secret(self):
        with self.assertRaisesRegex(ValidationError, "webhook"):
            self.provider.write(
                {
                    "state": "enabled",
                    "stripe_secret_key": "sk_live_x",
                    "stripe_webhook_secret": False,
                    "therapy_stripe_api_base": False,
                    "therapy_stripe_js_url": False,
                }
            )

    def test_page_loads_the_stand_in_only_in_test_mode(self):
        url = self.provider._therapy_stripe_get_page_js_url(self.provider)
        self.assertEqual(url, self.provider.therapy_stripe_js_url)
        self.provider.therapy_stripe_js_url = False
        url = self.provider._therapy_stripe_get_page_js_url(self.provider)
        self.assertEqual(url, const.STRIPE_JS_URL)

    def test_disabled_provider_or_missing_key_reaches_nobody(self):
        self.provider.state = "disabled"
        with self.assertRaises(StripeFailure):
            self.provider._therapy_stripe_get_adapter()
        self.assertFalse(self.sandbox.requests())

    def test_neutralized_copy_can_never_charge(self):
        with file_open("therapy_stripe/data/neutralize.sql") as sql:
            self.env.flush_all()
            self.env.cr.execute(sql.read())
        self.env.invalidate_all()
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.therapy_stripe_api_base)
        # Somebody enters real keys in the copy: still nothing goes out.
        self.provider.write({"state": "test", "stripe_secret_key": "sk_test_real"})
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with self.assertRaises(StripeFailure) as caught:
            self.provider._therapy_stripe_get_adapter()
        self.assertEqual(caught.exception.code, "neutralized")

    def test_webhook_button_registers_our_version_and_events(self):
        self.provider.action_stripe_create_webhook()
        self.assertFalse(self.provider.therapy_stripe_webhook_ref, "there is one")
        self.provider.action_therapy_stripe_replace_webhook()
        first_ref = self.provider.therapy_stripe_webhook_ref
        self.assertTrue(self.provider.stripe_webhook_secret.startswith("whsec_"))
        self.assertEqual(
            self.provider.therapy_stripe_webhook_secret_previous, WEBHOOK_SECRET
        )
        adapter = self.provider._therapy_stripe_get_adapter()
        endpoint = adapter.raw("GET", f"webhook_endpoints/{first_ref}")
        self.assertEqual(endpoint["api_version"], const.API_VERSION)
        self.assertEqual(set(endpoint["enabled_events"]), set(const.WEBHOOK_EVENTS))
        self.assertTrue(endpoint["url"].endswith("/payment/stripe/webhook"))
        # Again: the new endpoint replaces the old one, both secrets hold.
        second = self.provider.stripe_webhook_secret
        self.provider.action_therapy_stripe_replace_webhook()
        self.assertEqual(self.provider._therapy_stripe_get_webhook_secrets()[1], second)
        with self.assertRaises(StripeFailure):
            adapter.raw("GET", f"webhook_endpoints/{first_ref}")

    def test_webhook_button_says_what_went_wrong(self):
        self.sandbox.fault("status", "webhook_endpoints", status=500)
        with self.assertRaisesRegex(UserError, "did not create"):
            self.provider.action_therapy_stripe_replace_webhook()

    def test_webhook_that_is_gone_at_stripe_can_be_replaced(self):
        self.provider.action_therapy_stripe_replace_webhook()
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.delete_webhook_endpoint(self.provider.therapy_stripe_webhook_ref)
        action = self.provider.action_therapy_stripe_replace_webhook()
        self.assertEqual(action["params"]["type"], "success")
        ref = self.provider.therapy_stripe_webhook_ref
        self.assertTrue(adapter.raw("GET", f"webhook_endpoints/{ref}"))

    def test_webhook_that_cannot_be_deleted_is_said_and_the_new_one_kept(self):
        self.provider.action_therapy_stripe_replace_webhook()
        before = self.provider.therapy_stripe_webhook_ref
        match = {"method": "DELETE", "path_regex": "webhook_endpoints"}
        fault = {"match": match, "do": "status", "status": 500, "times": 3}
        self.sandbox.control("POST", "faults", fault)
        action = self.provider.action_therapy_stripe_replace_webhook()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("dashboard", action["params"]["message"])
        self.assertNotEqual(self.provider.therapy_stripe_webhook_ref, before)

    def test_core_cannot_send_its_own_posts(self):
        for endpoint in ("customers", "payment_intents", "setup_intents", "refunds"):
            with self.assertRaisesRegex(ValidationError, endpoint):
                self.provider._send_api_request("POST", endpoint, data={"name": "X"})
        self.assertFalse(self.sandbox.requests())

    def test_core_may_still_read(self):
        customer = self.provider._therapy_stripe_get_adapter().create_customer({}, "k")
        answer = self.provider._send_api_request(
            "GET", f"customers/{customer['id']}/payment_methods", data={"limit": 1}
        )
        self.assertEqual(answer["object"], "list")
        with self.assertRaises(ValidationError):
            self.provider._send_api_request("GET", "customers/cus_none")

    def test_the_browser_is_told_nothing_about_the_payer(self):
        values = self.provider._stripe_get_inline_form_values(
            10.0, self.currency, self.payer.id, False, payment_method_sudo=None
        )
        self.assertIn('"postal_code": "12345"', values)
        self.assertNotIn("Dana", values)
        self.assertNotIn("example.com", values)
        self.assertIn('"minor_factor": 100', values)
