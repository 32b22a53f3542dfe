from odoo import Command
from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestTwoPractices(TherapyPortalHttpCommon):
    """A payer of two practices with two currencies, which are never added up."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.other = cls.setup_other_company(
            name="Elm Street Practice", currency_id=cls.euro.id
        )["company"]
        cls.bill = cls._make_bill()
        cls.euros = cls._make_other_bill(100)

    @classmethod
    def _make_other_bill(cls, amount):
        line = {"name": "Services", "price_unit": amount, "tax_ids": [Command.clear()]}
        move = cls.env["account.move"].with_company(cls.other)
        move = move.create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.mother.id,
                "patient_id": cls.patient.id,
                "invoice_date": "2026-10-31",
                "invoice_line_ids": [Command.create(line)],
            }
        )
        move.name = f"ELM/{amount}"
        move.action_post()
        return move

    def setUp(self):
        super().setUp()
        self.authenticate("ada", "ada")

    def test_the_family_shows_one_sum_per_practice_and_currency(self):
        for path in ("/my", "/my/therapy"):
            html = self._get(path).text
            self.assertIn(">120.00<", html, path)
            self.assertIn(">100.00<", html, path)
            self.assertNotIn("220.00", html, path)
        self.assertIn("Elm Street Practice", html)
        family = self.mother._therapy_get_portal_family()
        self.assertEqual(
            family[0]["due"],
            {(self.company, self.currency): 120, (self.other, self.euro): 100},
        )

    def test_several_bills_are_of_one_practice_and_currency(self):
        more = self._make_other_bill(30)
        self._make_bill()
        self.env.flush_all()
        home = self._get("/my/therapy").text
        query = f"?practice={self.other.id}&amp;currency={self.euro.id}"
        self.assertIn(f"/my/therapy/pay{query}", home)
        for asked in (
            query.replace("&amp;", "&"),
            f"?bill={self.euros.id}&bill={more.id}",
        ):
            html = self._get(f"/my/therapy/pay{asked}").text
            self.assertIn(self.euros.name, html)
            self.assertIn(more.name, html)
            self.assertNotIn(self.bill.name, html)
            self.assertIn(">130.00<", html)
        html = self._get(f"/my/therapy/pay?bill={self.bill.id}").text
        self.assertIn(self.bill.name, html)
        self.assertNotIn(self.euros.name, html)

    def test_credits_are_of_one_practice(self):
        for company, amount in ((self.company, 25.0), (self.other, 40.0)):
            Payment = self.env["account.payment"].with_company(company)
            Payment.create(
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.mother.id,
                    "amount": amount,
                }
            ).action_post()
        self.assertEqual(
            self.mother._therapy_get_portal_credits(),
            {self.company: 25, self.other: 40},
        )
        html = self._get("/my/therapy").text
        self.assertIn(">25.00<", html)
        self.assertIn(">40.00<", html)
