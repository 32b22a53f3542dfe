from datetime import timedelta

from lxml import etree
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.phi import find_leaks

from ..tools.links import hash_token
from .common import SECRETS
from .link_common import LinkCommon


@tagged("post_install", "-at_install")
class TestPayLinkSend(LinkCommon):
    def setUp(self):
        super().setUp()
        self.bill = self._make_bill()

    def test_a_link_is_sent_and_the_notice_is_green_with_address_and_end(self):
        with self._now("2026-11-22 10:00:07"):
            _dialog, action = self._send_link(self.bill)
        self.assertEqual(action["params"]["type"], "success")
        message = action["params"]["message"]
        self.assertIn("ada@example.com", message)
        self.assertIn("11/23/2026 05:00:07 EST", message, "practice's time, seconds")
        self.assertIn(message.split(". ")[1][:20], "The link is valid until 11/23")
        self.assertIn("ada@example.com", self.bill.message_ids[0].body)

    def test_the_link_ends_to_the_second_after_the_hours_of_the_setting(self):
        for hours in (24, 1, 168):
            self.company.therapy_link_hours = hours
            with self._now("2026-11-22 10:00:07"):
                self._send_link(self.bill)
            link = self._links(self.bill)[0]
            self.assertEqual(link.expires_at - link.sent_at, timedelta(hours=hours))

    def test_no_other_number_of_hours_is_taken(self):
        for hours in (0, 169, -1):
            with (
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.company.therapy_link_hours = hours
                self.env.flush_all()

    def test_a_bill_with_a_link_was_seen_and_is_taken_back_with_a_credit_note(self):
        bill = self._make_bill(self.aunt, 200)
        self.assertFalse(bill._therapy_was_seen())
        self._send_link(bill)
        bill.with_user(self.biller).action_therapy_retract()
        self.assertEqual(bill.state, "posted")
        self.assertTrue(bill.voided_by_move_id)

    def test_only_the_hash_of_the_token_is_kept(self):
        self._send_link(self.bill)
        token, link = self._token(), self._links(self.bill)
        self.assertEqual(link.sudo().token_hash, hash_token(token))
        self._mail().unlink()
        self.env.flush_all()
        for model, field in (
            ("mail.message", "body"),
            ("mail.mail", "body_html"),
            ("therapy.pay.link.wizard.line", "result"),
            ("therapy.pay.link", "token_hash"),
        ):
            found = self.env[model].sudo().search([(field, "like", token)])
            self.assertFalse(found, model)

    def test_the_mail_comes_from_the_staff_member_and_names_the_practice(self):
        self._send_link(self.bill)
        mail = self._mail()
        self.assertIn("Bea Biller", mail.email_from)
        self.assertEqual(mail.subject, "Maple Street Practice")
        for text in ("120.00", self.bill.name, "24"):
            self.assertIn(text, mail.body_html)

    def test_the_mail_holds_nothing_private(self):
        self.bill.invoice_line_ids.name = "Psychotherapy 90837 Zelda Fitzroy"
        self.bill.write({"narration": "Zelda Fitzroy", "ref": "90837"})
        self._send_link(self.bill)
        mail = self._mail()
        for text in (mail.subject, mail.body_html):
            self.assertFalse(find_leaks(text, [*SECRETS, "Ada Fitz"]))

    def test_a_template_that_would_tell_a_name_is_refused(self):
        template = self.env.ref("therapy_portal.mail_template_pay_link")
        template.body_html = "<p>About Zelda Fitzroy</p>"
        with self.assertRaisesRegex(UserError, "Zelda Fitzroy"):
            self._send_link(self.bill)
        self.assertFalse(self._links(self.bill))

    def test_looking_at_the_dialog_makes_no_token(self):
        self.bill.with_user(self.biller).action_therapy_send_link()
        self.assertFalse(self._links(self.bill))

    def test_a_new_link_kills_the_one_before_and_its_unsent_mail(self):
        self._send_link(self.bill)
        first, mail = self._links(self.bill), self._mail()
        self._send_link(self.bill)
        self.assertEqual(first.state, "replaced")
        self.assertFalse(mail.exists())
        self.assertEqual(len(self._links(self.bill).filtered("state")), 2)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            first.sudo().state = "live"
            self.env.flush_all()

    def test_a_new_link_is_sent_after_the_first_mail_has_left(self):
        self._send_link(self.bill)
        self._mail().unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        self._send_link(self.bill)
        states = self._links(self.bill).mapped("state")
        self.assertEqual(states, ["live", "replaced"])

    def test_the_address_is_looked_for_in_three_places(self):
        self.patient.email = "zelda@example.com"
        places = self.bill._therapy_get_link_recipients()
        self.assertEqual(
            [(place, email) for place, _who, email in places],
            [
                ("bill_to", "ada@example.com"),
                ("household", "bob@example.com"),
                ("patient", "zelda@example.com"),
            ],
        )
        self.mother.email = False
        with self.assertRaisesRegex(UserError, "Choose another person"):
            self._send_link(self.bill)
        self.assertFalse(self._links(self.bill), "nobody else is written to unasked")
        (self.father | self.patient).email = False
        dialog = self.bill.with_user(self.biller).action_therapy_send_link()
        dialog = self.env[dialog["res_model"]].browse(dialog["res_id"])
        for place in ("payer", "responsible", "patient"):
            self.assertIn(place, dialog.refusal)

    def test_the_sender_picks_the_place(self):
        dialog, _action = self._send_link(self.bill, recipient_id=self.father.id)
        self.assertIn("Bob Roy", dialog.hint)
        link = self._links(self.bill)
        self.assertEqual(
            (link.partner_id, link.email), (self.father, "bob@example.com")
        )
        self.assertFalse(link.is_third_party)

    def test_a_third_party_is_named_and_becomes_a_contact_once(self):
        values = {"to_other": True, "other_email": "Gran@Example.com"}
        with self.assertRaisesRegex(UserError, "name"):
            self._send_link(self.bill, **values)
        values["other_name"] = "Gran Fitz"
        self._send_link(self.bill, **values)
        self._send_link(self.bill, **values)
        link = self._links(self.bill)[0]
        self.assertTrue(link.is_third_party)
        self.assertEqual(link.partner_id.name, "Gran Fitz")
        domain = [("email_normalized", "=", "gran@example.com")]
        self.assertEqual(self.env["res.partner"].search(domain), link.partner_id)

    def test_no_link_goes_to_an_insurer_or_a_wrong_address(self):
        for email, words in (
            ("claims@example.com", "Insurers"),
            ("nobody", "e-mail address"),
            ("a@example.com, b@example.com", "one e-mail address"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self._send_link(
                    self.bill, to_other=True, other_name="X", other_email=email
                )

    def test_bills_that_nobody_may_pay_get_no_link(self):
        claim = self._make_bill(self.insurer, 150)
        draft = self._make_bill(post=False)
        paid = self._make_bill()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.ids
        ).create({}).action_create_payments()
        for bill in (claim, draft, paid):
            with self.assertRaises(UserError):
                self._send_link(bill)
            self.assertFalse(self._links(bill))

    def test_when_online_payment_is_off_no_link_is_sent(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "False"
        )
        with self.assertRaisesRegex(UserError, "switched off"):
            self._send_link(self.bill)

    def test_of_many_bills_the_good_get_links_and_the_others_say_why(self):
        claim = self._make_bill(self.insurer, 150)
        other = self._make_bill(self.father, 80)
        dialog, action = self._send_link(self.bill | claim | other)
        self.assertEqual(action["res_model"], "therapy.pay.link.wizard")
        results = {line.move_id: line for line in dialog.line_ids}
        self.assertIn("bob@example.com", results[other].result)
        self.assertIn("ada@example.com", results[self.bill].result)
        self.assertFalse(results[claim].result)
        self.assertIn("insurers", results[claim].refusal)

    def test_a_link_is_sent_from_the_session(self):
        session = self.bill.session_share_ids.session_id
        action = session.with_user(self.biller).action_therapy_send_link()
        line = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(line.move_id, self.bill)
        unbilled = session.copy({"external_id": False})
        with self.assertRaisesRegex(UserError, "Bill the session"):
            unbilled.with_user(self.biller).action_therapy_send_link()

    def test_only_billers_send_links_and_see_them(self):
        session = self.bill.session_share_ids.session_id
        self._send_link(self.bill)
        link = self._links(self.bill)
        for user in (self.clinician, self.mother_user):
            for records in (self.bill, session):
                with self.assertRaises(AccessError):
                    records.with_user(user).action_therapy_send_link()
            with self.assertRaises(AccessError):
                link.with_user(user).read(["email"])
            with self.assertRaises(AccessError):
                link.with_user(user).action_revoke()
        with self.assertRaises(AccessError):
            link.with_user(self.biller).read(["token_hash"])
        with self.assertRaises(AccessError):
            link.with_user(self.biller).write({"state": "revoked"})

    def test_a_biller_withdraws_a_link(self):
        self._send_link(self.bill)
        link = self._links(self.bill)
        self.assertEqual(link.status, "sending")
        link.with_user(self.biller).action_revoke()
        self.assertEqual(link.status, "revoked")
        self.assertFalse(self._mail())

    def test_a_link_of_another_company_is_not_seen(self):
        self._send_link(self.bill)
        link = self._links(self.bill)
        other = self.env["res.company"].create({"name": "Other"})
        self.biller.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        self.assertFalse(self.env["therapy.pay.link"].with_user(self.biller).search([]))
        with self.assertRaises(AccessError):
            link.with_user(self.biller).read(["email"])

    def test_an_auditor_opens_what_is_on_the_form_of_a_link(self):
        auditor = new_test_user(
            self.env, "auditor", groups="therapy_billing.group_auditor"
        )
        self._send_link(self.bill)
        link = self._links(self.bill).with_user(auditor)
        view = link.get_view(view_type="form")
        names = {
            node.get("name") for node in etree.fromstring(view["arch"]).iter("field")
        }
        self.assertIn("email", names)
        self.env.flush_all()
        self.env.invalidate_all()
        link.web_read(
            {
                name: {"fields": {"display_name": {}}}
                if link._fields[name].relational
                else {}
                for name in names
            }
        )
