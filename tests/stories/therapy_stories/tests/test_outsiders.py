from odoo.tests import tagged

from .common import Story


@tagged("post_install", "-at_install")
class TestOutsiders(Story):
    """Somebody has one bill, and tries every other door with ids made up.

    A visitor with a code cannot touch cards. A father cannot open, print or pay through
    anything of the mother's.
    """

    def setUp(self):
        super().setUp()
        self.hers = self.add_card(self.mother)
        self.his = self.add_card(self.father)
        _mail, code = self.share(self.mothers)
        self.guest = self.open_browser()
        self.guest.look_up(self.mothers.name, code)
        self.bob = self.open_browser("bob@example.com")
        self.sandbox.control("DELETE", "requests")

    def tearDown(self):
        # Whatever was tried, Stripe heard nothing and the books are as they were.
        self.assertFalse(self.sandbox.requests())
        self.assertFalse(self.env["account.payment"].search_count([]))
        self.assertTrue(self.hers.active and self.his.active)
        self.assertBooks()
        super().tearDown()

    # === A VISITOR === #

    def test_a_visitor_is_offered_no_saved_card_and_no_saving(self):
        form = self.guest.open_form("/pay/card?amount=100")
        self.assertFalse(form.options("token"))
        self.assertTrue(form.options("payment_method"))
        for text in ("o_payment_tokenize_checkbox", "4242"):
            self.assertNotIn(text, form.answer.text)

    def test_a_visitor_cannot_save_or_use_a_card_with_a_forged_form(self):
        form = self.guest.open_form("/pay/card?amount=100")
        core = f"/invoice/transaction/{self.mothers.id}"
        link = self.mothers._portal_ensure_token()
        for forged in (
            {"tokenization_requested": True},
            {"token_id": self.hers.id, "flow": "token"},
            {"token_id": self.hers.id, "flow": "direct"},
            {"token_id": self.hers.id, "flow": "token", "payment_method_id": None},
        ):
            words = self.guest.refusal(form.submit, **forged)
            self.assertIn("Log in to use or save a card", words)
            self.guest.refusal(form.submit, route=core, **forged)
            self.guest.refusal(form.submit, route=core, access_token=link, **forged)
            self.guest.refusal(
                form.submit,
                route="/payment/transaction",
                currency_id=self.currency.id,
                partner_id=self.mother.id,
                **forged,
            )

    def test_a_visitors_code_opens_one_bill_only(self):
        form = self.guest.open_form("/pay/card?amount=100")
        for bill in self.bills - self.mothers:
            for route in (
                f"/my/therapy/bill/{bill.id}/transaction",
                f"/invoice/transaction/{bill.id}",
            ):
                self.guest.refusal(form.submit, route=route)
            page = self.guest.get(f"/my/therapy/bill/{bill.id}")
            self.assertIn("/web/login", page.url)
            page = self.guest.get(f"/my/invoices/{bill.id}?report_type=pdf")
            self.assertNotIn(bill.name, page.text)
            self.assertNotIn("application/pdf", page.headers["Content-Type"])

    def test_another_browser_cannot_use_a_visitors_form(self):
        form = self.guest.open_form("/pay/card?amount=100")
        form.browser = self.open_browser()
        form.browser.refusal(form.submit)

    def test_a_visitor_may_not_look_at_or_delete_cards(self):
        self.assertIn("/web/login", self.guest.get("/my/payment_method").url)
        self.guest.refusal(
            self.guest.call, "/payment/archive_token", token_id=self.hers.id
        )

    # === THE OTHER PARENT === #

    def test_he_cannot_open_or_print_her_bill(self):
        for path in ("", "/pay?amount=5"):
            answer = self.bob.get(f"/my/therapy/bill/{self.mothers.id}{path}")
            self.assertEqual(answer.status_code, 404, path)
        for query in ("", "?report_type=pdf", "?report_type=html", "?access_token=x"):
            answer = self.bob.get(f"/my/invoices/{self.mothers.id}{query}")
            self.assertTrue(answer.url.endswith("/my"), query)
            self.assertNotIn(self.mothers.name, answer.text)

    def test_he_cannot_start_a_payment_of_her_bill_or_with_her_card(self):
        own = self.bob.open_form(f"/my/therapy/bill/{self.fathers.id}/pay?amount=50")
        [offered] = own.options("token")
        self.assertEqual(int(offered["data-payment-option-id"]), self.his.id)
        for route in (
            f"/my/therapy/bill/{self.mothers.id}/transaction",
            f"/invoice/transaction/{self.mothers.id}",
        ):
            self.bob.refusal(own.submit, route=route)
            self.bob.refusal(own.submit, card=self.his, route=route)
        for route in (None, f"/invoice/transaction/{self.fathers.id}"):
            self.bob.refusal(
                own.submit,
                route=route,
                access_token=self.fathers._portal_ensure_token(),
                flow="token",
                token_id=self.hers.id,
                payment_method_id=None,
            )

    def test_he_cannot_delete_her_card(self):
        self.bob.call("/payment/archive_token", token_id=self.hers.id)
        self.hers.invalidate_recordset()
        self.assertTrue(self.hers.active)

    def test_he_cannot_read_her_records_or_any_treatment(self):
        session = self.mothers.session_share_ids.session_id[:1]
        for record in (
            self.mothers,
            self.mothers.line_ids[:1],
            self.mothers.session_share_ids[:1],
            self.hers,
            self.hers.transaction_ids[:1],
            session,
            session.line_ids[:1],
            session.patient_id,
            session.provider_id,
            self.env["therapy.guarantor"].search([("partner_id", "=", self.mother.id)]),
            self.env["therapy.stripe.customer"].search([])[:1],
        ):
            self.assertTrue(record, record._name)
            self.bob.refusal(self.bob.model, record._name, "read", record.ids, ["id"])

    def test_he_cannot_reach_her_document_through_the_report_address(self):
        for name in (
            "therapy_portal.report_bill",
            "account.report_invoice",
            "account.report_invoice_with_payments",
        ):
            for kind in ("html", "text"):
                with self.assertLogs("odoo", "WARNING"):
                    answer = self.bob.get(f"/report/{kind}/{name}/{self.mothers.id}")
                self.assertNotEqual(answer.status_code, 200, name)
                self.assertNotIn(self.mothers.name, answer.text)
