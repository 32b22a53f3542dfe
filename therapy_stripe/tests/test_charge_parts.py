from odoo import fields
from odoo.tests import tagged

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestChargeParts(TherapyStripeCommon):
    """What is proposed when a bill is collected from several people (F49, M10)."""

    def setUp(self):
        super().setUp()
        self.other = self.env["res.partner"].create({"name": "Alex Parent"})
        self.bill = self._create_bill(100.0)

    def _share(self, mine, theirs):
        self.env["therapy.guarantor"].create(
            [
                {"patient_id": self.patient.id, "partner_id": payer.id, **share}
                for payer, share in ((self.payer, mine), (self.other, theirs))
            ]
        )

    def _get_parts(self):
        """Return what a new dialog proposes, by person."""
        wizards = self.env["therapy.charge.wizard"].with_user(self.biller)
        wizard = wizards.create({"move_id": self.bill.id})
        wizard.action_split()
        return {line.partner_id: line.amount for line in wizard.line_ids}

    def test_who_takes_the_rest_gets_what_the_percentages_leave(self):
        self._share({"percent": 70}, {"share_type": "remainder"})
        self.assertEqual(self._get_parts(), {self.payer: 70.0, self.other: 30.0})

    def test_a_fixed_amount_comes_first(self):
        self._share(
            {"share_type": "remainder"}, {"share_type": "fixed", "fixed_amount": 25}
        )
        self.assertEqual(self._get_parts(), {self.payer: 75.0, self.other: 25.0})

    def test_a_share_that_has_ended_is_not_proposed(self):
        today = self._today()
        self._share(
            {"date_from": today},
            {"date_to": fields.Date.subtract(today, days=1)},
        )
        self.assertEqual(self._get_parts(), {self.payer: 100.0})

    def test_what_nobody_bears_is_left_to_whom_the_bill_is_for(self):
        self._share({"percent": 0}, {"share_type": "fixed", "fixed_amount": 25})
        self.assertEqual(self._get_parts(), {self.payer: 75.0, self.other: 25.0})

    def test_what_one_has_paid_is_not_asked_again(self):
        self._share({"percent": 70}, {"percent": 30})
        card = self._save_card(partner=self.other)
        transactions = self.env["payment.transaction"]
        tx_id = transactions._therapy_charge(
            card, [(self.bill.id, 30.0)], paid_by=self.other
        )
        self.env.invalidate_all()
        self.assertEqual(self._get_parts(), {self.payer: 70.0})
        tx = transactions.browse(tx_id)
        self.assertEqual(tx.payment_id.paid_by_partner_id, self.other)

    def test_what_one_is_paying_is_not_asked_again(self):
        self._share({"percent": 70}, {"percent": 30})
        self._create_tx(
            self.bill, 10.0, partner_id=self.other.id
        )._stripe_create_intent()
        self.assertEqual(self._get_parts(), {self.payer: 70.0, self.other: 20.0})

    def test_the_parts_are_what_can_be_paid_now(self):
        self._share({"percent": 70}, {"percent": 30})
        reversal = self.bill._reverse_moves([{}])
        reversal.invoice_line_ids.price_unit = 50.0
        reversal.action_post()
        terms = (self.bill | reversal).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        terms.reconcile()
        self.assertEqual(self._get_parts(), {self.payer: 35.0, self.other: 15.0})
