import re

from odoo.exceptions import AccessError, ValidationError
from odoo.http import Request
from odoo.tests import new_test_user, tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestReceipts(TherapyPortalHttpCommon):
    """Receipts go to several addresses, each confirmed before the first one."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        self.bill._therapy_rotate_access_code("012345")

    def _add(self, email, partner=None):
        Address = self.env["therapy.receipt.address"].with_user(self.biller)
        return Address.create(
            {"partner_id": (partner or self.mother).id, "email": email}
        )

    def _mails(self, email):
        return self.env["mail.mail"].sudo().search([("email_to", "=", email)])

    def _token(self, email):
        body = str(self._mails(email)[:1].body_html)
        return re.search(r"/pay/receipts/([\w-]{43})", body).group(1)

    def _confirm(self):
        data = {"csrf_token": Request.csrf_token(self)}
        return self.url_open("/pay/receipts", data=data)

    def _pay_bill(self):
        self._look_up(self.bill.name, "012345")
        values = self._pay(self._get("/pay/card?amount=120").text)
        self._finish(values)
        return self._tx(values).payment_id

    def test_own_addresses_and_contacts_count_at_once(self):
        self.env["res.partner"].create(
            {
                "name": "Office",
                "parent_id": self.mother.id,
                "email": "office@example.com",
            }
        )
        for email in ("Ada@Example.com", "office@example.com"):
            self.assertEqual(self._add(email).state, "confirmed")

    def test_another_address_is_confirmed_by_a_press_not_by_opening(self):
        address = self._add("tax@example.com")
        self.assertEqual(address.state, "waiting")
        token = self._token("tax@example.com")
        for _number in range(2):
            page = self._get(f"/pay/receipts/{token}")
            self.assertTrue(page.url.endswith("/pay/receipts"))
            self.assertNotIn(token, page.text)
            self.assertIn("tax@example.com", page.text)
            self.assertEqual(address.state, "waiting")
        self.assertFalse(find_leaks(page.text, [*SECRETS, "Ada Fitz"]))
        self.assertIn("Thank you", self._confirm().text)
        self.assertEqual(address.state, "confirmed")
        self.assertIn("any more", self._get(f"/pay/receipts/{token}").text)

    def test_links_that_are_old_or_unknown_confirm_nothing(self):
        with self._now("2026-11-01 10:00:00"):
            address = self._add("tax@example.com")
        token = self._token("tax@example.com")
        with self._now("2026-11-08 10:00:01"):
            self.assertIn("any more", self._get(f"/pay/receipts/{token}").text)
            self.assertIn("any more", self._get("/pay/receipts/abc").text)
            self._confirm()
        self.assertEqual(address.state, "waiting")

    def test_receipts_go_to_all_confirmed_addresses_and_to_no_other(self):
        self._add("ada@example.com")
        self._add("tax@example.com")
        waiting = self._add("wait@example.com")
        self._add("bob@example.com", self.father)
        self._get(f"/pay/receipts/{self._token('tax@example.com')}")
        self._confirm()
        asked = self._mails(waiting.email)
        payment = self._pay_bill()
        for email in ("ada@example.com", "tax@example.com"):
            mail = self._mails(email)[:1]
            for text in ("120.00", payment.name, "Maple Street Practice"):
                self.assertIn(text, mail.body_html)
            self.assertNotIn("1111", mail.body_html, "no card")
            for text in (mail.subject, mail.body_html):
                self.assertFalse(find_leaks(text, [*SECRETS, "Ada Fitz"]))
        self.assertEqual(self._mails(waiting.email), asked)
        self.assertFalse(self._mails("bob@example.com"))
        self.assertTrue(payment.therapy_receipt_sent_at)

    def test_a_receipt_is_sent_once_and_again_at_a_press(self):
        self._add("ada@example.com")
        payment = self._pay_bill()
        payment.payment_transaction_id._post_process()
        self.assertEqual(len(self._mails("ada@example.com")), 1)
        notice = payment.with_user(self.biller).action_therapy_send_receipt()
        self.assertEqual(notice["params"]["type"], "success")
        self.assertEqual(len(self._mails("ada@example.com")), 2)

    def test_who_only_reads_sends_no_receipt(self):
        self._add("ada@example.com")
        payment = self._pay_bill()
        auditor = new_test_user(
            self.env, "auditor", groups="therapy_billing.group_auditor"
        )
        with self.assertRaises(AccessError):
            payment.with_user(auditor).action_therapy_send_receipt()

    def test_without_addresses_nothing_is_sent(self):
        payment = self._pay_bill()
        self.assertFalse(payment.therapy_receipt_sent_at)
        notice = payment.with_user(self.biller).action_therapy_send_receipt()
        self.assertEqual(notice["params"]["type"], "warning")

    def test_what_is_no_address_is_refused_and_none_is_changed(self):
        for email in ("", "nobody", "a@example.com, b@example.com"):
            with self.assertRaisesRegex(ValidationError, "not one e-mail"):
                self._add(email)
        address = self._add("ada@example.com")
        for values in ({"email": "x@example.com"}, {"state": "confirmed"}):
            with self.assertRaises(ValidationError):
                address.write(values)

    def test_a_receipt_says_in_the_readers_words_how_it_was_paid(self):
        self.env["res.lang"]._activate_lang("de_DE")
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.mother.id,
                "amount": 5,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        line, german = (
            payment.payment_method_line_id,
            payment.with_context(lang="de_DE"),
        )
        for kind, name, words in (
            (False, "Manual Payment", "Von der Praxis erfasst"),
            ("check", "Zelle", "Zelle"),
        ):
            line.write({"therapy_kind": kind, "name": name})
            values = german._therapy_get_receipt_values(self.mother)
            self.assertEqual(values["method"], words)

    def test_a_card_is_called_a_card_and_not_by_its_processor(self):
        payment = self._pay_bill()
        payment.payment_method_line_id.name = "Acme Payments Inc."
        method = payment.payment_transaction_id.payment_method_id
        self.assertTrue(method)
        method.name = "Card"
        values = payment._therapy_get_receipt_values(self.mother)
        self.assertEqual(values["method"], "Card")
