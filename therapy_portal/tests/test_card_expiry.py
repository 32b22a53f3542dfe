from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalCommon

#: The smallest picture there is.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestCardExpiry(TherapyPortalCommon):
    """A card that ends within 30 days sends its payer a mail, once."""

    def setUp(self):
        super().setUp()
        self.ends = {self.card: date(2027, 6, 30)}
        Token = type(self.env["payment.token"])
        ends = self.ends

        def find(tokens, first, last):
            return tokens.union(
                *(card for card, day in ends.items() if first <= day <= last)
            ).filtered("active")

        self.patch(Token, "_therapy_find_expiring", find)
        self.patch(Token, "_therapy_get_expiry_date", lambda card: ends.get(card))

    def _run(self, day="2027-06-01"):
        """Let the daily job run; return the mails that left."""
        Mail = self.env["mail.mail"].sudo()
        before = Mail.search([], order="id desc", limit=1).id or 0
        with self._now(f"{day} 10:00:00"):
            self.env["payment.token"].sudo()._cron_therapy_ask_expiring()
        return Mail.search([("id", ">", before)])

    def _sign(self, token=None, patients=None):
        record = self.env["therapy.card.authorization"].create(
            {
                "partner_id": self.mother.id,
                "patient_ids": (patients or self.patient).ids,
                "max_amount": 150,
                "covers_absences": True,
            }
        )
        self.patch(type(record), "_therapy_render", lambda record: b"%PDF-1.4")
        record._therapy_sign(SIGNATURE, "Ada Fitz", token or self.card, "paper")
        return record

    def test_the_payer_is_asked_30_days_before_and_once(self):
        self.assertFalse(self._run("2027-05-30"))
        mail = self._run("2027-05-31")
        self.assertEqual(mail.email_to, "ada@example.com")
        for day in ("2027-05-31", "2027-06-01", "2027-06-23", "2027-06-30"):
            self.assertFalse(self._run(day), day)
        self.assertIn("4242", self.mother.message_ids[:1].body)

    def test_a_card_saved_late_is_asked_for_and_one_that_ended_is_not(self):
        self.ends[self.card] = date(2027, 6, 10)
        self.assertEqual(len(self._run("2027-06-10")), 1)
        self.ends[self._make_card(self.father, "5555")] = date(2027, 6, 10)
        self.assertFalse(self._run("2027-06-11"))

    def test_the_banks_new_date_is_another_end(self):
        self._run()
        self.ends[self.card] = date(2030, 6, 30)
        self.assertFalse(self._run())
        self.assertEqual(len(self._run("2030-06-15")), 1)

    def test_the_mail_names_practice_and_day_and_nothing_private(self):
        mail = self._run()
        self.assertEqual(mail.subject, "Maple Street Practice")
        self.assertIn("06/30/2027", mail.body_html)
        self.assertIn("/my/payment_method", mail.body_html)
        self.assertFalse(find_leaks(mail.body_html, [*SECRETS, "Ada Fitz", "4242"]))

    def test_a_payer_without_an_account_makes_one_on_the_way(self):
        self.ends[self._make_card(self.aunt, "5555")] = date(2027, 6, 30)
        mail = self._run().filtered(lambda mail: mail.email_to == "una@example.com")
        self.assertIn("/web/signup?", mail.body_html)

    def test_the_billing_contact_gets_it(self):
        self.mother.therapy_contact_email = "books@example.com"
        self.assertEqual(self._run().email_to, "books@example.com")

    def test_the_practice_can_switch_it_off(self):
        self.company.therapy_ask_expiring = False
        self.assertFalse(self._run())
        self.company.therapy_ask_expiring = True
        self.assertEqual(len(self._run()), 1)

    def test_a_card_that_was_removed_asks_for_nothing(self):
        self.card.sudo().active = False
        self.assertFalse(self._run())

    def test_without_an_address_nothing_leaves_until_there_is_one(self):
        self.mother.email = False
        self.assertFalse(self._run())
        self.mother.email = "ada@example.com"
        self.assertEqual(len(self._run()), 1)

    def test_what_was_signed_is_asked_for_again_and_counts_until_then(self):
        old = self._sign()
        mail = self._run()
        new = self.env["therapy.card.authorization"].search(
            [("state", "=", "requested"), ("partner_id", "=", self.mother.id)]
        )
        self.assertIn(f"/my/therapy/authorization/{new.id}", mail.body_html)
        self.assertEqual(new.patient_ids, self.patient)
        self.assertTrue(new.covers_absences)
        self.assertAmounts(new.max_amount, 150)
        self.assertTrue(new.sent_at)
        self.assertEqual(old.state, "signed")
        new._therapy_sign(
            *(SIGNATURE, "Ada Fitz", self._make_card(self.mother, "5555"), "paper")
        )
        self.assertEqual(old.state, "replaced")

    def test_a_request_that_waits_is_not_doubled(self):
        waiting = self._sign()._therapy_request_again()
        mail = self._run()
        self.assertIn(f"/my/therapy/authorization/{waiting.id}", mail.body_html)
        self.assertEqual(
            self.env["therapy.card.authorization"].search_count(
                [("state", "=", "requested"), ("partner_id", "=", self.mother.id)]
            ),
            1,
        )

    def test_a_template_that_tells_too_much_sends_nothing_and_the_biller_knows(self):
        self.company.therapy_desk_user_id = self.biller
        template = self.env.ref("therapy_portal.mail_template_card_expiry")
        template.body_html = "<p>The card for Zelda Fitzroy</p>"
        self.assertFalse(self._run())
        self.assertIn("Ada Fitz was not asked", self.mother.activity_ids.summary)
        self.assertIn("Zelda Fitzroy", self.mother.activity_ids.note)
        self.assertFalse(self._run("2027-06-02"), "told once")
        self.assertEqual(len(self.mother.activity_ids), 1)

    def test_one_card_that_cannot_be_asked_for_does_not_stop_the_others(self):
        other = self._make_card(self.father, "5555")
        self.ends[other] = date(2027, 6, 30)
        self._sign()

        def refuse(_record):
            raise UserError("no")

        Authorization = type(self.env["therapy.card.authorization"])
        self.patch(Authorization, "_therapy_request_again", refuse)
        self.assertEqual(self._run().email_to, "bob@example.com")
