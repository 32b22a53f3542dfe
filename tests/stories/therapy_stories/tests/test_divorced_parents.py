from odoo.tests import tagged

from .common import FATHERS, MOTHERS, ZELDA, Story, write_schedule


@tagged("post_install", "-at_install")
class TestDivorcedParents(Story):
    """A child's parents live apart and pay 70 and 30 percent.

    Each gets a bill of their own and sees no other. The mother saves a card in the
    portal and pays with it. The father gives his card at the desk; the bank declines
    it, and he gives another.
    """

    def setUp(self):
        super().setUp()
        self.ada = self.open_browser("ada@example.com")
        self.bob = self.open_browser("bob@example.com")

    def save_card_in_portal(self):
        form = self.ada.open_form("/my/payment_method")
        page = self.ada.pay_new_card(form, save=True)
        self.assertIn("/my/payment_method", page.url)
        self.assertIn("4242", page.text)
        return self.mother.therapy_card_ids.ensure_one()

    def test_each_parent_owes_the_own_part_to_the_cent(self):
        self.assertEqual(len(self.bills), 4)
        self.assertDue(self.mothers, MOTHERS)
        self.assertDue(self.fathers, FATHERS)
        self.assertDue(self.bill_of(self.quentin), 30.0)
        self.assertEqual(len(self.bills.session_share_ids.session_id), 3)
        self.assertBooks()

    def test_each_parent_sees_the_own_bill_only(self):
        for browser, own, other in (
            (self.ada, self.mothers, self.fathers),
            (self.bob, self.fathers, self.mothers),
        ):
            for path in ("/my/therapy", "/my/invoices"):
                page = browser.get(path).text
                self.assertIn(own.name, page, path)
                self.assertNotIn(other.name, page, path)
            page = browser.get(f"/my/therapy/bill/{own.id}").text
            self.assertIn(f"{own.amount_total:.2f}", page)
            self.assertIn("Psychotherapy, long", page, "the own bill is itemised")
            self.assertNotIn(other.partner_id.name, page)
            answer = browser.get(f"/my/therapy/bill/{other.id}")
            self.assertEqual(answer.status_code, 404)
        self.assertBooks()

    def test_both_bills_are_paid_hers_in_the_portal_and_his_at_the_desk(self):
        card = self.save_card_in_portal()
        form = self.ada.open_form(
            f"/my/therapy/bill/{self.mothers.id}/pay?amount={MOTHERS:.2f}"
        )
        form.submit(card=card)
        page = self.ada.wait()
        self.assertTrue(page.url.endswith("/my/therapy/done"))
        self.assertIn("This bill is paid in full.", page.text)
        self.assertDue(self.mothers, 0)
        self.assertDue(self.fathers, FATHERS)
        self.assertBooks()

        self.add_card(self.father, "pm_card_chargeCustomerFail")
        wizard = self.charge(self.fathers)
        self.assertEqual(wizard.result, "declined")
        self.assertIn("declined", wizard.message)
        self.assertDue(self.fathers, FATHERS)
        self.assertBooks()

        second = self.add_card(self.father)
        self.desk.model("therapy.charge.wizard", "action_try_again", wizard.ids)
        self.desk.model(
            "therapy.charge.wizard", "write", wizard.ids, {"token_id": second.id}
        )
        self.press_charge(wizard)
        self.assertEqual(wizard.result, "done")
        self.assertDue(self.fathers, 0)
        self.assertEqual(self.sandbox.captured(), round((MOTHERS + FATHERS) * 100))
        self.assertBooks()

    def test_a_second_press_of_the_desk_charges_once(self):
        self.add_card(self.father)
        wizard = self.charge(self.fathers)
        self.press_charge(wizard)
        self.assertEqual(self.sandbox.captured(), round(FATHERS * 100))
        self.assertBooks()

    def test_she_pays_in_parts_with_two_cards(self):
        url = f"/my/therapy/bill/{self.mothers.id}/pay?amount="
        form = self.ada.open_form(url + "100")
        self.ada.pay_new_card(form, "pm_card_mastercard", save=True)
        self.assertDue(self.mothers, MOTHERS - 100)
        [card] = self.ada.open_form(url + "242.40").options("token")
        saved = self.mother.therapy_card_ids.ensure_one()
        self.assertEqual(int(card["data-payment-option-id"]), saved.id)
        page = self.ada.pay_new_card(self.ada.open_form(url + "242.40"))
        self.assertIn("This bill is paid in full.", page.text)
        self.assertEqual(self.mother.therapy_card_ids, saved, "the second was not kept")
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_billing_again_bills_nothing_twice(self):
        message = self.desk.refusal(self.run_billing, "2026-01-01", "2026-01-31")
        self.assertIn("No session", message)
        self.assertBooks()

    def test_the_desk_imports_and_bills_the_next_month(self):
        rows = (
            ("ZF-2026-4", "02/02/2026", "Appointment", ZELDA, "90837,1,55"),
            ("ZF-2026-1", "01/12/2026", "Appointment", ZELDA, "90837,1,55"),
        )
        values = {"kind": "schedule", "file": write_schedule(rows).decode()}
        [number] = self.desk.model("therapy.import", "create", [values])
        self.desk.model("therapy.import", "action_import", [number])
        job = self.env["therapy.import"].browse(number)
        self.assertEqual((job.imported_count, job.unchanged_count), (1, 1))
        bills = self.run_billing("2026-01-01", "2026-02-28")
        owed = {bill.partner_id: round(bill.amount_total * 100) for bill in bills}
        self.assertEqual(owed, {self.mother: 12268, self.father: 5257})
        self.assertBooks()
