from datetime import date
from urllib.parse import urlsplit

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestOutsiders(TherapyPortalHttpCommon):
    """Who is not, or not any more, the payer of a bill (P1, P4, P6)."""

    def _expiry_mail(self):
        Token = type(self.env["payment.token"])
        self.patch(Token, "_therapy_find_expiring", lambda *a: self.card)
        self.patch(Token, "_therapy_get_expiry_date", lambda t: date(2026, 12, 10))
        tokens_sudo = self.env["payment.token"].sudo()  # sudo: as the job does
        tokens_sudo._cron_therapy_ask_expiring()
        mails_sudo = self.env["mail.mail"].sudo()  # sudo: as the mail server reads
        return mails_sudo.search([], order="id desc", limit=1)

    def test_nobody_reads_the_receipt_of_another_payment(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.mother.id,
                "amount": 45.67,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        for login, who in (
            ("bob", self.father),
            ("clinician", self.clinician.partner_id),
        ):
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                page = self._get(
                    f"/report/html/therapy_portal.report_receipt/{payment.id}",
                    params={"options": '{"reader_id": %d}' % who.id},
                )
            with self.subTest(login):
                self.assertNotIn("45.67", page.text)

    def test_cores_address_form_cannot_skip_its_checks(self):
        usa = self.env.ref("base.us").id
        self.authenticate("ada", "ada")
        self.url_open(
            "/my/address/submit",
            data={
                "csrf_token": Request.csrf_token(self),
                "partner_id": self.mother.id,
                "name": "Ada Fitz",
                "email": "thief@example.com",
                "street": "1 A",
                "city": "B",
                "zip": "10001",
                "country_id": usa,
                "verify_address_values": "",
            },
        )
        self.mother.invalidate_recordset()
        self.assertEqual(self.mother.email, "ada@example.com")

    def test_a_card_that_ends_does_not_bring_an_ended_login_back(self):
        self.mother.with_user(self.biller).action_therapy_end_access()
        mail = self._expiry_mail()
        self.assertEqual(mail.email_to, "ada@example.com")
        self.assertNotIn("token=", str(mail.body_html))

    def test_the_billing_contact_does_not_get_the_payers_login(self):
        self.mother_user.sudo().unlink()  # sudo: she never had a login
        self.mother.therapy_contact_email = "office@lawyer.example"
        mail = self._expiry_mail()
        self.assertEqual(mail.email_to, "office@lawyer.example")
        self.assertNotIn("token=", str(mail.body_html))

    def test_whose_access_was_ended_can_be_invited_again(self):
        self.mother.with_user(self.biller).action_therapy_end_access()
        self.env.invalidate_all()
        action = self.mother.with_user(self.biller).action_therapy_invite()
        wizard = self.env[action["res_model"]].with_user(self.biller)
        wizard.browse(action["res_id"]).action_invite()
        self.assertTrue(self.mother_user.active)

    def test_a_bill_shown_by_cores_link_was_seen(self):
        bill = self._make_bill(self.aunt, amount=123.45)
        link = (
            self.env["payment.link.wizard"]
            .with_user(self.biller)
            .create({"res_model": "account.move", "res_id": bill.id, "amount": 123.45})
            .link
        )
        parts = urlsplit(link)
        self.assertIn("123.45", self._get(f"{parts.path}?{parts.query}").text)
        self.assertTrue(bill._therapy_was_seen())

    def test_only_billers_share_bills_with_cores_dialog(self):
        bill = self._make_bill()
        groups = "account.group_account_invoice,base.group_partner_manager"
        clerk = new_test_user(self.env, "clerk", groups=groups)
        Share = self.env["portal.share"].with_context(
            active_model="account.move", active_id=bill.id
        )
        values = {"partner_ids": self.aunt.ids}
        with self.assertRaises(AccessError):
            Share.with_user(clerk).create(values)
        self.assertTrue(Share.with_user(self.biller).create(values).share_link)
