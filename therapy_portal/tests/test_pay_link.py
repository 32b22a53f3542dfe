import re

from odoo.http import Request
from odoo.tests import JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.phi import find_leaks

from ..tools.links import new_token
from .common import SECRETS, TherapyPortalHttpCommon
from .link_common import LinkCommon

HTTP = "odoo.http"
EXPIRED = "therapy_pay_expired"


@tagged("post_install", "-at_install")
class TestPayLink(TherapyPortalHttpCommon, LinkCommon):
    """One-time links over HTTP, as a stranger who got a mail (P4)."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self._send_link(self.bill)
        self.token = self._token()
        self.link = self._links(self.bill)

    def _open(self, token=None):
        return self._get(f"/pay/{token or self.token}")

    def _pay_part(self, amount, state="done"):
        values = self._pay(self._get(f"/pay/card?amount={amount}").text)
        return self._finish(values, state), self._tx(values)

    def _ask(self):
        return self.url_open("/pay/ask", data={"csrf_token": Request.csrf_token(self)})

    def _activities(self):
        kind = self.env.ref("therapy_portal.mail_activity_new_link")
        return self.bill.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    # === OPENING === #

    def test_a_link_opens_the_bill_and_leads_away_from_the_token(self):
        page = self._open()
        self.assertTrue(page.url.endswith("/pay/bill"))
        for text in ("120.00", self.bill.name, "Maple Street Practice"):
            self.assertIn(text, page.text)
        self.assertNotIn(self.token, page.text)
        for answer in (*page.history, page):
            self.assertNotIn(self.token, answer.headers.get("Location", ""))
            self.assertEqual(answer.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_opening_uses_nothing_up(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.link.read()
        for _number in range(3):
            self.assertEqual(self.url_open_head(), 303)
            self.assertIn("/pay/bill", self._open().url)
            self.authenticate(None, None)
        self.env.invalidate_all()
        self.assertEqual(self.link.read(), before)

    def url_open_head(self):
        self.env.flush_all()
        response = self.opener.head(
            f"{self.base_url()}/pay/{self.token}", allow_redirects=False, timeout=12
        )
        return response.status_code

    def test_another_language_does_not_put_the_token_into_an_address(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.opener.cookies["frontend_lang"] = "es_ES"
        page = self._open()
        for answer in (*page.history, page):
            self.assertNotIn(self.token, answer.headers.get("Location", ""))
        self.assertTrue(page.url.endswith("/es/pay/bill"), page.url)

    def test_the_token_is_in_no_log(self):
        self.env.flush_all()
        with self.assertLogs(level="DEBUG") as logs:
            self._open()
            self._open(new_token())
            self._get(f"/pay/{self.token}/")
            self.opener.post(f"{self.base_url()}/pay/{self.token}", timeout=12)
        masked = [line for line in logs.output if '"GET /pay/***' in line]
        self.assertTrue(masked, "the request log was read")
        ours = [line for line in logs.output if "odoo.tests" not in line]
        self.assertFalse([line for line in ours if self.token in line])

    def test_all_that_opens_nothing_gets_one_and_the_same_page(self):
        used, replaced, paid = (self._make_bill() for _number in range(3))
        tokens = {}
        for name, bill in (("used", used), ("replaced", replaced), ("paid", paid)):
            self._send_link(bill)
            tokens[name] = self._token()
        self._links(used)._end("used")
        self._send_link(replaced)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({}).action_create_payments()
        tokens |= {"unknown": new_token(), "short": "abc", "long": "x" * 500}
        pages = set()
        for name, token in tokens.items():
            page = self._open(token)
            self.assertIn(EXPIRED, page.text, name)
            self.assertEqual(page.status_code, 200)
            pages.add(re.sub(r'csrf_token[^,>]*|value="[0-9a-f]+o\d+"', "", page.text))
        with self._now("2100-01-01 00:00:00"):
            self.assertIn(EXPIRED, self._open().text)
        self.assertEqual(len(pages), 1)

    def test_the_link_ends_at_the_second(self):
        with self._now("2026-11-22 10:00:07"):
            self._send_link(self.bill)
            token = self._token()
        with self._now("2026-11-23 10:00:06"):
            self.assertIn("/pay/bill", self._open(token).url)
        with self._now("2026-11-23 10:00:07"):
            self.assertIn("/pay/expired", self._get("/pay/bill").url)
            self.assertIn(EXPIRED, self._open(token).text)

    def test_a_newer_link_closes_the_page_of_the_one_before(self):
        self._open()
        self._send_link(self.bill)
        self.assertIn("/pay/expired", self._get("/pay/bill").url)
        self.assertIn(EXPIRED, self._open().text)
        self.assertIn("/pay/bill", self._open(self._token()).url)

    def test_guesses_lock_the_address_as_wrong_codes_do(self):
        for _number in range(4):
            self._open(new_token())
        self.assertIn("/pay/bill", self._open().url)
        self._open(new_token())
        self.assertIn(EXPIRED, self._open().text, "the right one too")
        self.bill._therapy_rotate_access_code("012345")
        page = self._look_up(self.bill.name, "012345")
        self.assertIn("therapy_pay_failed", page.text, "codes and links count together")

    def test_an_old_link_of_ones_own_is_no_guess(self):
        self._send_link(self.bill)
        for _number in range(7):
            self.assertIn(EXPIRED, self._open().text)
        self.assertIn("/pay/bill", self._open(self._token()).url)

    # === PAYING === #

    def test_paying_ends_the_link_and_the_rest_needs_a_new_one(self):
        self._open()
        page, tx = self._pay_part("50")
        self.assertIn("Thank you. Your payment was received.", page.text)
        self.assertIn("Ask for a new link for the rest", page.text)
        self.assertEqual(tx.therapy_pay_link_id, self.link)
        self.assertEqual(self.link.state, "used")
        self.assertAmounts(self.bill.amount_residual, 70)
        self.assertIn("/pay/expired", self._get("/pay/bill").url)
        self.assertIn(EXPIRED, self._open().text)

    def test_a_pending_payment_ends_the_link_a_failed_one_does_not(self):
        for state in ("cancel", "error"):
            self._open()
            page, _tx = self._pay_part("50", state)
            self.assertIn("Try again", page.text)
            self.assertEqual(self.link.state, "live")
        self._open()
        self._pay_part("50", "pending")
        self.assertEqual(self.link.state, "used")
        self.assertIn(EXPIRED, self._open().text)

    def test_a_started_payment_may_finish_after_the_end(self):
        with self._now("2026-11-22 10:00:00"):
            self._send_link(self.bill)
            self._open(self._token())
        with self._now("2026-11-22 10:29:00"):
            html = self._get("/pay/card?amount=120").text
            values = self._pay(html)
        self._links(self.bill)[0].sudo().expires_at = "2026-11-22 10:29:01"
        with self._now("2026-11-22 10:40:00"):
            page = self._finish(values)
            self.assertIn("Thank you", page.text)
        self.assertAmounts(self.bill.amount_residual, 0)

    def test_no_payment_starts_after_the_end(self):
        self._open()
        html = self._get("/pay/card?amount=50").text
        self.link.sudo().expires_at = "2020-01-01 00:00:00"
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(html)
        self.assertFalse(self.bill.transaction_ids)

    def test_a_third_party_sees_amount_and_reference_only_and_is_named(self):
        self._send_link(
            self.bill, to_other=True, other_name="Gran", other_email="g@example.com"
        )
        page = self._open(self._token("g@example.com"))
        self.assertIn("120.00", page.text)
        self.assertIn(self.bill.name, page.text)
        for text in ("11/14/2026", "Log in", "Ada Fitz", "Gran", *SECRETS):
            self.assertFalse(find_leaks(page.text, [text]), text)
        page, tx = self._pay_part("120")
        self.assertNotIn("Ada Fitz", page.text)
        gran = self._links(self.bill)[0].partner_id
        self.assertEqual((tx.partner_id, tx.paid_by_id), (gran, gran))
        self.assertEqual(tx.payment_id.partner_id, self.mother)
        self.assertEqual(tx.payment_id.paid_by_partner_id, gran)
        self.assertAmounts(self.bill.amount_residual, 0)

    def test_who_is_logged_in_pays_as_a_guest_without_cards(self):
        for login in (None, "ada", "bob", "biller"):
            self.authenticate(login, login)
            self._open()
            html = self._get("/pay/card?amount=10").text
            self.assertNotIn("4242", html)
            self.assertNotIn("o_payment_tokenize_checkbox", html)
            for values in (
                {"tokenization_requested": True},
                {"flow": "token", "token_id": self.card.id, "payment_method_id": None},
                {"token_id": self.card.id},
            ):
                with mute_logger(HTTP), self.assertRaises(JsonRpcException):
                    self._pay(html, **values)
        self.assertFalse(self.bill.transaction_ids)

    def test_a_link_opens_its_bill_and_no_other(self):
        fathers = self._make_bill(self.father, 80)
        self._send_link(fathers)
        fathers_token = self._token("bob@example.com")
        self._open()
        mothers_form = self._get("/pay/card?amount=10").text
        self._open(fathers_token)
        self.assertIn(fathers.name, self._get("/pay/bill").text)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(mothers_form)
        self.assertFalse((self.bill | fathers).transaction_ids)

    def test_the_pages_of_a_link_show_nothing_private(self):
        self._open()
        html = self._get("/pay/card?amount=50").text
        values = self._pay(html)
        done = self._finish(values).text
        for text in (html, done, str(values)):
            self.assertFalse(
                find_leaks(text, [*SECRETS, "Ada Fitz", "ada@example.com"])
            )
            self.assertNotIn(self.token, text)

    def test_switched_off_online_payment_refuses_links_too(self):
        self._open()
        html = self._get("/pay/card?amount=50").text
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self.assertIn("switched off", self._open().text)
        with mute_logger(HTTP), self.assertRaises(JsonRpcException):
            self._pay(html)

    # === A NEW LINK === #

    def test_asking_for_a_new_link_gives_the_sender_one_activity(self):
        self.link.sudo().expires_at = "2020-01-01 00:00:00"
        self._open()
        page = self._ask()
        self.assertIn("therapy_pay_asked", page.text)
        activity = self._activities()
        self.assertEqual(activity.user_id, self.biller)
        self._ask()
        self.assertEqual(self._activities(), activity)
        activity.action_done()
        self._ask()
        self.assertFalse(self._activities(), "within the hour nothing more")

    def test_asking_tells_a_stranger_nothing(self):
        self._open(new_token())
        stranger = self._ask().text
        self.assertFalse(self._activities())
        self.authenticate(None, None)
        self._open()
        self.assertEqual(
            re.sub(r"csrf_token[^,]*", "", stranger),
            re.sub(r"csrf_token[^,]*", "", self._ask().text),
        )

    def test_asking_without_csrf_token_is_refused(self):
        self._open()
        with self.assertLogs(HTTP, level="WARNING"):
            self.assertEqual(self.url_open("/pay/ask", data={"x": 1}).status_code, 400)
        self.assertFalse(self._activities())

    def test_a_paid_bill_is_not_asked_for(self):
        self._open()
        self._pay_part("120")
        self._open()
        self._ask()
        self.assertFalse(self._activities())

    # === WHO IS TOLD === #

    def _told(self):
        """Return the users told of the payment, one per notification."""
        notified = self.env["mail.notification"].sudo()
        messages = self.env["mail.message"].search(
            [
                ("res_id", "=", self.bill.id),
                ("model", "=", "account.move"),
                ("body", "like", "with a payment link"),
            ]
        )
        return notified.search(
            [("mail_message_id", "in", messages.ids)]
        ).res_partner_id.user_ids

    def test_managers_and_a_provider_who_bills_are_told_once_each(self):
        self._make_renderer("therapy_billing.group_biller")
        both = self._make_renderer("therapy_billing.group_manager")
        muted = new_test_user(self.env, "muted", groups="therapy_billing.group_manager")
        muted.therapy_mute_links = True
        self._open()
        self._pay_part("50")
        told = self._told()
        self.assertIn(both, told)
        self.assertNotIn(muted, told)
        self.assertNotIn(self.biller, told, "a biller who is not the provider")
        count = self.env["mail.notification"].search_count(
            [("res_partner_id", "=", both.partner_id.id)]
        )
        self.assertEqual(count, 1)

    def _make_renderer(self, group):
        user = new_test_user(self.env, f"renderer {group}", groups=group)
        self.bill.session_share_ids.session_id.provider_id = user.partner_id
        return user

    def test_a_provider_who_does_not_bill_is_not_told(self):
        renderer = self._make_renderer("therapy_billing.group_clinician")
        self._open()
        self._pay_part("50")
        self.assertNotIn(renderer, self._told())
        self.assertTrue(self._told(), "managers are")

    def test_a_provider_who_bills_is_told(self):
        renderer = self._make_renderer("therapy_billing.group_biller")
        self._open()
        self._pay_part("50")
        self.assertIn(renderer, self._told())

    def test_the_notice_holds_nothing_private(self):
        renderer = self._make_renderer("therapy_billing.group_biller")
        renderer.notification_type = "email"
        self._open()
        self._pay_part("50")
        mails = self.env["mail.mail"].search(
            [("recipient_ids", "in", renderer.partner_id.ids)]
        )
        self.assertTrue(mails)
        for text in (*mails.mapped("subject"), *mails.mapped("body_html")):
            self.assertFalse(find_leaks(text or "", [*SECRETS, "Ada Fitz"]), text)
