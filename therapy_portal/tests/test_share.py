from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestShare(TherapyPortalCommon):
    def _mails(self):
        return (
            self.env["mail.mail"].sudo().search([("email_to", "=", "ada@example.com")])
        )

    def test_the_dialog_shows_exactly_what_is_sent(self):
        bill = self._make_bill()
        wizard = (
            self.env["therapy.share.wizard"].with_user(self.biller)._create_for(bill)
        )
        line = wizard.single_line_id
        self.assertFalse(bill.access_code, "looking at the dialog changes nothing")
        action = wizard.action_send()
        mail = self._mails()
        self.assertEqual(mail.subject, line.subject)
        self.assertEqual(mail.body_html, line.body_html)
        self.assertEqual(mail.email_from, line.email_from)
        self.assertEqual(bill.access_code, line.code)
        self.assertIn(line.code, mail.body_html)
        document = mail.attachment_ids.raw.decode()
        self.assertIn(line.code, document)
        self.assertIn(line.code, str(line.document_html))
        self.assertEqual(action["params"]["type"], "success")
        self.assertIn("ada@example.com", action["params"]["message"])

    def test_the_mail_comes_from_the_staff_member_and_names_the_practice(self):
        self._share(self._make_bill())
        mail = self._mails()
        self.assertIn("bea@practice.example", mail.email_from)
        self.assertEqual(mail.subject, "Maple Street Practice")

    def test_the_mail_holds_number_code_amount_and_link(self):
        bill = self._make_bill()
        self._share(bill)
        body = self._mails().body_html
        for text in (bill.name, bill.access_code, "120.00", "/pay?bill="):
            self.assertIn(text, body)
        self.assertNotIn(f'{bill.access_code}"', body, "no code in an address")
        self.assertNotIn("access_token", body)

    def test_a_second_share_makes_the_first_code_useless(self):
        bill = self._make_bill()
        self._share(bill)
        first = bill.access_code
        self._share(bill)
        self.assertNotEqual(bill.access_code, first)
        self.assertFalse(
            self.env["account.move"]._therapy_find_by_code(bill.name, first)
        )
        newest = self._mails().sorted("id")[-1]
        self.assertIn(bill.access_code, newest.attachment_ids.raw.decode())

    def test_the_bill_says_that_it_was_shared_but_not_the_code(self):
        bill = self._make_bill()
        self.assertEqual(bill.therapy_share_state, "none")
        self._share(bill)
        self.assertEqual(bill.therapy_share_state, "sending")
        note = bill.message_ids[0]
        self.assertIn("ada@example.com", note.body)
        for message in bill.message_ids:
            self.assertNotIn(bill.access_code, message.body or "")
        self._mails().state = "exception"
        self.assertEqual(bill.therapy_share_state, "failed")
        self._mails().unlink()
        self.assertEqual(bill.therapy_share_state, "shared")

    def test_mail_and_document_vanish_together_once_sent(self):
        self._share(self._make_bill())
        mail = self._mails()
        attachment = mail.attachment_ids
        self.assertTrue(mail.auto_delete)
        mail.unlink()
        self.assertFalse(attachment.exists())

    def test_insurers_are_refused(self):
        claim = self._make_bill(self.insurer, 150)
        wizard, send = self._refused(claim)
        self.assertIn("insurers", wizard.refusal)
        with self.assertRaises(UserError):
            send()
        self.assertFalse(claim.access_code)
        self.assertFalse(claim.therapy_shared_at)

    def test_paid_bills_drafts_and_payers_without_address_are_refused(self):
        paid = self._make_bill()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({}).action_create_payments()
        draft = self._make_bill(post=False)
        self.father.email = False
        no_address = self._make_bill(self.father, 80)
        for bill in (paid, draft, no_address):
            wizard, send = self._refused(bill)
            self.assertTrue(wizard.refusal)
            with self.assertRaises(UserError):
                send()
            self.assertFalse(bill.access_code)

    def _refused(self, bill):
        wizard = (
            self.env["therapy.share.wizard"].with_user(self.biller)._create_for(bill)
        )
        return wizard, wizard.action_send

    def test_of_many_bills_the_good_are_sent_and_the_others_say_why(self):
        good = self._make_bill()
        claim = self._make_bill(self.insurer, 150)
        other = self._make_bill(self.father, 80)
        wizard, action = self._share(good, claim, other)
        self.assertEqual(action["res_id"], wizard.id)
        self.assertEqual(wizard.state, "done")
        by_bill = {line.move_id: line for line in wizard.line_ids}
        self.assertTrue(by_bill[good].result)
        self.assertTrue(by_bill[other].result)
        self.assertFalse(by_bill[claim].result)
        self.assertTrue(by_bill[claim].refusal)
        self.assertTrue(good.access_code and other.access_code)
        with self.assertRaises(UserError):
            wizard.action_send()

    def test_a_bill_paid_while_the_dialog_is_open_is_not_sent(self):
        bill = self._make_bill()
        wizard, send = self._refused(bill)
        self.assertFalse(wizard.refusal)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({}).action_create_payments()
        with self.assertRaises(UserError):
            send()
        self.assertFalse(self._mails())

    def test_a_template_that_would_tell_a_name_or_service_is_refused(self):
        template = self.env.ref("therapy_portal.mail_template_share")
        for secret in SECRETS:
            template.body_html = f"<p>About {secret.upper()}</p>"
            wizard, send = self._refused(self._make_bill(total=120))
            self.assertIn(secret, wizard.refusal)
            with self.assertRaises(UserError):
                send()

    def test_when_online_payment_is_off_the_mail_does_not_offer_it(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        self._share(self._make_bill())
        body = self._mails().body_html
        self.assertNotIn("Pay this bill", body)
        self.assertNotIn("Pay online", self._mails().attachment_ids.raw.decode())

    def test_mail_and_document_hold_nothing_private(self):
        bill = self._make_bill()
        bill.invoice_line_ids.name = "Psychotherapy 90837 Zelda Fitzroy"
        bill.write({"narration": "Zelda Fitzroy", "ref": "90837"})
        self._share(bill)
        mail = self._mails()
        for text in (mail.subject, mail.body_html, mail.attachment_ids.raw.decode()):
            self.assertFalse(find_leaks(text, SECRETS))
            self.assertNotIn("Ada Fitz", text)
        self.assertIn("10/12/2026", mail.attachment_ids.raw.decode())

    def test_only_billers_share(self):
        bill = self._make_bill()
        for user in (self.clinician, self.mother_user):
            with self.assertRaises(AccessError):
                bill.with_user(user).action_therapy_share()

    def test_another_biller_cannot_read_the_code_in_the_dialog(self):
        wizard, _send = self._refused(self._make_bill())
        other = self.biller.copy({"login": "biller2"})
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(other).read(["code"])

    def test_a_share_goes_to_the_bill_to_address(self):
        bill = self._make_bill()
        row = bill.patient_id.guarantor_ids.filtered(
            lambda row: row.partner_id == bill.partner_id
        )
        row.bill_email = "office@example.com"
        wizard = self.env["therapy.share.wizard"]._create_for(bill)
        self.assertEqual(wizard.single_line_id.email_to, "office@example.com")

    def test_runs_and_new_due_dates_send_with_this_dialog(self):
        bill = self._make_bill()
        self.assertTrue(bill._therapy_can_send())
        action = bill._therapy_send_action()
        self.assertEqual(action["res_model"], "therapy.share.wizard")
        wizard = self.env["therapy.share.wizard"].browse(action["res_id"])
        self.assertEqual(wizard.line_ids.move_id, bill)
