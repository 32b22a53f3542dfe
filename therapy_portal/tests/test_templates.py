from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestTemplates(TherapyPortalCommon):
    """Every message that leaves is rendered and searched for what must not (P1)."""

    def _make_samples(self):
        """Return a record full of private words for each model with a template."""
        bill = self._make_bill()
        bill.write({"narration": "Zelda Fitzroy", "ref": "90837"})
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.mother.id,
                "amount": 5,
                "memo": "Psychotherapy of Zelda Fitzroy",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        request = self.env["therapy.change.request"]
        kinds = request._fields["kind"]._description_selection(self.env)
        change = {
            "partner_id": self.mother.id,
            "old_email": "ada@example.com",
            "new_email": "new@example.com",
            "token_hash": "x",
            "expires_at": "2030-01-01",
        }
        return {
            "account.move": bill,
            "payment.token": self.card,
            "res.users": self.mother_user,
            "account.payment": payment,
            "therapy.receipt.address": self.env["therapy.receipt.address"].create(
                {"partner_id": self.mother.id, "email": "tax@example.com"}
            ),
            "therapy.card.authorization": self.env["therapy.card.authorization"].create(
                {"partner_id": self.mother.id, "patient_ids": self.patient.ids}
            ),
            "therapy.contact.change": self.env["therapy.contact.change"]
            .sudo()
            .create(change),
            "therapy.change.request": request.create(
                {
                    "partner_id": self.mother.id,
                    "patient_id": self.patient.id,
                    "kind": kinds[0][0],
                    "text": "About Zelda Fitzroy and Dr. Quill Hartmann",
                }
            ),
        }

    def test_no_template_tells_a_name_a_service_or_a_code(self):
        samples = self._make_samples()
        data = self.env["ir.model.data"].search(
            [("module", "=", "therapy_portal"), ("model", "=", "mail.template")]
        )
        self.assertGreaterEqual(len(data), 5)
        for row in data:
            template = self.env["mail.template"].browse(row.res_id)
            self.assertIn(template.model, samples, row.name)
            record = samples[template.model]
            rendered = template.with_user(self.biller)._generate_template(
                record.ids, ("subject", "body_html", "email_from", "reply_to")
            )[record.id]
            with self.subTest(template=row.name):
                text = " ".join(str(value) for value in rendered.values())
                self.assertFalse(find_leaks(text, [*SECRETS, "PSY60"]), row.name)
                self.assertIn("Maple Street Practice", text)

    def test_text_messages_are_neutral(self):
        bill = self._make_bill()
        bill.write({"narration": "Zelda Fitzroy", "ref": "90837"})
        for code in (False, "012345"):
            text = bill._therapy_get_sms_text(code)
            self.assertFalse(find_leaks(text, [*SECRETS, "Ada Fitz", "PSY60"]))
