from odoo.tests import tagged

from .common import TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestMailLeaves(TherapyPortalCommon):
    """What payers wait for leaves at once, not with Odoo's hourly mail queue."""

    def setUp(self):
        super().setUp()
        self.handed = handed = []
        self.patch(
            type(self.env["mail.mail"]),
            "_therapy_hand_over",
            lambda mails: handed.extend(mails),
        )

    def test_the_word_that_a_request_was_answered(self):
        request = self.env["therapy.change.request"].create(
            {"partner_id": self.mother.id, "kind": "plan", "text": "In three parts?"}
        )
        request.with_user(self.biller).write({"answer": "Yes."})
        request.with_user(self.biller).action_done()
        self.assertEqual([mail.email_to for mail in self.handed], ["ada@example.com"])
        self.assertIn(request.name, self.handed[0].body_html)

    def test_the_question_to_the_old_address_and_the_word_to_the_new_one(self):
        Change = self.env["therapy.contact.change"]
        Change._therapy_start(self.mother, "new@example.com")
        Change.sudo().search([])._therapy_confirm()
        self.assertEqual(
            [mail.email_to for mail in self.handed],
            ["ada@example.com", "new@example.com"],
        )
