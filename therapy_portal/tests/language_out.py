import base64

from .language_common import LanguageCommon

UNKNOWN = "x" * 43


class WhatLeaves(LanguageCommon):
    """Pages without a login, messages and documents."""

    # === PAGES === #

    def test_pages_of_number_and_code(self):
        self._be()
        self._see("/pay", "access_code")
        self._check(self._look_up("INV", "999999"), "therapy_pay_failed")
        self._look_up(self.bills[0].name, "012345")
        self._see("/pay/bill", "therapy_amount_due")
        for typed in ("x", "0", "9999", "20"):
            self._see(f"/pay/card?amount={typed}", "therapy_")
        for state in ("error", "done", "pending"):
            form = self._get("/pay/card?amount=10").text
            self._check(self._finish(self._pay(form), state), f'data-state="{state}"')
        self.bills[0]._therapy_rotate_access_code("543210")
        self._see("/pay/bill", "access_code")
        self.company.therapy_online_payment = False
        self._look_up(self.bills[0].name, "543210")
        self._see("/pay/bill", "role")
        self._judge(12)

    def test_pages_of_links(self):
        self._send_link(self.bills[5])
        self._be()
        self._see(f"/pay/{self._token()}", "therapy_amount_due")
        form = self._get("/pay/card?amount=10").text
        self._check(self._finish(self._pay(form)), "/pay/ask")
        self._see(f"/pay/{UNKNOWN}", "therapy_pay_expired")
        self._check(self._post("/pay/ask"), "therapy_pay_asked")
        secret = self._confirm_token()
        self._see(f"/my/contact/confirm/{secret}", "<form")
        self._check(self._post(f"/my/contact/confirm/{secret}"), "contact_done")
        self._see(f"/my/contact/confirm/{UNKNOWN}", "therapy_contact_gone")
        self._see(f"/pay/receipts/{self._receipt_token()}", "/pay/receipts")
        self._check(self._post("/pay/receipts"), "fa-check-circle")
        self._see(f"/pay/receipts/{UNKNOWN}", "therapy_receipt_confirm")
        self._judge(10)

    def test_pages_of_cores_links(self):
        paid, unpaid = self.bills[2], self.bills[5]
        paths = [
            f"/my/invoices/{bill.id}?access_token={bill._portal_ensure_token()}"
            for bill in (paid, unpaid)
        ]
        self._be()
        for path in paths:
            self._see(path, "o_therapy_pay")
        self.company.therapy_online_payment = False
        self._see(paths[1], "o_therapy_pay")
        self._judge(3)

    # === MESSAGES === #

    def _read_mails(self, least):
        """Look for English words in all that was queued for sending."""
        env = self.env(su=True)  # sudo: mails and text messages are administrators'
        mails = env["mail.mail"].search([])
        self.assertGreaterEqual(len(mails), least, mails.mapped("subject"))
        for mail in mails:
            self._read(mail.subject, "subject")
            self._read(mail.body_html, f"mail {mail.id}")
        for text in env["sms.sms"].search([]).mapped("body"):
            self._read(text, "text message")

    def test_every_template(self):
        samples = {
            "account.move": self.bills[0],
            "account.payment": self.bills[2]._get_reconciled_payments()[:1],
            "therapy.card.authorization": self.asked,
            "therapy.change.request": self.requests[0],
            "res.users": self.mother_user,
            "payment.token": self.card,
        }
        self._confirm_token()
        self._receipt_token()
        for model in ("therapy.contact.change", "therapy.receipt.address"):
            samples[model] = self.env[model].sudo().search([], limit=1)
        rows = self.env["ir.model.data"].search(
            [("module", "=", "therapy_portal"), ("model", "=", "mail.template")]
        )
        for row in rows:
            template = self.env["mail.template"].browse(row.res_id)
            record = samples[template.model]
            for code in (False, "012345"):
                rendered = template.with_context(
                    therapy_access_code=code
                )._generate_template(record.ids, ("subject", "body_html"))
                for text in rendered[record.id].values():
                    self._read(text, row.name)
        self._judge(20)

    def test_messages_as_they_are_sent(self):
        self._share(self.bills[1])
        self._send_link(self.bills[5])
        self._be()
        self._get(f"/pay/{self._token()}")
        self.biller.notification_type = "email"
        self._finish(self._pay(self._get("/pay/card?amount=10").text))
        secret = self._confirm_token()
        self._post(f"/my/contact/confirm/{secret}")
        self._receipt_token()
        self.asked.with_user(self.biller).action_send_request()
        self.requests[2].action_done()
        self.aunt.with_user(self.biller).action_therapy_invite()
        self._read_mails(7)
        for code in (False, "012345"):
            bill = self.bills[0].with_context(lang=self.lang)
            self._read(bill._therapy_get_sms_text(code), "text message")
        self._judge(15)

    # === DOCUMENTS === #

    def test_documents(self):
        self._be("ada")
        self._sign(self.asked)
        self._be()
        paid = self.bills[2]
        note = self.bills[5]._reverse_moves([{"invoice_date": "2026-10-31"}])
        note.action_post()
        payment = paid._get_reconciled_payments()[:1]
        credit = self.env["account.payment"].search(
            [("partner_id", "=", self.mother.id)], order="id desc", limit=1
        )
        for report, record in (
            ("therapy_portal.report_bill", self.bills[0]),
            ("account.account_invoices", paid),
            ("account.account_invoices", note),
            ("therapy_portal.action_report_receipt", payment),
            ("therapy_portal.action_report_receipt", credit),
        ):
            html = self._render(report, record)
            self._read(html, report)
        self._read(base64.b64decode(self.asked.document).decode(), "signed")
        self.assertIn("120,00", self._render("account.account_invoices", paid))
        self._judge(6)

    def _render(self, report, record):
        """Return what a document prints; `en_US` is the language of who prints it."""
        Report_sudo = self.env["ir.actions.report"].sudo()
        content, _kind = Report_sudo._render_qweb_html(
            report, record.ids, data={"access_code": "012345", "reader_id": False}
        )
        return content.decode()
