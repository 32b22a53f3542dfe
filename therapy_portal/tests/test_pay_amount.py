from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestPayAmount(TherapyPortalHttpCommon):
    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.bill._therapy_rotate_access_code("012345")

    def _open(self, amount):
        self._look_up(self.bill.name, "012345")
        return self._get(f"/pay/card?amount={amount}")

    def _pay_part(self, amount, state="done"):
        values = self._pay(self._open(amount).text)
        return self._finish(values, state), self._tx(values)

    def test_a_part_then_the_rest_pays_the_bill(self):
        page, tx = self._pay_part("50")
        self.assertTrue(page.url.endswith("/pay/done"))
        self.assertIn("Thank you. Your payment was received.", page.text)
        self.assertIn("70.00", page.text, "what is left")
        self.assertIn("Pay the rest", page.text)
        self.assertAmounts(self.bill.amount_residual, 70)
        self.assertEqual(tx.payment_id.partner_id, self.mother)
        page, _tx = self._pay_part("70.00")
        self.assertIn("This bill is paid in full.", page.text)
        self.assertAmounts(self.bill.amount_residual, 0)
        self.assertFalse(self.bill.access_code)
        self.assertIn(
            "therapy_pay_failed", self._look_up(self.bill.name, "012345").text
        )

    def test_opening_a_bill_by_its_code_is_logged(self):
        self._open("50")
        self._get("/pay/bill")
        row = self.env["therapy.access.log"].search([], limit=1)
        self.assertEqual((row.how, row.res_id), ("link", self.bill.id))

    def test_the_rest_can_be_paid_without_typing_the_code_again(self):
        self._pay_part("50")
        page = self._get("/pay/bill")
        self.assertTrue(page.url.endswith("/pay/bill"))
        self.assertIn('value="70.00"', page.text)

    def test_amounts_that_cannot_be_paid_are_refused_in_plain_words(self):
        for typed, words in (
            ("120.01", "or less on this bill"),
            ("1,000", "or less on this bill"),
            ("0", "above zero"),
            ("0.00", "above zero"),
            ("-5", "Type an amount like"),
            ("50.001", "Type an amount like"),
            ("fifty", "Type an amount like"),
            ("nan", "Type an amount like"),
            ("1e1", "Type an amount like"),
            ("", "Type an amount like"),
        ):
            page = self._open(typed)
            self.assertIn("therapy_pay_error", page.text, typed)
            self.assertIn(words, page.text, typed)
            self.assertNotIn("o_payment_form", page.text, typed)

    @mute_logger(HTTP)
    def test_the_server_refuses_what_the_page_would_not_offer(self):
        html = self._open("50").text
        for amount in (120.01, 250.0, 0.0, -5.0, 0.001, 1e9):
            with self.assertRaises(JsonRpcException):
                self._pay(html, amount=amount)
        with self.assertRaises(JsonRpcException):
            self._pay(html, amount="NaN")
        self.assertFalse(self.bill.transaction_ids)

    @mute_logger(HTTP)
    def test_a_paid_bill_takes_no_payment_from_a_page_left_open(self):
        html = self._open("120").text
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.bill.ids
        ).create({}).action_create_payments()
        with self.assertRaises(JsonRpcException):
            self._pay(html)
        self.assertTrue(self._get("/pay/bill").url.endswith("/pay"))

    @mute_logger(HTTP)
    def test_two_tabs_cannot_pay_the_same_money_twice(self):
        html = self._open("120").text
        first = self._pay(html)
        with self.assertRaises(JsonRpcException):
            self._pay(html)
        self._finish(first)
        self.assertAmounts(self.bill.amount_residual, 0)
        with self.assertRaises(JsonRpcException):
            self._pay(html)
        self.assertEqual(len(self.bill.transaction_ids), 1)

    def test_a_pending_payment_blocks_its_part_only(self):
        page, _tx = self._pay_part("50", "pending")
        self.assertIn("Your payment is being processed.", page.text)
        self.assertAmounts(self.bill._therapy_get_payable_amount(), 70)
        page = self._get("/pay/bill")
        self.assertIn("At most", page.text)
        self.assertIn('value="70.00"', page.text)

    def test_a_payment_that_fails_says_so_and_leaves_the_bill(self):
        for state in ("cancel", "error"):
            page, _tx = self._pay_part("50", state)
            self.assertIn("Your payment did not go through.", page.text)
            self.assertIn("Try again", page.text)
            self.assertAmounts(self.bill.amount_residual, 120)
            self.assertAmounts(self.bill._therapy_get_payable_amount(), 120)

    def test_guests_never_see_use_or_save_cards(self):
        html = self._open("50").text
        self.assertNotIn("4242", html)
        self.assertNotIn('data-payment-option-type="token"', html)
        self.assertNotIn("o_payment_tokenize_checkbox", html)
        for values in (
            {"tokenization_requested": True},
            {"flow": "token", "token_id": self.card.id, "payment_method_id": None},
            {"token_id": self.card.id},
        ):
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._pay(html, **values)
        self.assertFalse(self.bill.transaction_ids)

    def test_the_payment_form_of_guests_knows_nothing_about_the_payer(self):
        html = self._open("50").text
        public = self.env.ref("base.public_partner")
        self.assertEqual(self._form_value(html, "partner-id"), str(public.id))
        self.assertEqual(self._tx(self._pay(html)).partner_id, self.mother)

    def test_whoever_is_logged_in_pays_as_a_guest_on_the_bills_payer(self):
        self.authenticate("bob", "bob")
        self._make_card(self.father, "5555")
        html = self._open("50").text
        self.assertNotIn("5555", html)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(html, tokenization_requested=True)
        values = self._pay(html)
        self._finish(values)
        tx = self._tx(values)
        self.assertEqual(tx.partner_id, self.mother)
        self.assertEqual(tx.payment_id.partner_id, self.mother)
        receivable = tx.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertEqual(receivable.partner_id, self.mother)

    @mute_logger(HTTP)
    def test_the_payment_needs_the_open_bill_and_the_signature(self):
        html = self._open("50").text
        with self.assertRaises(JsonRpcException):
            self._pay(html, access_token="0" * 64)
        with self.assertRaises(JsonRpcException):
            self._pay(html, access_token=None)
        self.authenticate(None, None)
        with self.assertRaises(JsonRpcException):
            self._pay(html)

    @mute_logger(HTTP)
    def test_the_browser_cannot_choose_partner_bill_or_landing_page(self):
        html = self._open("50").text
        for name, value in (
            ("partner_id", self.father.id),
            ("currency_id", self.env.ref("base.EUR").id),
            ("custom_create_values", {}),
            ("reference_prefix", "Zelda"),
        ):
            with self.assertRaises(JsonRpcException):
                self._pay(html, **{name: value})
        values = self._pay(
            html, landing_route="https://elsewhere.example", is_validation=True
        )
        tx = self._tx(values)
        self.assertEqual(tx.landing_route, "/pay/done")
        self.assertEqual(tx.operation, "online_direct")
        self.assertEqual(tx.invoice_ids, self.bill)

    def test_when_online_payment_is_off_every_page_refuses(self):
        html = self._open("50").text
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self.assertIn("switched off", self._get("/pay/bill").text)
        self.assertNotIn("o_payment_form", self._get("/pay/card?amount=50").text)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(html)

    def test_all_pages_of_the_way_show_nothing_private(self):
        html = self._open("50").text
        values = self._pay(html)
        self.assertFalse(find_leaks(str(values), [*SECRETS, "Ada Fitz"]))
        done = self._finish(values).text
        for text in (html, done):
            self.assertFalse(
                find_leaks(text, [*SECRETS, "Ada Fitz", "ada@example.com"])
            )

    def test_the_confirmation_is_shown_only_where_the_payment_was_made(self):
        self._pay_part("50")
        self.assertIn("Thank you", self._get("/pay/done").text)
        self.authenticate(None, None)
        self.assertTrue(self._get("/pay/done").url.endswith("/pay"))
