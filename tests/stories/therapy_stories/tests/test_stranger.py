from odoo.tests import tagged

from .common import FATHERS, MOTHERS, Story


@tagged("post_install", "-at_install")
class TestStranger(Story):
    """A grandmother without a login pays a part of the mother's bill at /pay.

    While she types her card, the desk charges the father's. Both go through, and what
    is more than the rest is refused before Stripe hears of it.
    """

    def setUp(self):
        super().setUp()
        self.fathers_card = self.add_card(self.father)
        self.mothers_card = self.add_card(self.mother)
        self.mail, self.code = self.share(self.mothers)
        self.guest = self.open_browser()
        page = self.guest.look_up(self.mothers.name, self.code)
        self.assertTrue(page.url.endswith("/pay/bill"))
        self.assertIn(f"{MOTHERS:.2f}", page.text)

    def type_amount(self, amount):
        return self.guest.open_form(f"/pay/card?amount={amount}")

    def assertRefusedUnsent(self, browser, function, *args, **kwargs):
        before = len(self.sandbox.requests())
        words = browser.refusal(function, *args, **kwargs)
        self.assertEqual(len(self.sandbox.requests()), before, "Stripe was not asked")
        return words

    def test_both_parents_parts_are_paid_at_the_same_time(self):
        started = self.type_amount("100").submit()
        wizard = self.charge(self.fathers)
        self.assertEqual(wizard.result, "done")
        self.assertBooks()
        page = self.guest.confirm(started)
        self.assertTrue(page.url.endswith("/pay/done"))
        self.assertIn("Thank you", page.text)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertDue(self.fathers, 0)
        self.assertEqual(self.sandbox.captured(), 10000 + round(FATHERS * 100))
        self.assertBooks()

    def test_two_pay_the_same_bill_and_a_third_gets_the_rest_only(self):
        started = self.type_amount("100").submit()
        wizard = self.charge(self.mothers, self.fathers_card, 200.0, self.father)
        self.assertEqual(wizard.result, "done")
        self.assertDue(self.mothers, MOTHERS - 200)
        ada = self.open_browser("ada@example.com")
        form = ada.open_form(f"/my/therapy/bill/{self.mothers.id}/pay?amount=42.40")
        words = self.assertRefusedUnsent(
            ada, form.submit, card=self.mothers_card, amount=142.41
        )
        self.assertIn("142.40 or less", words.replace("\xa0", " "))
        self.guest.confirm(started)
        self.assertDue(self.mothers, 42.40)
        for browser, press in (
            (ada, lambda: form.submit(card=self.mothers_card, amount=42.41)),
            (self.guest, lambda: self.type_amount("42.40").submit(amount=42.41)),
            (self.desk, lambda: self.charge(self.mothers, amount=42.41)),
        ):
            self.assertRefusedUnsent(browser, press)
        form.submit(card=self.mothers_card)
        self.assertIn("This bill is paid in full.", ada.wait().text)
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), round(MOTHERS * 100))
        self.assertBooks()

    def test_the_rest_stays_reserved_while_a_form_is_being_filled(self):
        started = self.type_amount("342.40").submit()
        wizard = self.open_charge(
            self.mothers, self.fathers_card, 50.0, payer=self.father
        )
        self.assertRefusedUnsent(self.desk, self.press_charge, wizard)
        self.guest.confirm(started)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_card_declined_at_pay_may_be_replaced_on_the_page(self):
        started = self.type_amount("100").submit()
        with self.assertRaisesRegex(Exception, "declined"):
            self._confirm(self.find_transaction(started), "pm_card_chargeDeclined")
        self.guest.confirm(started)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertBooks()

    def test_a_form_opened_in_a_second_tab_ends_the_first(self):
        first = self.type_amount("100").submit()
        second = self.type_amount("150").submit()
        self.assertEqual(self.find_transaction(first).state, "cancel")
        with self.assertRaisesRegex(Exception, "canceled|unexpected|status"):
            self._confirm(self.find_transaction(first))
        self.guest.confirm(second)
        self.assertDue(self.mothers, MOTHERS - 150)
        self.assertEqual(self.sandbox.captured(), 15000)
        self.assertBooks()

    def test_the_code_dies_with_the_bill(self):
        self.guest.pay_new_card(self.type_amount("342.40"))
        page = self.open_browser().look_up(self.mothers.name, self.code)
        self.assertIn("therapy_pay_failed", page.text)
        self.assertBooks()
