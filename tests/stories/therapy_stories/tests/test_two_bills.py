from odoo.tests import tagged

from .common import MOTHERS, ZELDA, Story, write_schedule

# 70 percent of 175.25; half a cent goes to who is listed first.
FEBRUARY = 122.68


@tagged("post_install", "-at_install")
class TestTwoBills(Story):
    """The mother is late with two months and pays both at once on Odoo's own page.

    One charge, one payment, and each bill gets its own part of it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = [("ZF-2026-5", "02/09/2026", "Appointment", ZELDA, "90837,1,55")]
        cls._import("schedule", write_schedule(rows))
        run = cls.env["therapy.billing.run"].create(
            {"date_from": "2026-02-01", "date_to": "2026-02-28"}
        )
        run.action_generate()
        cls.second = run.move_ids.filtered(lambda x: x.partner_id == cls.mother)
        cls.second.ensure_one()
        cls.mothers.invoice_date_due = "2026-02-28"
        cls.second.invoice_date_due = "2026-03-31"
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.ada = self.open_browser("ada@example.com")

    def open_overdue(self):
        return self.ada.open_form("/my/invoices/overdue")

    def test_both_are_paid_with_one_charge(self):
        card = self.add_card(self.mother)
        form = self.open_overdue()
        self.assertEqual(form.form.get("data-amount"), f"{MOTHERS + FEBRUARY:.2f}")
        form.submit(card=card)
        self.ada.wait()
        for bill in (self.mothers, self.second):
            self.assertDue(bill, 0)
        payment = self.env["account.payment"].search([]).ensure_one()
        lines = payment.move_id.line_ids.filtered("credit")
        self.assertEqual(
            sorted(round(line.credit * 100) for line in lines), [12268, 34240]
        )
        self.assertBooks()

    def test_what_somebody_else_is_paying_is_not_asked_for(self):
        _mail, code = self.share(self.second)
        guest = self.open_browser()
        guest.look_up(self.second.name, code)
        started = guest.open_form("/pay/card?amount=100").submit()
        self.find_transaction(started).paid_by_id = self.father
        self.find_transaction(started).therapy_allocation_ids.partner_id = self.father
        form = self.open_overdue()
        self.assertEqual(form.form.get("data-amount"), f"{MOTHERS + 22.68:.2f}")
        self.ada.pay_new_card(form)
        self.assertBooks()
        guest.confirm(started)
        for bill in (self.mothers, self.second):
            self.assertDue(bill, 0)
        self.assertBooks()

    def test_a_part_pays_the_older_bill_first(self):
        form = self.open_overdue()
        self.ada.confirm(form.submit(amount=400.0))
        self.assertDue(self.mothers, 0)
        self.assertDue(self.second, MOTHERS + FEBRUARY - 400)
        self.assertBooks()

    def test_more_than_both_is_refused(self):
        form = self.open_overdue()
        before = len(self.sandbox.requests())
        words = self.ada.refusal(form.submit, amount=MOTHERS + FEBRUARY + 0.01)
        self.assertIn("At most", words)
        self.assertEqual(len(self.sandbox.requests()), before)
        self.assertBooks()
