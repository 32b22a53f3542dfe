import json
from unittest.mock import patch

from odoo.http import Request
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyPortalHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestAttacks(TherapyPortalHttpCommon):
    """What a payer or a stranger sends who does not use our pages."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.hidden = self.demo.copy({"name": "Old test account"})
        self.hidden.write({"state": "test", "is_published": False})
        self.hidden.journal_id = self.company_data["default_journal_bank"]
        self.env.flush_all()
        self.authenticate("ada", "ada")

    def _form(self, path="bill"):
        paths = {
            "bill": f"/my/therapy/bill/{self.bill.id}/pay?amount=50",
            "many": f"/my/therapy/pay/card?bill={self.bill.id}",
            "ahead": "/my/therapy/prepay/card?amount=50",
        }
        return self._get(paths[path]).text

    def _refused(self, html, **values):
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(html, **values)

    # === PROVIDERS === #

    def test_a_provider_that_is_not_offered_takes_no_payment(self):
        for state in ("test", "disabled"):
            self.hidden.state = state
            self.env.flush_all()
            for path in ("bill", "many", "ahead"):
                with self.subTest(state=state, path=path):
                    self._refused(self._form(path), provider_id=self.hidden.id)
        self.assertFalse(self.bill.transaction_ids)

    def test_a_card_of_another_provider_pays_nothing(self):
        card = self._make_card(self.mother, "6666")
        card.provider_id = self.hidden
        self.env.flush_all()
        for provider in (self.demo, self.hidden):
            self._refused(
                self._form(), flow="token", token_id=card.id, provider_id=provider.id
            )

    def test_a_provider_that_is_not_offered_saves_no_card(self):
        html = self._get("/my/payment_method").text
        self._refused(
            html,
            provider_id=self.hidden.id,
            amount=None,
            currency_id=None,
            partner_id=self.mother.id,
            is_validation=True,
            tokenization_requested=True,
        )

    # === CORE'S PAGE FOR A PAYMENT OF NOTHING IN PARTICULAR === #

    def _pay_for_nothing(self, amount, **values):
        """Pay on core's page, which names no bill."""
        html = self._get(f"/payment/pay?amount={amount}").text
        payer = {"currency_id": self.currency.id, "partner_id": self.mother.id}
        return self._pay(html, amount=float(amount), **payer, **values)

    def _refused_for_nothing(self, amount, **values):
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay_for_nothing(amount, **values)

    def test_cores_payment_without_a_bill_is_a_prepayment(self):
        tx = self._tx(self._pay_for_nothing(60))
        self.assertTrue(tx.therapy_is_prepayment)
        self.assertEqual(tx.paid_by_id, self.mother)

    def test_cores_payment_without_a_bill_obeys_every_gate(self):
        Transaction = self.env["payment.transaction"].sudo()  # sudo: only read
        count = Transaction.search_count([])
        self._refused_for_nothing(60, provider_id=self.hidden.id)
        self._refused_for_nothing(-500)
        self.company.therapy_prepay_limit = 100
        self.env.flush_all()
        self._refused_for_nothing(5000)
        self.company.write({"therapy_prepay_limit": 0, "therapy_online_payment": False})
        self.env.flush_all()
        self._refused_for_nothing(60)
        self.assertEqual(Transaction.search_count([]), count)

    def test_who_pays_no_patients_bills_is_left_to_core_above_zero(self):
        stranger = new_test_user(
            self.env, "stranger", groups="base.group_portal", email="s@example.com"
        )
        self.authenticate("stranger", "stranger")
        payer = {"currency_id": self.currency.id, "partner_id": stranger.partner_id.id}
        html = self._get("/payment/pay?amount=60").text
        self.assertFalse(self._tx(self._pay(html, **payer)).therapy_is_prepayment)
        html = self._get("/payment/pay?amount=-60").text
        self._refused(html, **payer)

    # === ONE'S OWN RECORDS, THROUGH REMOTE CALLS === #

    def test_a_remote_call_does_not_move_a_payers_mail(self):
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(
                "/web/dataset/call_kw/res.users/write",
                {
                    "model": "res.users",
                    "method": "write",
                    "args": [[self.mother_user.id], {"email": "thief@example.com"}],
                    "kwargs": {},
                },
            )
        self.mother.invalidate_recordset()
        self.assertEqual(self.mother.email, "ada@example.com")

    def test_a_receipt_shows_nothing_to_who_may_not_see_the_payment(self):
        self._finish(self._pay(self._form()))
        payment = self.bill.transaction_ids.payment_id
        self.authenticate("bob", "bob")
        report = f"/report/html/therapy_portal.report_receipt/{payment.id}"
        with mute_logger(HTTP):
            page = self._get(f"{report}?reader_id={self.father.id}")
        self.assertNotIn("50.00", page.text)

    # === ADDRESSES TYPED BY HAND === #

    def test_pages_without_a_number_in_the_list_are_the_last_page(self):
        for path in ("bills", "payments", "requests"):
            for page in ("0", "99999", "9" * 30):
                answer = self._get(f"/my/therapy/{path}/page/{page}")
                self.assertEqual(answer.status_code, 200, (path, page))

    def test_a_nul_gets_the_answer_of_every_wrong_number(self):
        self.assertEqual(self._get("/my/therapy/bills?search=%00").status_code, 200)
        self.authenticate(None, None)
        page = self._look_up("INV\0", "01234\0")
        self.assertEqual(page.status_code, 200)
        self.assertIn("therapy_pay_failed", page.text)

    def test_the_public_confirmation_of_what_pays_no_bill_is_no_error(self):
        self._pay(self._form("ahead"))
        self.assertEqual(self._get("/pay/done").status_code, 200)

    def test_a_stranger_does_not_learn_which_bills_cannot_be_paid_online(self):
        fathers = self._make_bill(self.father, 80)
        self.father.therapy_online_payment = False
        self.env.flush_all()
        answers = set()
        self.authenticate(None, None)
        for number in (self.bill.id, fathers.id, 10**8):
            params = {
                "access_token": "x",
                "provider_id": self.demo.id,
                "payment_method_id": self.method.id,
                "token_id": None,
                "amount": 10.0,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": "/my",
            }
            with mute_logger(HTTP):
                answer = self.url_open(
                    f"/invoice/transaction/{number}",
                    data=json.dumps({"jsonrpc": "2.0", "params": params}),
                    headers={"Content-Type": "application/json"},
                )
            answers.add(answer.json()["error"]["data"]["message"])
        self.assertEqual(answers, {"The access token is invalid."})

    # === THE PROCESSOR === #

    def _ask_fee(self, **values):
        params = {
            "provider_id": self.demo.id,
            "amount": 50.0,
            "confirmation": "ctoken_1",
            "transaction_route": "/pay/transaction",
            **values,
        }
        return self.make_jsonrpc_request("/pay/fee", params)

    def test_a_stranger_makes_nobody_ask_the_processor(self):
        asked = []
        Provider = type(self.env["payment.provider"])

        def read(_provider, confirmation):
            asked.append(confirmation)
            return {}

        self.bill._therapy_rotate_access_code("012345")
        with patch.object(Provider, "_therapy_read_card", read):
            self.authenticate(None, None)
            self.assertEqual(self._ask_fee(), {"fee": 0.0})
            self.assertEqual(asked, [])
            self._look_up(self.bill.name, "012345")
            self._ask_fee()
            self.assertEqual(asked, ["ctoken_1"])

    def test_a_form_of_one_site_is_not_sent_from_another(self):
        for path in (
            "/pay",
            "/my/therapy/requests/create",
            "/my/therapy/contact/save",
        ):
            self.assertTrue(Request.csrf_token(self))
            with self.assertLogs(HTTP, level="WARNING"):
                answer = self.url_open(path, data={"email": "x@example.com"})
            self.assertEqual(answer.status_code, 400, path)
