import re
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks
from odoo.addons.therapy_portal.tools import codes

from .common import SECRETS, TherapyPortalHttpCommon

FAILED = "therapy_pay_failed"
HTTP = "odoo.http"


@tagged("post_install", "-at_install")
class TestPayLookup(TherapyPortalHttpCommon):
    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.bill._therapy_rotate_access_code("012345")

    def _answer(self, html):
        """Return the words of the answer, without what differs by design."""
        return re.search(rf'id="{FAILED}".*?</div>', html, re.S).group(0)

    def test_number_and_code_open_the_bill(self):
        page = self._look_up(self.bill.name, "012345")
        self.assertTrue(page.url.endswith("/pay/bill"))
        self.assertIn("120.00", page.text)
        self.assertIn(self.bill.name, page.text)
        self.assertIn("Maple Street Practice", page.text)

    def test_spaces_around_number_and_code_do_no_harm(self):
        self.assertIn("/pay/bill", self._look_up(f" {self.bill.name} ", " 012345 ").url)

    def test_the_page_shows_nothing_private(self):
        self.bill.invoice_line_ids.name = "Psychotherapy 90837 of Zelda Fitzroy"
        self.bill.narration = "Zelda Fitzroy"
        html = self._look_up(self.bill.name, "012345").text
        self.assertFalse(find_leaks(html, [*SECRETS, "Ada Fitz", "ada@example.com"]))

    def test_every_failure_gets_the_same_answer(self):
        paid = self._make_bill()
        paid._therapy_rotate_access_code("111111")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({}).action_create_payments()
        cancelled = self._make_bill(self.aunt)
        cancelled.button_draft()
        cancelled.button_cancel()
        cancelled.sudo().access_code = "222222"
        claim = self._make_bill(self.insurer, 150)
        claim.access_code = "333333"
        reversed_bill = self._make_bill()
        reversed_bill._reverse_moves([{"invoice_date": "2026-10-31"}], cancel=True)
        reversed_bill.sudo().access_code = "444444"
        tries = [
            (self.bill.name, "999999"),
            ("INV/1999/00001", "012345"),
            (paid.name, "111111"),
            (cancelled.name or "-", "222222"),
            (claim.name, "333333"),
            (reversed_bill.name, "444444"),
            (self.bill.name, ""),
            ("", ""),
        ]
        answers = set()
        for number, code in tries:
            self.env["therapy.access.attempt"].sudo().search([]).unlink()
            page = self._look_up(number, code)
            self.assertEqual(page.status_code, 200)
            answers.add(self._answer(page.text))
        for _number in range(5):
            self._look_up(self.bill.name, "999999")
        answers.add(self._answer(self._look_up(self.bill.name, "012345").text))
        self.assertEqual(len(answers), 1)
        [answer] = answers
        for cause in ("typing", "newest", "paid", "cancelled", "15 minutes"):
            self.assertIn(cause, answer)

    def test_the_sixth_try_is_refused_even_with_the_right_code(self):
        for _number in range(5):
            self.assertIn(FAILED, self._look_up(self.bill.name, "999999").text)
        self.assertTrue(self.bill.therapy_access_locked)
        self.assertIn(FAILED, self._look_up(self.bill.name, "012345").text)

    def test_five_tries_are_allowed(self):
        for _number in range(4):
            self._look_up(self.bill.name, "999999")
        self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)

    def test_the_lock_ends_after_a_quarter_of_an_hour(self):
        with self._now("2026-11-22 10:00:00"):
            for _number in range(5):
                self._look_up(self.bill.name, "999999")
        with self._now("2026-11-22 10:14:59"):
            self.assertIn(FAILED, self._look_up(self.bill.name, "012345").text)
        with self._now("2026-11-22 10:15:01"):
            self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)

    def test_tries_on_many_bills_lock_the_address(self):
        for number in range(5):
            self._look_up(f"INV/1999/0000{number}", "999999")
        self.assertFalse(self.bill.therapy_access_locked)
        self.assertIn(FAILED, self._look_up(self.bill.name, "012345").text)

    def test_tries_from_many_addresses_lock_the_bill(self):
        Attempt = self.env["therapy.access.attempt"].sudo()
        for number in range(5):
            self.assertFalse(
                Attempt._open_bill(self.bill.name, "999999", f"10.0.0.{number}")
            )
        self.assertFalse(Attempt._open_bill(self.bill.name, "012345", "10.0.0.9"))
        other = self._make_bill()
        other._therapy_rotate_access_code("543210")
        self.assertEqual(Attempt._open_bill(other.name, "543210", "10.0.0.9"), other.id)

    def test_addresses_of_one_ipv6_network_count_together(self):
        Attempt = self.env["therapy.access.attempt"].sudo()
        for number in range(5):
            Attempt._open_bill(f"X{number}", "999999", f"2001:db8:1:2::{number + 1}")
        self.assertFalse(
            Attempt._open_bill(self.bill.name, "012345", "2001:db8:1:2::ff")
        )
        self.assertTrue(Attempt._open_bill(self.bill.name, "012345", "2001:db8:1:3::1"))
        self.assertEqual(
            Attempt._address_key("::ffff:10.0.0.1"), Attempt._address_key("10.0.0.1")
        )

    def test_the_address_is_not_taken_from_a_header_without_proxy_mode(self):
        for number in range(5):
            self._look_up_with_header("INV/1999/00001", "999999", f"10.9.9.{number}")
        page = self._look_up_with_header(self.bill.name, "012345", "10.9.9.99")
        self.assertIn(FAILED, page.text)

    def _look_up_with_header(self, number, code, address):
        return self._look_up(number, code, headers={"X-Forwarded-For": address})

    def test_a_right_code_counts_as_no_failure(self):
        for _number in range(7):
            self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)
        self.assertFalse(self.env["therapy.access.attempt"].sudo().search([]))

    def test_the_code_is_compared_in_constant_time_also_for_unknown_bills(self):
        compare = "odoo.addons.therapy_portal.tools.codes.compare_digest"
        for number in (self.bill.name, "INV/1999/00001"):
            with patch(compare, wraps=codes.compare_digest) as compared:
                self._look_up(number, "999999")
            self.assertEqual(compared.call_count, 1, number)

    def test_a_biller_unlocks_the_bill(self):
        for _number in range(5):
            self._look_up(self.bill.name, "999999")
        self.bill.with_user(self.biller).action_therapy_unlock()
        self.assertFalse(self.bill.therapy_access_locked)
        self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)

    def test_number_and_address_are_not_kept_in_the_clear(self):
        self._look_up(self.bill.name, "999999")
        attempt = self.env["therapy.access.attempt"].sudo().search([])
        kept = f"{attempt.bill_key} {attempt.address_key}"
        for text in (self.bill.name, "999999", "127.0.0.1"):
            self.assertNotIn(text, kept)

    def test_old_tries_are_swept_away(self):
        with self._now("2026-11-22 10:00:00"):
            self._look_up(self.bill.name, "999999")
        with self._now("2026-11-23 10:00:01"):
            self.env["therapy.access.attempt"].sudo()._gc_attempts()
        self.assertFalse(self.env["therapy.access.attempt"].sudo().search([]))

    def test_the_code_is_never_in_an_address_or_on_the_page(self):
        page = self._look_up(self.bill.name, "012345")
        for answer in (*page.history, page):
            self.assertNotIn("012345", answer.url)
            self.assertNotIn("012345", answer.headers.get("Location", ""))
        self.assertNotIn("012345", page.text)
        wrong = self._look_up(self.bill.name, "987654")
        self.assertNotIn("987654", wrong.text)

    def test_a_code_in_the_address_opens_nothing(self):
        page = self._get(f"/pay?bill_number={self.bill.name}&access_code=012345")
        self.assertNotIn("120.00", page.text)
        self.assertNotIn("012345", page.text)
        self.assertTrue(self._get("/pay/bill").url.endswith("/pay"))

    def test_the_code_is_not_in_the_log(self):
        self.env.flush_all()
        with self.assertLogs(level="DEBUG") as logs:
            self._look_up(self.bill.name, "012345")
        self.assertFalse([line for line in logs.output if "012345" in line])

    def test_the_form_of_the_page_opens_the_bill(self):
        html = self._get("/pay").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', html).group(1)
        data = {"bill_number": self.bill.name, "access_code": "012345"}
        page = self.url_open("/pay", data={"csrf_token": token, **data})
        self.assertTrue(page.url.endswith("/pay/bill"))

    def test_a_post_without_csrf_token_is_refused(self):
        data = {"bill_number": self.bill.name, "access_code": "012345"}
        with self.assertLogs(HTTP, level="WARNING"):
            self.assertEqual(self.url_open("/pay", data=data).status_code, 400)
        self.assertTrue(self._get("/pay/bill").url.endswith("/pay"))

    def test_pages_are_not_kept_framed_or_passed_on(self):
        pages = [self._get("/pay"), self._look_up(self.bill.name, "012345")]
        pages.append(self._get("/pay/card?amount=5"))
        for page in pages:
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer", page.url)
            self.assertEqual(page.headers["Cache-Control"], "no-store", page.url)
            self.assertEqual(page.headers["X-Frame-Options"], "DENY", page.url)

    def test_an_open_page_closes_after_half_an_hour(self):
        with self._now("2026-11-22 10:00:00"):
            self._look_up(self.bill.name, "012345")
        with self._now("2026-11-22 10:29:00"):
            self.assertIn("/pay/bill", self._get("/pay/bill").url)
        with self._now("2026-11-22 10:31:00"):
            page = self._get("/pay/bill")
            self.assertTrue(page.url.endswith("/pay"))
            self.assertIn("type number and code again", page.text)

    def test_an_open_page_closes_when_the_bill_is_shared_again(self):
        self._look_up(self.bill.name, "012345")
        self.bill._therapy_rotate_access_code()
        self.assertTrue(self._get("/pay/bill").url.endswith("/pay"))

    def test_a_failed_try_closes_the_bill_that_was_open(self):
        self._look_up(self.bill.name, "012345")
        self._look_up(self.bill.name, "999999")
        self.assertTrue(self._get("/pay/bill").url.endswith("/pay"))

    def test_the_link_of_the_mail_fills_in_the_number(self):
        path = self.bill._therapy_get_pay_url().removeprefix(self.bill.get_base_url())
        page = self._get(path)
        self.assertIn(f'value="{self.bill.name}"', page.text)
