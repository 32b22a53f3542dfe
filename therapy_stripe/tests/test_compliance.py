from json import dumps

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

from .common import WEBHOOK_SECRET, TherapyStripeCommon

LIVE = {
    "state": "enabled",
    "stripe_secret_key": "sk_live_x",
    "stripe_publishable_key": "pk_live_x",
    "stripe_webhook_secret": WEBHOOK_SECRET,
    "therapy_stripe_api_base": False,
    "therapy_stripe_js_url": False,
    "therapy_stripe_descriptor": "NORTHSIDE HLTH",
    "therapy_stripe_business_name": "Northside Health",
}


@tagged("post_install", "-at_install")
class TestCompliance(TherapyStripeCommon):
    def setUp(self):
        super().setUp()
        params = self.env["ir.config_parameter"]
        params.set_param("web.base.url", "https://pay.example.com")

    def _failing(self):
        checks = self.provider._therapy_stripe_get_checks()
        return {check["key"] for check in checks if not check["ok"]}

    def test_live_mode_is_allowed_when_all_is_in_place(self):
        self.provider.write(LIVE)
        self.assertEqual(self.provider.state, "enabled")
        self.assertFalse(self._failing())

    def test_live_mode_is_refused_for_each_thing_that_is_missing(self):
        cases = [
            ({"stripe_webhook_secret": False}, "Signed webhook"),
            ({"stripe_secret_key": "sk_test_x"}, "Live keys"),
            ({"stripe_publishable_key": "pk_test_x"}, "Live keys"),
            ({"therapy_stripe_api_base": self.sandbox.url}, "sandbox"),
            ({"therapy_stripe_descriptor": False}, "Statement descriptor"),
            ({"therapy_stripe_descriptor": "NORTH*SIDE"}, "Statement descriptor"),
            ({"therapy_stripe_descriptor": "NORTHSIDE THERAPY"}, "descriptor"),
            ({"therapy_stripe_business_name": False}, "Neutral business name"),
            ({"therapy_stripe_business_name": "Psych Group"}, "Neutral business"),
        ]
        for missing, words in cases:
            with (
                self.subTest(**missing),
                self.assertRaisesRegex(ValidationError, words),
            ):
                self.provider.write({**LIVE, **missing})

    def test_live_mode_needs_https(self):
        for url in ("http://pay.example.com", "https://localhost"):
            self.env["ir.config_parameter"].set_param("web.base.url", url)
            with self.assertRaisesRegex(ValidationError, "Secure address"):
                self.provider.write(LIVE)

    def test_a_copy_is_refused(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with self.assertRaisesRegex(ValidationError, "Not a copy"):
            self.provider.write(LIVE)

    def test_scripts_of_other_providers_are_refused(self):
        other = self.env["payment.provider"].search(
            [("code", "not in", ("stripe", "none", "demo", "custom"))], limit=1
        )
        if not other:
            other = self.provider.copy({"name": "Other"})
            self.env.cr.execute(
                "UPDATE payment_provider SET code = 'adyen' WHERE id = %s", [other.id]
            )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_provider SET state = 'test', is_published = TRUE"
            " WHERE id = %s",
            [other.id],
        )
        self.env.invalidate_all()
        self.assertIn("scripts", self._failing())
        self.assertEqual(self.provider._therapy_stripe_get_script_policy(), "")

    def test_a_telling_name_may_be_accepted_by_the_practice(self):
        telling = {**LIVE, "therapy_stripe_business_name": "Northside Therapy"}
        self.provider.write({**telling, "therapy_stripe_name_accepted": True})
        self.assertEqual(self.provider.state, "enabled")

    def test_name_and_descriptor_are_read_from_stripe(self):
        self.provider.therapy_stripe_name_accepted = True
        self.provider.action_therapy_stripe_read_account()
        self.assertEqual(self.provider.therapy_stripe_business_name, "Sandbox practice")
        self.assertTrue(self.provider.therapy_stripe_descriptor)
        self.assertFalse(
            self.provider.therapy_stripe_name_accepted, "another name, another decision"
        )

    def test_the_page_says_what_to_do(self):
        action = self.env["therapy.stripe.compliance"].action_open()
        page = self.env[action["res_model"]].browse(action["res_id"])
        states = {line.key: line.status for line in page.line_ids}
        self.assertEqual(states["https"], "ok")
        self.assertEqual(states["keys"], "missing")
        self.assertEqual(page.missing_count, len(self._failing()))
        for line in page.line_ids:
            self.assertEqual(bool(line.advice), not line.ok, line.key)
        self.assertNotIn(WEBHOOK_SECRET, str(page.line_ids.read()), "no secret shown")
        self.assertEqual(page.display_name, "Before Live Mode")
        self.assertIn("descriptor", self._failing())
        page.action_read_account()
        states = {line.key: line.status for line in page.line_ids}
        self.assertEqual(states["descriptor"], "ok", "read from Stripe")

    # === WHAT LEAVES THE BUILDING === #

    def _preview(self):
        preview = self.env["therapy.stripe.preview"].create(
            {"provider_id": self.provider.id, "partner_id": self.payer.id}
        )
        return preview, {
            (title, where): params for title, where, params in preview._get_requests()
        }

    def test_the_preview_is_what_is_sent(self):
        card = self._save_card()
        bill = self._create_bill()
        self._charge(bill, card)
        _preview, shown = self._preview()
        sent = {
            path: [row["params"] for row in self.sandbox.requests(path, "POST")][0]
            for path in ("/v1/customers", "/v1/setup_intents")
        }
        charges = self.sandbox.requests("/v1/payment_intents", "POST")
        for (title, where), params in shown.items():
            if title == "A payer pays on the page":
                continue
            path = where.split()[1]
            real = sent.get(path) or charges[0]["params"]
            with self.subTest(title):
                self.assertEqual(self._shape(params), self._shape(real))

    def _shape(self, value):
        """Return the structure of parameters, with values that are no ids."""
        if isinstance(value, dict):
            return {name: self._shape(inner) for name, inner in sorted(value.items())}
        if isinstance(value, list):
            return {str(n): self._shape(inner) for n, inner in enumerate(value)}
        text = str(value).lower()
        return "id" if len(text) > 20 or "_" in text else text

    def test_the_preview_finds_what_must_not_leave(self):
        self._save_card()
        preview, _shown = self._preview()
        self.assertFalse(preview.found)
        self.assertIn("POST /v1/payment_intents", preview.text)
        for word in ("Dana", "dana@", "Kim", "12345"):
            self.assertNotIn(word, preview.text)
        self.payer.name = "off_session"
        preview.invalidate_recordset()
        self.assertIn("off_session", preview.found, "it does look")

    def test_the_preview_sends_nothing(self):
        self._preview()
        self.assertFalse(self.sandbox.requests())
        self.assertFalse(self.env["therapy.stripe.customer"].search([]))

    def test_the_preview_works_for_a_payer_without_card(self):
        _preview, shown = self._preview()
        self.assertEqual(len(shown), 4)
        self.assertNotIn("Dana", dumps(list(shown.values())))


@tagged("post_install", "-at_install")
class TestScriptPolicy(TherapyStripeCommon, HttpCase):
    def test_a_page_with_a_card_form_lets_only_stripe_and_odoo_run_scripts(self):
        self.authenticate("admin", "admin")
        answer = self.url_open("/my/payment_method")
        policy = answer.headers.get("Content-Security-Policy", "")
        self.assertIn(
            f"script-src 'self' 'unsafe-inline' 'unsafe-eval' {self.sandbox.url}",
            policy,
        )
        self.assertIn("object-src 'none'", policy)
        self.assertNotIn("https:", policy.replace("https://js.stripe.com", ""))
        self.provider.write({"therapy_stripe_js_url": False})
        answer = self.url_open("/my/payment_method")
        self.assertIn(
            "https://js.stripe.com", answer.headers["Content-Security-Policy"]
        )
        self.assertNotIn(
            "Content-Security-Policy", self.url_open("/my").headers, "no card form"
        )
