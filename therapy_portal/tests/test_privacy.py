from lxml import etree

from odoo import Command
from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalCommon

PUBLIC_TEMPLATES = ("pay_lookup", "pay_bill", "pay_card", "pay_done", "pay_closed")
PRIVATE_FIELDS = (
    "patient_id",
    "session",
    "provider_id.name",
    "product_id",
    "narration",
    "invoice_line_ids",
    "partner_id.name",
    "access_code",
)


@tagged("post_install", "-at_install")
class TestPrivacy(TherapyPortalCommon):
    """P1: what leaves shows practice, reference, dates and amounts only."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()
        # Whatever anybody types into the bill must not come out.
        self.bill.invoice_line_ids.product_id = self.service
        self.bill.invoice_line_ids.write(
            {
                "name": "Psychotherapy 90837 of Zelda Fitzroy",
                "price_unit": 120.0,
                "tax_ids": [Command.clear()],
            }
        )
        self.bill.write(
            {
                "narration": "Zelda Fitzroy",
                "ref": "Dr. Quill Hartmann",
                "payment_reference": "Zelda Fitzroy",
                "invoice_user_id": self.biller.id,
            }
        )

    def _render(self, report, bill):
        html, _type = (
            self.env["ir.actions.report"].sudo()._render_qweb_html(report, bill.ids)
        )
        return html.decode()

    def test_cores_invoice_documents_are_neutral(self):
        for report in (
            "account.account_invoices",
            "account.account_invoices_without_payment",
        ):
            html = self._render(report, self.bill)
            self.assertFalse(find_leaks(html, [*SECRETS, "Ada Fitz", "PSY60"]), report)
            for text in (
                self.bill.name,
                "Maple Street Practice",
                "10/12/2026",
                "120.00",
            ):
                self.assertIn(text, html, report)

    def test_credit_notes_are_neutral(self):
        note = self.bill._reverse_moves([{"invoice_date": "2026-10-31"}])
        note.invoice_line_ids.name = "Psychotherapy 90837 of Zelda Fitzroy"
        note.action_post()
        html = self._render("account.account_invoices", note)
        self.assertFalse(find_leaks(html, [*SECRETS, "Ada Fitz"]))
        self.assertIn("Credit note", html)

    def test_an_insurers_document_stays_cores(self):
        claim = self._make_bill(self.insurer, 150)
        self.assertEqual(
            claim._get_name_invoice_report(), "account.report_invoice_document"
        )

    def test_an_ordinary_invoice_stays_cores(self):
        plain = self.env["account.move"].new({"move_type": "out_invoice"})
        self.assertEqual(
            plain._get_name_invoice_report(), "account.report_invoice_document"
        )

    def test_the_lines_of_the_document_are_dates_and_add_up(self):
        rows = self.bill._therapy_get_neutral_lines()
        self.assertEqual(rows, [("Services on 10/12/2026", 120.0)])

    def test_cores_send_starts_from_the_neutral_message(self):
        self.mother.name = "Zelda Fitzroy"
        template = self.bill._get_mail_template()
        self.assertEqual(template, self.env.ref("therapy_portal.mail_template_share"))
        rendered = template._generate_template(self.bill.ids, ("subject", "body_html"))
        text = " ".join(str(value) for value in rendered[self.bill.id].values())
        self.assertFalse(find_leaks(text, SECRETS))
        self.assertIn(self.bill.name, text)
        self.assertNotIn("Access code", text)
        claim = self._make_bill(self.insurer, 80)
        self.assertNotEqual(claim._get_mail_template(), template)

    def test_public_templates_name_no_private_field(self):
        for name in PUBLIC_TEMPLATES:
            view = self.env.ref(f"therapy_portal.{name}")
            arch = etree.tostring(view._get_combined_arch()).decode()
            for field in PRIVATE_FIELDS:
                self.assertNotIn(f".{field}", arch.replace("tx.provider_id", ""), name)

    def test_the_document_template_names_no_private_field(self):
        view = self.env.ref("therapy_portal.report_bill_body")
        arch = etree.tostring(view._get_combined_arch()).decode()
        for field in PRIVATE_FIELDS:
            self.assertNotIn(f"o.{field}", arch)
