import json
import re
import subprocess

from odoo.tests import tagged

from .common import MOTHERS, Story

# Names and codes of everybody treated and treating, and of everything done.
PEOPLE = """
    SELECT unnest(ARRAY[name, therapy_first_name, therapy_last_name, npi])
      FROM res_partner WHERE is_patient OR is_provider"""
SERVICES = """
    SELECT unnest(ARRAY[template.name->>'en_US', template.therapy_code,
                        product.default_code])
      FROM product_template template
      JOIN product_product product ON product.product_tmpl_id = template.id
     WHERE template.therapy_code IS NOT NULL"""
SESSIONS = "SELECT unnest(ARRAY[name, external_id]) FROM therapy_session"


@tagged("post_install", "-at_install")
class TestPrivacy(Story):
    """A month of billing: cards, charges, a decline, a refund, a code, a link.

    Afterwards every byte that Stripe got and every mail and PDF that left is searched
    for every patient, clinician, service and code in the database.
    """

    def setUp(self):
        super().setUp()
        # What a careless hand may type into a bill must not leave either.
        for bill in self.bills:
            bill.write({"ref": "Zelda Fitzroy", "narration": "Psychotherapy, long"})

    def get_secrets(self):
        """Return what must not leave: whole names, each word of a name, codes."""
        people, things = self._rows(PEOPLE), self._rows(SERVICES) + self._rows(SESSIONS)
        found = {text for (text,) in people + things if text}
        words = {word for (text,) in people for word in (text or "").split()}
        return sorted(found | {word for word in words if len(word) > 2})

    def find(self, text):
        """Return the secrets that occur in a text, whole and in any case."""
        text = re.sub(r"\s+", " ", text)
        return [
            word
            for word in self.get_secrets()
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
        ]

    def live_a_month(self):
        self.add_card(self.father, "pm_card_chargeCustomerFail")
        self.assertEqual(self.charge(self.fathers).result, "declined")
        self.charge(self.fathers, self.add_card(self.father), 100.0)
        self.add_card(self.quentin)
        wizard = self.charge(self.bill_of(self.quentin))
        self.assertEqual(wizard.result, "done")
        for bill in (self.mothers, self.fathers):
            self.share(bill)
        _mail, code = self.share(self.mothers)
        guest = self.open_browser()
        guest.look_up(self.mothers.name, code)
        guest.pay_new_card(guest.open_form("/pay/card?amount=100"))
        ada = self.open_browser("ada@example.com")
        form = ada.open_form(f"/my/therapy/bill/{self.mothers.id}/pay?amount=242.40")
        ada.pay_new_card(form, save=True)
        self.assertDue(self.mothers, 0)
        self.assertEqual(round(MOTHERS * 100), 34240)

    def test_stripe_and_the_mails_are_told_nothing(self):
        self.assertTrue(
            {"Zelda", "Hartmann", "90837", "ZF-2026-1"} <= {*self.get_secrets()}
        )
        self.live_a_month()
        rows = self.sandbox.requests()
        self.assertGreater(len(rows), 15)
        for row in rows:
            self.assertFalse(self.find(json.dumps(row)), row["path"])
            for private in (self.mothers.name, "Ada", "Marsh", "ada@", "bob@"):
                self.assertNotIn(private, json.dumps(row), row["path"])
        self.assertEqual(
            {
                name
                for row in rows
                for name in (row["params"].get("metadata") or {})
                if row["method"] == "POST"
            },
            {"tx", "db", "payer"},
        )
        mails = self.env["mail.mail"].search([])
        self.assertEqual(len(mails), 3, mails.mapped("subject"))
        for mail in mails:
            self.check_mail(mail)
        self.assertBooks()

    def check_mail(self, mail):
        text = " ".join(
            str(mail[name] or "")
            for name in ("subject", "body_html", "email_from", "reply_to", "headers")
        )
        self.assertFalse(self.find(text))
        self.assertIn("Maple Street Group", text)
        self.assertIn(mail.email_to, (self.mother.email, self.father.email))
        attachment = mail.attachment_ids.ensure_one()
        self.assertFalse(self.find(attachment.name))
        self.assertTrue(attachment.raw.startswith(b"%PDF"))
        printed = self.read_pdf(attachment.raw)
        self.assertFalse(self.find(printed))
        self.assertRegex(printed, r"\b01/12/2026\b")
        self.assertRegex(printed, r"\b\d{6}\b")

    def read_pdf(self, content):
        if not content.startswith(b"%PDF"):
            # In tests Odoo answers a download with what it would print.
            return re.sub(r"<[^>]+>", " ", content.decode())
        done = subprocess.run(
            ["pdftotext", "-layout", "-", "-"], input=content, stdout=-1, check=True
        )
        return done.stdout.decode()

    def test_what_a_payer_or_a_visitor_downloads_is_neutral(self):
        ada = self.open_browser("ada@example.com")
        link = f"/my/invoices/{self.mothers.id}?report_type=pdf"
        token = self.mothers._portal_ensure_token()
        for browser, path in (
            (ada, link),
            (self.open_browser(), f"{link}&access_token={token}"),
        ):
            answer = browser.get(path)
            self.assertEqual(answer.headers["Content-Type"], "application/pdf")
            printed = self.read_pdf(answer.content)
            self.assertIn("342.40", printed)
            self.assertFalse(self.find(printed), path)

    def test_the_pages_without_login_are_neutral(self):
        _mail, code = self.share(self.mothers)
        guest = self.open_browser()
        pages = [guest.look_up(self.mothers.name, code)]
        form = guest.open_form("/pay/card?amount=100")
        pages += [form.answer, guest.pay_new_card(form), guest.get("/pay/bill")]
        token = self.mothers._portal_ensure_token()
        link = f"/my/invoices/{self.mothers.id}?access_token={token}"
        pages.append(self.open_browser().get(link))
        for page in pages:
            self.assertEqual(page.status_code, 200)
            self.assertFalse(self.find(page.text), page.url)
        self.assertBooks()
