from odoo.tests import JsonRpcException
from odoo.tools import mute_logger

from .language_common import LanguageCommon


class PayerPages(LanguageCommon):
    """Pages behind the login, each in the states that show other words."""

    def test_pages_of_a_payer(self):
        self._be("ada")
        self._see("/my", "therapy_home_card")
        self._see("/my/therapy", "therapy_authorization_waiting")
        for kind in ("open", "overdue", "paid", "all", "all&search=none"):
            self._see(f"/my/therapy/bills?filterby={kind}", 'id="therapy_')
        self._see("/my/therapy/bills?filterby=overdue&search=none", "therapy_no_bills")
        for bill in self.bills:
            page = self._see(f"/my/therapy/bill/{bill.id}", "therapy_amount_due")
        self.assertRegex(page, "120,00")
        self.assertNotIn("120.00", page.replace('data-max="120.00"', ""))
        for bill in (self.bills[0], self.bills[3]):
            for typed in ("x", "0", "9999", "20"):
                self._see(f"/my/therapy/bill/{bill.id}/pay?amount={typed}", "therapy_")
        for path in ("pay", "pay/card", "prepay", "prepay/card?amount=x"):
            self._see(f"/my/therapy/{path}", "therapy_portal")
        self._see(f"/my/therapy/pay/card?bill={self.bills[0].id}", "therapy_pay_now")
        self._see("/my/therapy/pay/card?amount=9999", "therapy_pay_error")
        self._see("/my/therapy/prepay/card?amount=25", "therapy_pay_now")
        for kind in ("all", "payments", "refunds", "credits", "failed", "cards"):
            self._see(f"/my/therapy/payments?kind={kind}", "o_therapy_portal")
        self._read(self._get("/my/therapy/payments/export").text, "export")
        self._see("/my/payment_method", "o_payment_form")
        self._judge(37)

    def test_dates_and_amounts(self):
        self._be("ada")
        page = self._see(f"/my/therapy/bill/{self.bills[1].id}", "therapy_amount_due")
        day = {"de_DE": "31.10.2026", "es_ES": "31/10/2026"}[self.lang]
        self.assertIn(day, page)
        self.assertNotIn("10/31/2026", page)
        self.assertRegex(page, r"120,00")

    def test_the_end_of_payments_after_the_login(self):
        self._be("ada")
        bill = self.bills[5]
        for state in ("error", "done", "pending"):
            form = self._get(f"/my/therapy/bill/{bill.id}/pay?amount=10").text
            page = self._finish(self._pay(form), state)
            self._check(page, f'data-state="{state}"')
        form = self._get("/my/therapy/prepay/card?amount=25").text
        self._check(self._finish(self._pay(form)), 'data-state="done"')
        form = self._get(f"/my/therapy/bill/{self.bills[0].id}/pay?amount=10").text
        for amount in (9999, -1, 0.001):
            with mute_logger("odoo.http"), self.assertRaises(JsonRpcException) as no:
                self._pay(form, amount=amount)
            self._read(no.exception, f"refusal of {amount}")
        self._judge(7)

    def test_requests_and_the_billing_contact(self):
        self._be("ada")
        self._see("/my/therapy/requests", "request")
        self._see("/my/therapy/requests?sent=1", "therapy_request_sent")
        self.requests[1].action_review()
        self.requests[2].answer = "Three"
        self.requests[2].action_decline()
        for request in self.requests:
            self._see(f"/my/therapy/requests/{request.id}", request.name)
        self._see("/my/therapy/requests/new", "request_kind")
        url = "/my/therapy/requests/create"
        wrong = "therapy_request_error"
        self._check(self._post(url, kind="plan"), wrong)
        text = {"text": "4242 4242 4242 4242"}
        self._check(self._post(url, kind="plan", **text), wrong)
        self._check(self._post(url, kind="refund", text="?", amount="x"), wrong)
        self._check(self._post(url, kind="plan", text="?" * 3000), wrong)
        for _number in range(12):
            page = self._post(url, kind="plan", text="?")
        self._check(page, wrong)
        self._see("/my/therapy/contact", "contact_email")
        url = "/my/therapy/contact/save"
        self._check(self._post(url, email="x"), "therapy_contact_error")
        self._check(self._post(url, email="x@example.com", phone="1" * 50), "error")
        self._check(self._post(url, email="ada@example.com", name="Ada"), "notice")
        self._check(self._post(url, email="new@example.com", name="Ada"), "notice")
        self._see("/my/therapy/contact", "new@example.com")
        self.mother.responsible_for_ids[:1].bill_email = "office@example.com"
        self.env["therapy.guarantor"].create(
            {"patient_id": self.aunt.id, "partner_id": self.mother.id, "percent": 1}
        )
        self._see("/my/therapy/contact", "therapy_contact_others")
        self._judge(19)

    def test_card_authorizations(self):
        self._be("ada")
        url = "/my/therapy/authorization"
        self._see(url, "waiting_title")
        for query in ("", f"?card={self.card.id}", "?card=new"):
            self._see(f"{url}/{self.asked.id}{query}", "o_therapy_words")
        unknown = self.env["payment.token"].browse(10**9)
        self._read(self._sign(self.asked, unknown)["error"], "sign")
        self._sign(self.asked)
        self._see(f"{url}/{self.asked.id}", "therapy_signed")
        self._read(self._sign(self.asked)["error"], "signed twice")
        newer = self._ask_to_sign(
            covers_balance=True, covers_absences=True, max_amount=0
        )
        self.company.therapy_card_policy = "required"
        self._see(f"{url}/{newer.id}", "o_therapy_words")
        self._sign(newer)
        self._see(f"{url}/{self.asked.id}", "alert-info")
        self._check(self._post(f"{url}/{newer.id}/revoke"), "therapy_revoked")
        self._see(url, "ended_title")
        self._judge(11)

    def test_pages_of_a_payer_without_anything(self):
        self._be("una")
        paths = ("bills", "bills?filterby=all", "payments", "pay", "requests", "prepay")
        for path in ("", *(f"/{path}" for path in paths), "/authorization"):
            self._see(f"/my/therapy{path}", "o_therapy_portal")
        self._see("/my")
        self._see("/my/payment_method")
        self.aunt.therapy_online_payment = False
        self._see("/my/therapy/prepay", "o_therapy_portal")
        self._judge(11)
