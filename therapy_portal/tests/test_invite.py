from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import SECRETS, TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestInvite(TherapyPortalHttpCommon):
    """Logins for payers: neutral invitations, and an end with one click."""

    def _open(self, partners, user=None, **vals):
        records = partners.with_user(user or self.biller)
        action = records.action_therapy_invite()
        wizard = self.env[action["res_model"]].with_user(user or self.biller)
        wizard = wizard.browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def _last_mail(self, email="una@example.com"):
        mails = self.env["mail.mail"].sudo()
        mail = mails.search([("email_to", "=", email)], limit=1, order="id desc")
        self.assertTrue(mail, mails.search([]).mapped("email_to"))
        return mail

    def test_an_invitation_names_the_practice_only_and_its_link_makes_a_login(self):
        wizard = self._open(self.aunt)
        self.assertEqual(wizard.line_ids.access, "none")
        wizard.action_invite()
        mail = self._last_mail()
        self.assertEqual(mail.subject, self.company.name)
        for word in (*SECRETS, "Una Roy"):
            self.assertNotIn(word, f"{mail.subject} {mail.body_html}")
        user = self.aunt.sudo().user_ids
        self.assertTrue(user._is_portal())
        link = mail.body_html.split('href="')[1].split('"')[0].replace("&amp;", "&")
        path = link.split("://", 1)[1].split("/", 1)[1]
        page = self._get(f"/{path}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("una@example.com", page.text)
        self.assertEqual(self._open(self.aunt).line_ids.access, "invited")

    def test_an_invitation_leaves_at_once_not_with_the_hourly_queue(self):
        with self._handed_over() as emails:
            self._open(self.aunt).action_invite()
        self.assertEqual(emails, ["una@example.com"])

    def test_an_adult_who_pays_alone_is_not_named_either(self):
        adult = self.env["res.partner"].create(
            {"name": "Nora Solo", "is_patient": True, "email": "nora@example.com"}
        )
        self.env["therapy.guarantor"].create(
            {
                "patient_id": adult.id,
                "partner_id": adult.id,
                "percent": 100,
                "role": "self",
            }
        )
        self._open(adult).action_invite()
        mail = self._last_mail("nora@example.com")
        self.assertNotIn("Nora Solo", mail.body_html)

    def test_a_patient_stands_for_the_guarantors(self):
        wizard = self._open(self.patient)
        self.assertEqual(wizard.line_ids.partner_id, self.mother | self.father)

    def test_an_invitation_can_ask_for_a_card_and_a_signature_once(self):
        self._open(self.aunt, with_authorization=True, max_amount=150).action_invite()
        self._open(self.aunt, with_authorization=True).action_invite()
        request = self.env["therapy.card.authorization"].search(
            [("partner_id", "=", self.aunt.id)]
        )
        self.assertEqual(len(request), 1)
        self.assertEqual((request.state, request.max_amount), ("requested", 150.0))

    def test_who_cannot_be_invited_is_said_in_words(self):
        nobody = self.env["res.partner"].create({"name": "No Mail"})
        twin = self.env["res.partner"].create(
            {"name": "Twin", "email": "ADA@example.com"}
        )
        self.mother_user.sudo().login = "ada@example.com"
        self.mother_user.with_user(self.mother_user)._update_last_login()
        self.env.invalidate_all()
        wizard = self._open(nobody | twin | self.mother)
        problems = {line.partner_id: line.problem for line in wizard.line_ids}
        self.assertIn("No e-mail", problems[nobody])
        self.assertIn("Somebody else logs in", problems[twin])
        self.assertIn("Has a login", problems[self.mother])
        with self.assertRaises(UserError):
            wizard.action_invite()
        with self.assertRaises(UserError):
            self._open(self.insurer)

    def test_only_billers_invite_and_end_access(self):
        for action in ("action_therapy_invite", "action_therapy_end_access"):
            with self.assertRaises(AccessError):
                getattr(self.aunt.with_user(self.clinician), action)()

    def test_access_ends_at_once_also_for_open_pages(self):
        self._make_bill()
        self.authenticate("ada", "ada")
        self.assertIn("therapy_family_due", self._get("/my/therapy").text)
        self.mother.with_user(self.biller).action_therapy_end_access()
        self.assertFalse(self.mother_user.active)
        self.assertIn("/web/login", self._get("/my/therapy").url)

    def test_staff_do_not_lose_their_login(self):
        staff = self.biller.partner_id
        staff.with_user(self.biller).action_therapy_end_access()
        self.assertTrue(self.biller.active)

    def test_who_paid_once_is_not_invited_with_the_family(self):
        child, step = self.env["res.partner"].create(
            [{"name": "New Kid", "is_patient": True}, {"name": "Old Step"}]
        )
        self.env["therapy.guarantor"].create(
            [
                {
                    "patient_id": child.id,
                    "partner_id": payer.id,
                    "percent": 100,
                    name: day,
                }
                for payer, name, day in (
                    (step, "date_to", "2020-01-01"),
                    (self.mother, "date_from", "2020-01-02"),
                )
            ]
        )
        self.assertEqual(self._open(child).line_ids.partner_id, self.mother)
