from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .common import Story


@tagged("post_install", "-at_install")
class TestCardEnds(Story):
    """Stripe told when the mother's card ends: she is asked for another one in time."""

    def _run_jobs(self, day):
        """Let both daily jobs run; return the mails that left."""
        Mail = self.env["mail.mail"]
        before = Mail.search([], order="id desc", limit=1).id or 0
        with freeze_time(f"{day} 10:00:00"):
            self.env["payment.token"]._cron_therapy_announce_expiry()
            self.env["payment.token"]._cron_therapy_ask_expiring()
        return Mail.search([("id", ">", before)])

    def test_she_gets_one_mail_and_the_biller_one_activity(self):
        card = self.add_card(self.mother)
        end = card._therapy_get_expiry_date()
        self.assertTrue(end)
        self.assertFalse(self._run_jobs(end - timedelta(days=31)))
        mail = self._run_jobs(end - timedelta(days=30))
        self.assertEqual(mail.email_to, "ada@example.com")
        self.assertIn("/my/payment_method", mail.body_html)
        self.assertIn("4242", self.mother.activity_ids[-1:].summary)
        self.assertFalse(self._run_jobs(end))
        self.assertFalse(self._run_jobs(end + timedelta(days=1)))

    def test_nothing_is_asked_for_a_card_that_was_removed(self):
        card = self.add_card(self.mother)
        end = card._therapy_get_expiry_date()
        card.is_revoked = True
        self.assertFalse(self._run_jobs(end))
