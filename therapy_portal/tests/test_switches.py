from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import TherapyPortalHttpCommon
from .link_common import LinkCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestSwitches(TherapyPortalHttpCommon, LinkCommon):
    """With the practice's, the portal's or the payer's switch off nothing is paid."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.bill._therapy_rotate_access_code("012345")
        self._send_link(self.bill)
        self.token = self._token()

    def _switch(self, name, value):
        if name == "portal":
            self.env["ir.config_parameter"].sudo().set_param(
                "account_payment.enable_portal_payment", str(value)
            )
        elif name == "practice":
            self.company.therapy_online_payment = value
        else:
            self.mother.therapy_online_payment = value
        self.env.flush_all()

    def _forms(self):
        """Return pages with a payment form, by way, opened while all is on."""
        self._look_up(self.bill.name, "012345")
        forms = {"code": self._get("/pay/card?amount=10").text}
        self.authenticate("ada", "ada")
        url = f"/my/therapy/bill/{self.bill.id}"
        forms["portal"] = self._get(f"{url}/pay?amount=10").text
        return forms

    def test_with_any_switch_off_every_route_refuses(self):
        forms = self._forms()
        core = {
            f"/invoice/transaction/{self.bill.id}": {
                "access_token": self.bill._portal_ensure_token()
            },
            "/invoice/transaction/overdue": {"payment_reference": "x"},
        }
        for name in ("portal", "practice", "payer"):
            self._switch(name, False)
            with self.subTest(switch=name), mute_logger(HTTP):
                self.authenticate("ada", "ada")
                with self.assertRaises(JsonRpcException):
                    self._pay(forms["portal"])
                for route, values in core.items():
                    params = {
                        "provider_id": self.demo.id,
                        "payment_method_id": self.method.id,
                        "token_id": None,
                        "amount": 10.0,
                        "flow": "direct",
                        "tokenization_requested": False,
                        "landing_route": "/my",
                        **values,
                    }
                    with self.assertRaises(JsonRpcException):
                        self.make_jsonrpc_request(route, params)
                page = self._get(f"/my/therapy/bill/{self.bill.id}/pay?amount=10")
                self.assertNotIn("o_payment_form", page.text)
                self.assertIn("switched off", page.text)
                self.authenticate(None, None)
                self._look_up(self.bill.name, "012345")
                self._refuses_guest()
                self._get(f"/pay/{self.token}")
                self._refuses_guest()
                token = self.bill._portal_ensure_token()
                page = self._get(
                    f"/payment/pay?invoice_id={self.bill.id}&access_token={token}"
                )
                self.assertNotIn("o_payment_form", page.text)
            self._switch(name, True)
        self.assertFalse(self.bill.transaction_ids)

    def test_with_any_switch_off_several_bills_and_paying_ahead_are_refused(self):
        other = self._make_bill(amount=30, total=30)
        Transaction = self.env["payment.transaction"].sudo()  # sudo: only read
        count = Transaction.search_count([])
        self.authenticate("ada", "ada")
        query = f"bill={self.bill.id}&bill={other.id}"
        urls = {
            "choice": f"/my/therapy/pay?{query}",
            "many": f"/my/therapy/pay/card?{query}",
            "amount": "/my/therapy/prepay",
            "ahead": "/my/therapy/prepay/card?amount=20",
        }
        forms = {name: self._get(urls[name]).text for name in ("many", "ahead")}
        for html in forms.values():
            self.assertIn("o_payment_form", html)
        for name in ("portal", "practice", "payer"):
            self._switch(name, False)
            with self.subTest(switch=name):
                for url in urls.values():
                    page = self._get(url)
                    self.assertEqual(page.status_code, 200, url)
                    self.assertIn("switched off", page.text, url)
                    self.assertNotIn("o_payment_form", page.text, url)
                for html in forms.values():
                    for values in ({}, {"flow": "token", "token_id": self.card.id}):
                        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                            self._pay(html, **values)
            self._switch(name, True)
        self.assertEqual(Transaction.search_count([]), count)
        values = self._pay(forms["many"], flow="token", token_id=self.card.id)
        self._tx(values)._post_process()
        self.assertAmounts(self.bill.amount_residual, 0)
        self.assertAmounts(other.amount_residual, 0)

    def test_one_payers_switch_is_not_the_others(self):
        self._switch("payer", False)
        self._make_bill(self.father, 80)
        self.authenticate("bob", "bob")
        for url in ("/my/therapy/pay", "/my/therapy/prepay"):
            self.assertNotIn("switched off", self._get(url).text, url)
        page = self._get("/my/therapy/prepay/card?amount=20").text
        self.assertIn("o_payment_form", page)

    def _refuses_guest(self):
        page = self._get("/pay/card?amount=10")
        self.assertIn("switched off", page.text)
        self.assertNotIn("o_payment_form", page.text)
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": 10.0,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/pay/done",
            "access_token": "x",
        }
        with self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request("/pay/transaction", params)

    def test_a_form_left_open_is_refused_too(self):
        form = self._forms()["code"]
        self.authenticate(None, None)
        self._look_up(self.bill.name, "012345")
        form = self._get("/pay/card?amount=10").text
        for name in ("portal", "practice", "payer"):
            self._switch(name, False)
            with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                self._pay(form)
            self._switch(name, True)
        self._finish(self._pay(form))
        self.assertAmounts(self.bill.amount_residual, 110)

    def test_the_message_offers_payment_only_with_all_switches_on(self):
        for name in ("portal", "practice", "payer"):
            self._switch(name, False)
            wizard, _action = self._share(self.bill)
            mail = self._mail()
            self.assertFalse(wizard.online_payment)
            self.assertNotIn("Pay this bill", mail.body_html, name)
            document = mail.attachment_ids.raw.decode()
            self.assertNotIn("Pay online", document, name)
            self.assertNotIn("data:image/png", document, name)
            self._switch(name, True)
        self._share(self.bill)
        self.assertIn("Pay this bill", self._mail().body_html)
        self.assertIn("Pay online", self._mail().attachment_ids.raw.decode())

    def test_the_other_parent_still_pays(self):
        self._switch("payer", False)
        fathers = self._make_bill(self.father, 80)
        fathers._therapy_rotate_access_code("111111")
        self._look_up(fathers.name, "111111")
        self._finish(self._pay(self._get("/pay/card?amount=80").text))
        self.assertAmounts(fathers.amount_residual, 0)

    def test_the_attachment_is_optional(self):
        self.company.therapy_share_attach = False
        self._share(self.bill)
        mail = self._mail()
        self.assertFalse(mail.attachment_ids)
        self.assertNotIn("attached", mail.body_html)

    def test_the_printed_square_leads_to_the_page_and_holds_no_secret(self):
        url = self.bill._therapy_get_pay_url()
        self.assertTrue(url.endswith(f"/pay?bill={self.bill.name.replace('/', '%2F')}"))
        self.assertNotIn(self.bill.access_code, url)
        seen = []
        Report = self.env["ir.actions.report"]

        def barcode(_self, kind, value, **kwargs):
            seen.append((kind, value))
            return b"png"

        self.patch(type(Report), "barcode", barcode)
        self._share(self.bill)
        self.assertEqual(set(seen), {("QR", url)})
