from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import TherapyPortalHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestMyTherapy(TherapyPortalHttpCommon):
    """What payers see and do after login."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill(amount=60, total=200, others=[(self.father, 40)])
        self.authenticate("ada", "ada")
        self.url = f"/my/therapy/bill/{self.bill.id}"

    # === WHAT IS SHOWN === #

    def test_the_home_page_shows_what_is_due_with_one_button(self):
        html = self._get("/my").text
        self.assertIn("therapy_home_card", html)
        self.assertIn("60.00", html)
        self.assertIn('href="/my/therapy"', html)

    def test_the_family_view_shows_patients_and_own_bills(self):
        html = self._get("/my/therapy").text
        self.assertIn("Zelda Fitzroy", html)
        self.assertIn(self.bill.name, html)
        fathers = self.env["account.move"].search([("partner_id", "=", self.father.id)])
        self.assertNotIn(fathers.name, html)

    def test_the_bill_says_why_it_asks_for_its_amount(self):
        insured = self._make_bill(
            amount=30, total=200, others=[(self.insurer, 150), (self.father, 20)]
        )
        html = self._get(f"/my/therapy/bill/{insured.id}").text
        for words in ("Psychotherapy", "Dr. Quill Hartmann", "10/12/2026"):
            self.assertIn(words, html)
        self.assertIn("Insurance is billed", html)
        self.assertIn("Your share is 60% of", html)
        for other in ("Blue Plan", "Bob Roy"):
            self.assertNotIn(other, html)

    def test_opening_a_bill_is_logged(self):
        self._get(self.url)
        row = self.env["therapy.access.log"].search([], limit=1)
        self.assertEqual(
            (row.how, row.res_id, row.user_id),
            ("portal", self.bill.id, self.mother_user),
        )
        self.assertEqual(row.address, "127.0.0.1")

    def test_a_bill_paid_whole_says_so(self):
        whole = self._make_bill(amount=200, total=200)
        html = self._get(f"/my/therapy/bill/{whole.id}").text
        self.assertIn("You pay the whole session.", html)

    def test_credit_is_shown(self):
        self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.mother.id,
                "amount": 25.0,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        ).action_post()
        self.assertAmounts(self.mother._therapy_get_portal_credit(self.company), 25)
        self.assertAmounts(self.father._therapy_get_portal_credit(self.company), 0)
        self.assertIn("therapy_family_credit", self._get("/my/therapy").text)

    def test_nothing_shows_before_login(self):
        self.authenticate(None, None)
        for path in ("/my/therapy", self.url, f"{self.url}/pay?amount=5"):
            self.assertIn("/web/login", self._get(path).url)

    # === WHOSE BILLS === #

    def test_other_payers_bills_do_not_exist(self):
        fathers = self.env["account.move"].search([("partner_id", "=", self.father.id)])
        claim = self._make_bill(self.insurer, 150)
        draft = self._make_bill(post=False)
        for bill in (fathers, claim, draft):
            for path in ("", "/pay?amount=5"):
                answer = self._get(f"/my/therapy/bill/{bill.id}{path}")
                self.assertEqual(answer.status_code, 404, bill)
            answer = self._get(f"/my/invoices/{bill.id}?report_type=html")
            self.assertTrue(answer.url.endswith("/my"), bill)
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._start(bill)
        self.assertEqual(self._get("/my/therapy/bill/999999999").status_code, 404)

    def _start(self, bill, **values):
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": 5.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/",
            **values,
        }
        return self.make_jsonrpc_request(
            f"/my/therapy/bill/{bill.id}/transaction", params
        )

    def test_cores_list_and_documents_show_own_bills_only(self):
        fathers = self.env["account.move"].search([("partner_id", "=", self.father.id)])
        html = self._get("/my/invoices").text
        self.assertIn(self.bill.name, html)
        self.assertNotIn(fathers.name, html)
        self.assertIn(self.bill.name, self._get(f"/my/invoices/{self.bill.id}").text)

    def test_cores_page_of_a_bill_leads_to_ours(self):
        self.assertTrue(
            self._get(f"/my/invoices/{self.bill.id}").url.endswith(self.url)
        )

    def test_the_document_can_be_downloaded(self):
        answer = self._get(f"/my/invoices/{self.bill.id}?report_type=pdf&download=true")
        self.assertIn(self.bill.name, answer.text)
        self.assertNotIn("Psychotherapy", answer.text)

    def test_the_login_of_one_does_not_open_a_link_of_the_other_beyond_the_public_page(
        self,
    ):
        fathers = self.env["account.move"].search([("partner_id", "=", self.father.id)])
        page = self._get(
            f"/my/invoices/{fathers.id}?access_token={fathers._portal_ensure_token()}"
        )
        self.assertTrue(page.url.endswith("/pay/bill"))
        self.assertNotIn("Psychotherapy", page.text)

    # === PAYING === #

    def test_any_amount_is_paid_with_a_saved_card(self):
        html = self._get(f"{self.url}/pay?amount=25.50").text
        self.assertIn("4242", html)
        values = self._pay(html, flow="token", token_id=self.card.id)
        tx = self._tx(values)
        self.assertEqual(tx.state, "done")
        self._get("/payment/status")
        landing = self.make_jsonrpc_request("/payment/status/poll", {})["landing_route"]
        page = self._get(landing)
        self.assertTrue(page.url.endswith("/my/therapy/done"))
        self.assertIn("Thank you", page.text)
        self.assertIn("34.50", page.text)
        self.assertAmounts(self.bill.amount_residual, 34.5)
        self.assertIn("4242", self._get(self.url).text, "own card on the own payment")

    def test_a_new_card_is_paid_with_and_saved(self):
        html = self._get(f"{self.url}/pay?amount=60").text
        self.assertIn("o_payment_tokenize_checkbox", html)
        values = self._pay(html, tokenization_requested=True)
        page = self._finish(values)
        self.assertIn("This bill is paid in full.", page.text)
        tokens = (
            self.env["payment.token"]
            .sudo()
            .search([("partner_id", "=", self.mother.id)])
        )
        self.assertEqual(len(tokens), 2)

    def test_amounts_beyond_what_is_left_are_refused(self):
        for typed in ("60.01", "0", "x"):
            html = self._get(f"{self.url}/pay?amount={typed}").text
            self.assertIn("therapy_pay_error", html)
            self.assertNotIn("o_payment_form", html)
        for amount in (60.01, 0.0, -1.0):
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._start(self.bill, amount=amount)

    def test_nobody_pays_with_the_card_of_another(self):
        other = self._make_card(self.father, "5555")
        html = self._get(f"{self.url}/pay?amount=25").text
        self.assertNotIn("5555", html)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._start(self.bill, flow="token", token_id=other.id)

    def test_the_card_of_another_person_is_not_shown_on_the_bill(self):
        other = self._make_card(self.father, "5555")
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.demo.id,
                    "payment_method_id": self.method.id,
                    "reference": "third person",
                    "amount": 20.0,
                    "currency_id": self.currency.id,
                    "partner_id": self.father.id,
                    "paid_by_id": self.father.id,
                    "token_id": other.id,
                    "operation": "online_token",
                    "invoice_ids": [(6, 0, self.bill.ids)],
                }
            )
        )
        tx._charge_with_token()
        tx._post_process()
        self.assertAmounts(self.bill.amount_residual, 40)
        html = self._get(self.url).text
        self.assertIn("Payment by another person", html)
        for text in ("5555", "Bob Roy"):
            self.assertNotIn(text, html)

    def test_a_form_left_open_is_offered_again_and_the_gate_decides(self):
        self._start(self.bill, amount=60.0)
        self.assertIn('value="60.00"', self._get(self.url).text)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._start(self.bill, amount=60.0)

    def test_what_others_reserved_is_not_offered(self):
        self.authenticate("bob", "bob")
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": 45.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/",
            "access_token": self.bill._portal_ensure_token(),
        }
        self.make_jsonrpc_request(f"/invoice/transaction/{self.bill.id}", params)
        self.authenticate("ada", "ada")
        self.assertIn('value="15.00"', self._get(self.url).text)

    def test_the_confirmation_is_for_the_payer_only(self):
        self._finish(self._start(self.bill, amount=5.0))
        self.assertIn("5.00", self._get("/my/therapy/done").text)
        self.authenticate("bob", "bob")
        self.assertTrue(self._get("/my/therapy/done").url.endswith("/my/therapy"))
