from odoo.tests import tagged

from .common import MOTHERS, Story

CENTS = round(MOTHERS * 100)


@tagged("post_install", "-at_install")
class TestLostAnswer(Story):
    """The desk charges a card, and the line goes dead before Stripe's answer.

    Nobody knows whether the money was taken, so nobody may try again. Minutes later
    the job asks Stripe with the same key: one charge, one entry in the books.
    """

    def setUp(self):
        super().setUp()
        self.add_card(self.mother)

    def charge_without_answer(self, do):
        self.sandbox.fault(do)
        wizard = self.charge(self.mothers)
        self.sandbox.heal()
        self.assertEqual(wizard.result, "unknown")
        self.assertIn("may or may not", wizard.message)
        return wizard

    def assertReserved(self):
        self.assertDue(self.mothers, MOTHERS)
        before = len(self.send_card_requests())
        again = self.open_charge(self.mothers, amount=MOTHERS)
        self.desk.refusal(self.press_charge, again)
        part = self.open_charge(self.mothers, amount=10.0)
        self.desk.refusal(self.press_charge, part)
        ada = self.open_browser("ada@example.com")
        page = ada.get(f"/my/therapy/bill/{self.mothers.id}/pay?amount=10").text
        self.assertNotIn("o_payment_form", page)
        self.assertEqual(len(self.send_card_requests()), before, "nothing was sent")

    def assertChargedOnce(self, wizard):
        tx = wizard.transaction_id
        self.assertEqual(tx.state, "done")
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), CENTS)
        self.assertEqual(len(self.sandbox.intents()), 1)
        keys = {
            row["idempotency_key"]
            for row in self.sandbox.requests("/v1/payment_intents", "POST")
        }
        self.assertEqual(len(keys), 1, "every repetition had the same key")
        self.assertBooks()

    def test_a_charge_that_happened_is_adopted_once(self):
        wizard = self.charge_without_answer("drop_after")
        self.assertEqual(self.sandbox.captured(), CENTS)
        self.assertReserved()
        self.resolve(minutes=5)
        self.resolve(minutes=10)
        self.assertChargedOnce(wizard)

    def test_a_charge_that_never_arrived_is_made_once(self):
        wizard = self.charge_without_answer("drop_before")
        self.assertEqual(self.sandbox.captured(), 0)
        self.assertReserved()
        self.resolve(minutes=5)
        self.resolve(minutes=10)
        self.assertChargedOnce(wizard)

    def test_a_charge_found_a_day_later_in_stripes_list_is_adopted(self):
        wizard = self.charge_without_answer("drop_after")
        self.sandbox.control("POST", "clock/advance", {"seconds": 26 * 3600})
        self.resolve(hours=26)
        self.assertChargedOnce(wizard)

    def test_a_day_later_nothing_in_the_list_gives_the_bill_back(self):
        wizard = self.charge_without_answer("drop_before")
        self.sandbox.control("POST", "clock/advance", {"seconds": 26 * 3600})
        self.resolve(hours=26)
        self.assertEqual(wizard.transaction_id.state, "error")
        self.assertFalse(self.sandbox.captured())
        self.assertBooks()
        self.charge(self.mothers)
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), CENTS)
        self.assertBooks()

    def test_the_other_parent_pays_meanwhile(self):
        self.add_card(self.father)
        wizard = self.charge_without_answer("drop_after")
        self.assertEqual(self.charge(self.fathers).result, "done")
        self.assertDue(self.fathers, 0)
        self.resolve(minutes=5)
        self.assertEqual(wizard.transaction_id.state, "done")
        self.assertDue(self.mothers, 0)
        self.assertBooks()
