import re

from odoo import Command
from odoo.http import Request
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import TherapyPortalHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestCollect(TherapyPortalHttpCommon):
    """Several bills at once, and money paid ahead."""

    def setUp(self):
        super().setUp()
        self.first = self._make_bill(amount=60, total=200, others=[(self.father, 40)])
        self.second = self._make_bill(amount=50, total=50)
        self.second.invoice_date_due = "2026-12-31"
        self.fathers = self.env["account.move"].search(
            [("partner_id", "=", self.father.id)]
        )
        self.authenticate("ada", "ada")

    def _query(self, *bills, **more):
        return "&".join(
            [f"bill={bill.id}" for bill in bills]
            + [f"{key}={value}" for key, value in more.items()]
        )

    def _settle(self, values):
        self._tx(values)._post_process()

    # === SEVERAL BILLS === #

    def test_all_open_bills_are_paid_in_one_go(self):
        self.assertIn("/my/therapy/pay", self._get("/my/therapy").text)
        html = self._get("/my/therapy/pay").text
        self.assertIn("110.00", html)
        self.assertNotIn(self.fathers.name, html)
        page = self._get(
            f"/my/therapy/pay/card?{self._query(self.first, self.second)}"
        ).text
        self._settle(self._pay(page, flow="token", token_id=self.card.id))
        self.assertAmounts(self.first.amount_residual, 0)
        self.assertAmounts(self.second.amount_residual, 0)
        done = self._get("/my/therapy/done").text
        self.assertIn("These bills are paid in full.", done)
        self.assertIn(self.second.name, done)

    def test_a_part_goes_to_the_bill_due_first(self):
        query = self._query(self.second, self.first, amount="70.50")
        page = self._get(f"/my/therapy/pay/card?{query}").text
        self._settle(self._pay(page, flow="token", token_id=self.card.id))
        self.assertAmounts(self.first.amount_residual, 0)
        self.assertAmounts(self.second.amount_residual, 39.5)

    def test_only_the_chosen_bills_are_paid(self):
        page = self._get(f"/my/therapy/pay/card?{self._query(self.second)}").text
        self._settle(self._pay(page, flow="token", token_id=self.card.id))
        self.assertAmounts(self.first.amount_residual, 60)
        self.assertAmounts(self.second.amount_residual, 0)

    def test_too_much_nothing_and_nonsense_are_refused_in_words(self):
        for typed in ("110.01", "0", "-5", "x", "1e2", "9" * 14):
            query = self._query(self.first, self.second, amount=typed)
            html = self._get(f"/my/therapy/pay/card?{query}").text
            self.assertIn("therapy_pay_error", html, typed)
            self.assertNotIn("o_payment_form", html, typed)
        for query in ("", "bill=", "bill=abc", f"bill={self.fathers.id}"):
            html = self._get(f"/my/therapy/pay/card?{query}").text
            self.assertIn("Choose a bill first.", html, query)

    def test_bills_of_others_cannot_be_slipped_in(self):
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": 10.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/",
        }
        for key in (
            f"{self.first.id}-{self.fathers.id}",
            str(self.fathers.id),
            "0",
            "abc",
            f"{self.first.id}-{self.first.id}x",
        ):
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self.make_jsonrpc_request(f"/my/therapy/pay/{key}/transaction", params)
        self.assertFalse(self.first.therapy_allocation_ids)

    def test_a_bill_that_is_being_paid_is_shown_and_not_offered(self):
        pending = self._make_card(self.mother, "0003", state="pending")
        page = self._get(f"/my/therapy/pay/card?{self._query(self.first)}").text
        self._pay(page, flow="token", token_id=pending.id)
        html = self._get("/my/therapy/pay").text
        self.assertIn("Being processed", html)
        self.assertIn("50.00", html)

    # === PAYING AHEAD === #

    def _prepay(self, amount, **values):
        page = self._get(f"/my/therapy/prepay/card?amount={amount}").text
        return self._pay(page, **values)

    def test_money_paid_ahead_is_a_credit_and_no_revenue(self):
        values = self._prepay(75, flow="token", token_id=self.card.id)
        tx = self._tx(values)
        # Odoo's own reference is a date and a time, which may look like a card number.
        tx.reference = "tx-4242424242424242"
        tx._post_process()
        payment = tx.payment_id
        self.assertEqual(payment.therapy_credit_cause, "prepaid")
        self.assertEqual(payment.partner_id, self.mother)
        types = payment.move_id.line_ids.account_id.mapped("account_type")
        self.assertNotIn("income", types)
        self.assertAmounts(self.mother._therapy_get_portal_credit(self.company), 75)
        self.assertAmounts(
            self.first.amount_residual,
            60,
        )
        done = self._get("/my/therapy/done").text
        self.assertIn("It is your credit now.", done)

    def test_a_prepayment_has_limits(self):
        self.company.therapy_prepay_limit = 100
        for typed in ("100.01", "0", "-1", "abc", ""):
            html = self._get(f"/my/therapy/prepay/card?amount={typed}").text
            self.assertIn("therapy_pay_error", html, typed)
        page = self._get("/my/therapy/prepay/card?amount=100").text
        for amount in (100.01, 0.0, -1.0, 1.001, None, "x", True):
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._pay(page, amount=amount)

    def test_the_card_of_another_pays_nothing_ahead(self):
        other = self._make_card(self.father, "5555")
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._prepay(20, flow="token", token_id=other.id)

    def test_switched_off_means_off(self):
        page = self._get("/my/therapy/prepay/card?amount=100").text
        many = self._get(f"/my/therapy/pay/card?{self._query(self.first)}").text
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        for html in (page, many):
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._pay(html)
        for path in ("/my/therapy/prepay", "/my/therapy/pay"):
            self.assertIn("Online payment is switched off", self._get(path).text)

    def test_the_pages_need_a_login(self):
        self.authenticate(None, None)
        for path in ("pay", "pay/card?amount=1", "prepay", "prepay/card?amount=1"):
            self.assertIn("/web/login", self._get(f"/my/therapy/{path}").url)

    # === REQUESTS === #

    def _ask(self, **values):
        data = {
            "csrf_token": Request.csrf_token(self),
            "kind": "refund",
            "text": "Please pay my credit back.",
            "amount": "25",
            **values,
        }
        return self.url_open("/my/therapy/requests/create", data=data)

    def test_a_request_reaches_the_front_desk_and_its_answer_the_payer(self):
        self.company.therapy_desk_user_id = self.biller
        html = self._ask(patient=str(self.patient.id)).text
        self.assertIn("therapy_request_sent", html)
        request = self.env["therapy.change.request"].search([])
        self.assertEqual(
            (request.partner_id, request.patient_id, request.kind, request.amount),
            (self.mother, self.patient, "refund", 25.0),
        )
        self.assertEqual(request.activity_ids.user_id, self.biller)
        mine = request.with_user(self.biller)
        mine.action_review()
        self.assertIn("In review", self._get("/my/therapy/requests").text)
        mine.answer = "It is on its way."
        with self._handed_over() as emails:
            mine.action_done()
        self.assertEqual(emails, ["ada@example.com"], "not with the hourly queue")
        page = self._get(f"/my/therapy/requests/{request.id}").text
        self.assertIn("It is on its way.", page)
        self.assertFalse(request.activity_ids)
        mail = self.env["mail.mail"].sudo().search([], limit=1, order="id desc")
        self.assertEqual(mail.email_to, "ada@example.com")
        for word in ("Zelda", "Ada Fitz", "way"):
            self.assertNotIn(word, mail.body_html)

    def test_the_form_has_a_field_for_the_words_and_keeps_them(self):
        self.assertIn("</textarea>", self._get("/my/therapy/requests/new").text)
        html = self._ask(text="Three parts please", amount="x").text
        self.assertIn(">Three parts please</textarea>", html)

    def test_requests_of_others_do_not_exist(self):
        self._ask()
        request = self.env["therapy.change.request"].search([])
        self.authenticate("bob", "bob")
        for number in (request.id, 999999999):
            answer = self._get(f"/my/therapy/requests/{number}")
            self.assertEqual(answer.status_code, 404)
        self.assertNotIn(request.name, self._get("/my/therapy/requests").text)

    def test_a_request_with_a_card_number_or_without_sense_is_refused_in_words(self):
        for values in (
            {"text": "charge 4242 4242 4242 4242"},
            {"text": "  "},
            {"kind": "x"},
            {"amount": "-5"},
            {"text": "x" * 2001},
        ):
            self.assertIn("therapy_request_error", self._ask(**values).text, values)
        self.assertFalse(self.env["therapy.change.request"].search_count([]))

    def test_nobody_floods_the_front_desk(self):
        for _index in range(11):
            html = self._ask().text
        self.assertIn("several open requests", html)
        self.assertEqual(self.env["therapy.change.request"].search_count([]), 10)

    def test_a_request_is_declined_with_an_answer_only(self):
        self._ask()
        request = self.env["therapy.change.request"].search([]).with_user(self.biller)
        with self.assertRaisesRegex(Exception, "Write the payer an answer"):
            request.action_decline()

    # === BILLING CONTACT === #

    def _save(self, **values):
        data = {
            "csrf_token": Request.csrf_token(self),
            "name": "Ada Fitz",
            "email": "ada@example.com",
            "phone": "",
            **values,
        }
        return self.url_open("/my/therapy/contact/save", data=data)

    def _confirm_link(self, asked="ada@example.com"):
        mail = self.env["mail.mail"].sudo().search([], limit=1, order="id desc")
        self.assertEqual(mail.email_to, asked)
        path = mail.body_html.split("/my/contact/confirm/")[1].split('"')[0]
        return f"/my/contact/confirm/{path}"

    def test_a_new_address_waits_for_the_word_of_the_old_one(self):
        self.assertIn(
            "therapy_contact_notice", self._save(email="new@example.com").text
        )
        contact = self.mother._therapy_get_contact_email
        self.assertEqual(contact(), "ada@example.com")
        link = self._confirm_link()
        self.authenticate(None, None)
        self.assertIn("Yes, change it", self._get(link).text)
        self.assertEqual(contact(), "ada@example.com", "opening changes nothing")
        data = {"csrf_token": Request.csrf_token(self)}
        with self._handed_over() as emails:
            self.assertIn("therapy_contact_done", self.url_open(link, data=data).text)
        self.assertEqual(emails, ["new@example.com"], "not with the hourly queue")
        self.mother.invalidate_recordset()
        self.assertEqual(contact(), "new@example.com")
        again = self.url_open(link, data=data).text
        self.assertIn("therapy_contact_gone", again)
        self.assertEqual(self.mother.email, "ada@example.com", "the login stays")

    def test_a_link_dies_with_time_and_with_a_newer_one(self):
        self._save(email="one@example.com")
        old = self._confirm_link()
        self._save(email="two@example.com")
        self.assertIn("therapy_contact_gone", self._get(old).text)
        new = self._confirm_link()
        waiting = self.env["therapy.contact.change"].sudo()
        waiting = waiting.search([("state", "=", "waiting")])
        waiting.expires_at = "2026-01-01"
        self.assertIn("therapy_contact_gone", self._get(new).text)

    def _confirm(self, link):
        """Press the button on the page of a link; return the page that follows."""
        html = self.url_open(link, data={"csrf_token": Request.csrf_token(self)}).text
        self.env.invalidate_all()
        return html

    def test_what_staff_enter_meanwhile_is_not_undone_by_a_link(self):
        self._save(email="new@example.com")
        link = self._confirm_link()
        self.mother.with_user(self.biller).therapy_contact_email = "safe@example.com"
        self.env.flush_all()
        self.assertIn("therapy_contact_gone", self._confirm(link))
        self.assertEqual(self.mother.therapy_contact_email, "safe@example.com")
        self.assertNotIn("new@example.com", self._get("/my/therapy/contact").text)

    def test_the_end_of_access_ends_a_change_that_waits(self):
        self._save(email="new@example.com")
        link = self._confirm_link()
        self.mother.with_user(self.biller).action_therapy_end_access()
        self.env.flush_all()
        self.assertIn("therapy_contact_gone", self._confirm(link))
        self.assertFalse(self.mother.therapy_contact_email)

    def test_the_contact_is_where_bills_really_go(self):
        row = self.patient.guarantor_ids.filtered(
            lambda row: row.partner_id == self.mother
        )
        row.bill_email = "office@example.com"
        bill = self._make_bill()
        self.env.flush_all()
        html = self._get("/my/therapy/contact").text
        self.assertIn("office@example.com", html)
        self.assertNotIn("ada@example.com", html)
        self.assertIn("office@example.com", self._save(email="new@example.com").text)
        self._confirm(self._confirm_link("office@example.com"))
        self.assertEqual(bill._therapy_get_mail_address(), "new@example.com")
        self.assertEqual(
            self.mother._therapy_get_contact_email(),
            "ada@example.com",
            "what went elsewhere still does: only the other address gave its word",
        )
        self.assertIn("new@example.com", self._get("/my/therapy/contact").text)

    def test_other_addresses_of_bills_are_told(self):
        self.assertNotIn("contact_others", self._get("/my/therapy/contact").text)
        for name, email in (("Cal", "cal@example.com"), ("Dot", False)):
            values = {"percent": 100, "partner_id": self.mother.id, "bill_email": email}
            self.env["res.partner"].create(
                {
                    "name": name,
                    "is_patient": True,
                    "guarantor_ids": [Command.create(values)],
                }
            )
        self.env.flush_all()
        html = self._get("/my/therapy/contact").text
        [told] = re.findall(r"Some of your bills go to ([^<]+)\. ", html)
        self.assertEqual(told, "ada@example.com", "where it is not the first one's")

    def test_bad_contacts_are_refused_in_words(self):
        for values in (
            {"email": "nobody"},
            {"email": "ada@example"},
            {"email": ""},
            {"name": "x" * 101},
        ):
            self.assertIn("therapy_contact_error", self._save(**values).text, values)

    def test_cores_address_form_does_not_move_a_payers_mail(self):
        data = {
            "csrf_token": Request.csrf_token(self),
            "partner_id": self.mother.id,
            "name": "Ada Fitz",
            "email": "thief@example.com",
            "street": "1 Main St",
            "city": "Town",
            "zip": "10001",
            "country_id": self.env.ref("base.us").id,
            "state_id": self.env.ref("base.state_us_27").id,
            "address_type": "billing",
        }
        answer = self.url_open("/my/address/submit", data=data).text
        self.assertIn("Billing contact", answer)
        self.mother.invalidate_recordset()
        self.assertEqual(self.mother.email, "ada@example.com")
