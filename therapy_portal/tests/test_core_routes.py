from odoo.fields import Command
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalHttpCommon

HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestCoreRoutes(TherapyPortalHttpCommon):
    """Core's own pages and routes obey M3, M12, P1, P4 and P6 for patients' bills."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.token = self.bill._portal_ensure_token()
        self.link = f"/my/invoices/{self.bill.id}?access_token={self.token}"

    def _post(self, amount, bill=None, **values):
        bill = bill or self.bill
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            "access_token": bill._portal_ensure_token(),
            **values,
        }
        return self.make_jsonrpc_request(f"/invoice/transaction/{bill.id}", params)

    def _refused(self, *args, **kwargs):
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._post(*args, **kwargs)

    # === WHO STANDS BELOW === #

    def test_a_contact_under_a_payer_sees_nothing_of_theirs(self):
        """Core shows a company's people each other's papers (M12, P6)."""
        below = self.env["res.partner"].create(
            {"name": "Lou Below", "email": "lou@example.com"}
        )
        below.parent_id = self.mother
        self.assertEqual(below.commercial_partner_id, self.mother)
        new_test_user(
            self.env, "lou", groups="base.group_portal", partner_id=below.id, name="Lou"
        )
        self.bill.message_subscribe(below.ids)
        self.authenticate("lou", "lou")
        for path in ("", "/invoices", "/payment_method", "/therapy", "/therapy/bills"):
            html = self._get(f"/my{path}").text
            self.assertFalse(find_leaks(html, [*SECRETS, "Ada", "4242"]), path)
            self.assertNotIn(self.bill.name, html, path)
        for path in (
            f"/my/invoices/{self.bill.id}",
            f"/my/therapy/bill/{self.bill.id}",
        ):
            self.assertNotIn(self.bill.name, self._get(path).text, path)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._post(20.0, access_token=None, token_id=self.card.id, flow="token")
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(
                "/payment/archive_token", {"token_id": self.card.id}
            )
        self.assertTrue(self.card.active)

    def test_people_of_another_customer_share_cards_as_ever(self):
        company = self.env["res.partner"].create({"name": "Shop", "is_company": True})
        one = self.env["res.partner"].create({"name": "One", "parent_id": company.id})
        card = self._make_card(company, "7777")
        self._make_portal_user("one", one)
        self.authenticate("one", "one")
        self.assertIn("7777", self._get("/my/payment_method").text)
        self.make_jsonrpc_request("/payment/archive_token", {"token_id": card.id})
        self.assertFalse(card.active)

    # === THE PAGE OF A LINK === #

    def test_a_link_shows_what_the_public_page_shows_and_no_cards(self):
        self.bill.invoice_line_ids.name = "Psychotherapy 90837 of Zelda Fitzroy"
        self.bill.write(
            {"narration": "Zelda Fitzroy", "invoice_user_id": self.biller.id}
        )
        page = self._get(self.link)
        self.assertTrue(page.url.endswith("/pay/bill"))
        self.assertIn("120.00", page.text)
        card = self._get("/pay/card?amount=50")
        private = [*SECRETS, "Ada Fitz", "ada@example.com", "Bea Biller", "4242"]
        for html in (page.text, card.text):
            self.assertFalse(find_leaks(html, private))
            self.assertNotIn("o_portal_chatter", html)

    def test_a_link_shows_neutral_documents(self):
        self.bill.invoice_line_ids.name = "Psychotherapy 90837 of Zelda Fitzroy"
        self.bill.narration = "Zelda Fitzroy"
        for kind in ("html", "pdf&download=true", "pdf"):
            page = self._get(f"{self.link}&report_type={kind}")
            self.assertFalse(find_leaks(page.text, [*SECRETS, "Ada Fitz"]), kind)
            self.assertIn(self.bill.name, page.text, kind)

    def test_a_link_opens_no_messages(self):
        self.bill.message_post(
            body="About Zelda Fitzroy",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        for kwargs in (
            {"token": self.token},
            {"hash": self.bill._sign_token(self.mother.id), "pid": self.mother.id},
        ):
            with mute_logger(HTTP):
                answer = self._messages(**kwargs)
            self.assertNotIn("Zelda", str(answer))

    def _messages(self, **kwargs):
        params = {"thread_model": "account.move", "thread_id": self.bill.id, **kwargs}
        try:
            return self.make_jsonrpc_request("/mail/chatter_fetch", params)
        except JsonRpcException as error:
            return error

    def test_a_link_without_its_token_opens_nothing(self):
        for link in (
            f"/my/invoices/{self.bill.id}",
            f"/my/invoices/{self.bill.id}?access_token={self.token[:-1]}",
            f"/my/invoices/{self.bill.id}?access_token=False",
        ):
            self.assertNotIn("120.00", self._get(link).text)

    def test_a_link_to_an_insurers_bill_opens_nothing(self):
        claim = self._make_bill(self.insurer, 150)
        token = claim._portal_ensure_token()
        for suffix in ("", "&report_type=html", "&report_type=pdf&download=true"):
            page = self._get(f"/my/invoices/{claim.id}?access_token={token}{suffix}")
            self.assertNotIn(claim.name, page.text)
        self._refused(150, bill=claim)

    def test_a_link_to_a_paid_bill_tells_nothing(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.bill.ids
        ).create({}).action_create_payments()
        page = self._get(self.link)
        self.assertIn("There is nothing to pay here.", page.text)
        self.assertNotIn("120.00", page.text)

    # === PAYING THROUGH CORE'S ROUTES === #

    def test_core_takes_no_more_than_what_is_left(self):
        for amount in (120.01, 250.0, 0.0, -1.0, 10.001):
            self._refused(amount)
        self.assertFalse(self.bill.transaction_ids)

    def test_core_takes_one_payment_at_a_time_of_one_payer(self):
        self._post(120.0)
        self._refused(120.0)
        self._refused(1.0)
        self.assertEqual(len(self.bill.transaction_ids), 1)

    def test_core_takes_nothing_for_a_paid_bill(self):
        self._finish(self._post(120.0))
        self.assertAmounts(self.bill.amount_residual, 0)
        self._refused(120.0)
        self._refused(0.01)

    def test_core_takes_no_saved_card_from_guests(self):
        self._refused(50.0, flow="token", token_id=self.card.id, payment_method_id=None)
        self._refused(50.0, tokenization_requested=True)
        self.assertFalse(self.bill.transaction_ids)

    def test_core_takes_no_card_of_somebody_else(self):
        self.authenticate("bob", "bob")
        self._refused(50.0, flow="token", token_id=self.card.id, payment_method_id=None)

    def test_a_household_does_not_share_cards(self):
        household = self.env["res.partner"].create({"name": "Home", "is_company": True})
        one, two = self.env["res.partner"].create(
            [
                {"name": "One", "parent_id": household.id, "email": "one@example.com"},
                {"name": "Two", "parent_id": household.id, "email": "two@example.com"},
            ]
        )
        card = self._make_card(one, "7777")
        invoice = self._make_invoice(two)
        self._make_portal_user("two", two)
        self.authenticate("two", "two")
        self._refused(
            50.0, bill=invoice, flow="token", token_id=card.id, payment_method_id=None
        )

    def _make_portal_user(self, login, partner):
        return (
            self.env["res.users"]
            .sudo()
            .create(
                {
                    "login": login,
                    "password": login,
                    "partner_id": partner.id,
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                }
            )
        )

    def _make_invoice(self, partner, amount=100.0):
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": "2026-10-01",
                "invoice_date_due": "2026-10-15",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "x",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move

    def test_a_third_person_pays_and_the_bill_is_booked_on_its_payer(self):
        self.authenticate("bob", "bob")
        values = self._post(50.0)
        self._finish(values)
        tx = self._tx(values)
        self.assertEqual(tx.paid_by_id, self.father)
        self.assertEqual(tx.payment_id.partner_id, self.mother)
        self.assertEqual(tx.payment_id.paid_by_partner_id, self.father)
        self.assertAmounts(self.bill.amount_residual, 70)

    def test_who_pays_by_a_link_gets_the_neutral_confirmation(self):
        page = self._finish(self._post(120.0))
        self.assertTrue(page.url.endswith("/pay/done"))
        self.assertIn("This bill is paid in full.", page.text)
        self.assertFalse(find_leaks(page.text, [*SECRETS, "Ada Fitz"]))

    def test_two_people_pay_their_parts_at_once(self):
        first = self._post(50.0)
        self.authenticate("bob", "bob")
        second = self._post(70.0)
        self._finish(second)
        self.authenticate(None, None)
        self._set_done(first)
        self.assertAmounts(self.bill.amount_residual, 0)

    def _set_done(self, values):
        tx = self._tx(values)
        tx._process("demo", {"reference": tx.reference, "simulated_state": "done"})
        tx._post_process()

    def test_a_validation_cannot_be_slipped_in_for_a_payment(self):
        tx = self._tx(self._post(50.0, is_validation=True))
        self.assertEqual(tx.operation, "online_direct")
        self.assertAmounts(tx.amount, 50)

    def test_when_online_payment_is_off_core_refuses_too(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self._refused(50.0)

    # === OVERDUE === #

    def test_overdue_asks_for_what_is_left(self):
        self._finish(self._post(50.0))
        self.authenticate("ada", "ada")
        html = self._get("/my/invoices/overdue").text
        self.assertAmounts(float(self._form_value(html, "amount")), 70)

    def test_overdue_takes_what_is_left_and_not_more(self):
        other = self._make_bill()
        self.authenticate("ada", "ada")
        html = self._get("/my/invoices/overdue").text
        self.assertAmounts(float(self._form_value(html, "amount")), 240)
        route = "/invoice/transaction/overdue"
        params = {
            "payment_reference": "B",
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
        }
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self.make_jsonrpc_request(route, {**params, "amount": 240.01})
        self._finish(self.make_jsonrpc_request(route, {**params, "amount": 240.0}))
        self.assertAmounts(self.bill.amount_residual + other.amount_residual, 0)

    def test_overdue_of_one_payer_does_not_touch_the_other(self):
        self._make_bill(self.father, 80)
        self.authenticate("ada", "ada")
        html = self._get("/my/invoices/overdue").text
        self.assertAmounts(float(self._form_value(html, "amount")), 120)

    # === PAYMENT LINKS === #

    def test_cores_payment_link_leads_to_the_public_page(self):
        link = (
            self.env["payment.link.wizard"]
            .sudo()
            .with_context(active_id=self.bill.id, active_model="account.move")
            .create(
                {
                    "amount": 999.0,
                    "res_model": "account.move",
                    "res_id": self.bill.id,
                }
            )
            .link
        )
        page = self._get(link.removeprefix(self.bill.get_base_url()))
        self.assertIn("/pay/bill", page.url)
        self.assertIn('value="120.00"', page.text)

    def test_cores_payment_page_offers_what_is_left_and_no_cards(self):
        token = self._generate_test_access_token(
            self.mother.id, 999.0, self.currency.id
        )
        html = self._get(
            f"/payment/pay?invoice_id={self.bill.id}&partner_id={self.mother.id}"
            f"&amount=999.0&currency_id={self.currency.id}&access_token={token}"
        ).text
        self.assertAmounts(float(self._form_value(html, "amount")), 120)
        self.assertNotIn("4242", html)
        self.assertNotIn("o_payment_tokenize_checkbox", html)
        self.assertFalse(find_leaks(html, SECRETS))

    # === THE STATUS PAGE === #

    def test_waiting_does_not_touch_a_draft(self):
        tx = self._tx(self._post(50.0))
        values = self.make_jsonrpc_request("/payment/status/poll", {})
        self.assertEqual(values["state"], "draft")
        self.assertFalse(tx.is_post_processed)

    def test_money_that_cannot_be_posted_yet_is_confirmed_and_not_lost(self):
        values = self._post(50.0)
        self.demo.journal_id.active = False
        tx = self._tx(values)
        tx._process("demo", {"reference": tx.reference, "simulated_state": "done"})
        logger = "odoo.addons.therapy_portal.controllers.post_processing"
        core = "odoo.addons.payment.controllers.post_processing"
        broken = type(tx)._post_process
        self.patch(type(tx), "_post_process", lambda self: 1 / 0)
        with self.assertLogs(logger, "ERROR"), mute_logger(core):
            answer = self.make_jsonrpc_request("/payment/status/poll", {})
        self.assertEqual(answer["state"], "done")
        self.assertFalse(tx.is_post_processed)
        self.demo.journal_id.active = True
        self.patch(type(tx), "_post_process", broken)
        tx._post_process()
        self.assertAmounts(self.bill.amount_residual, 70)
