from odoo.tests import tagged

from .common import MOTHERS, Story


@tagged("post_install", "-at_install")
class TestBankAsks(Story):
    """The mother's bank wants her approval for every payment.

    Without her it refuses, and the practice is told so in plain words. In the portal
    she approves and the bill is paid.
    """

    def setUp(self):
        super().setUp()
        self.card = self.add_card(self.mother, "pm_card_authenticationRequired")
        self.ada = self.open_browser("ada@example.com")
        self.url = f"/my/therapy/bill/{self.mothers.id}/pay?amount={MOTHERS:.2f}"

    def test_the_desk_is_told_and_she_pays_by_herself(self):
        wizard = self.charge(self.mothers)
        self.assertEqual(wizard.result, "declined")
        self.assertIn("approve", wizard.message)
        self.assertFalse(self.sandbox.captured())
        self.assertBooks()
        form = self.ada.open_form(self.url)
        page = self.ada.pay_new_card(form, "pm_card_authenticationRequired")
        self.assertIn("This bill is paid in full.", page.text)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_her_saved_card_fails_without_a_charge_and_the_bill_stays_open(self):
        self.ada.open_form(self.url).submit(card=self.card)
        page = self.ada.wait()
        self.assertIn("Your payment did not go through.", page.text)
        self.assertFalse(self.sandbox.captured())
        self.assertDue(self.mothers, MOTHERS)
        self.assertBooks()
        self.ada.pay_new_card(self.ada.open_form(self.url))
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_page_left_while_the_bank_asks_gives_the_bill_back(self):
        started = self.ada.open_form(self.url).submit()
        tx = self.find_transaction(started)
        self.assertTrue(tx.therapy_allocation_ids.live)
        with self._later(hours=2):
            self.env["payment.transaction"]._cron_therapy_stripe_refresh()
        self.assertEqual(tx.state, "cancel")
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")
        self.assertBooks()
        wizard = self.charge(self.mothers, self.add_card(self.mother))
        self.assertEqual(wizard.result, "done")
        self.assertBooks()
