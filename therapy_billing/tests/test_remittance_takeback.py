from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.therapy_billing.tests.common import NOW
from odoo.addons.therapy_billing.tests.test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceTakeback(RemittanceCommon):
    """Insurers take answers back, and a second insurer answers after the first."""

    def _take_back(self, session):
        return self._answer(session, -85.0, -55.25, -35.0, charge=-175.25)

    def _add_second(self, **vals):
        second = self.insurer.copy({"name": "Second Mutual"})
        self.env["therapy.coverage"].create(
            {
                "patient_id": self.ann.id,
                "insurer_id": second.id,
                "sequence": 20,
                **vals,
            }
        )
        return second

    def test_a_take_back_opens_the_claim_again(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        other = self._bill_ann(start="2026-11-11 19:00:00")
        remittance = self._post(
            self._take_back(session), self._answer(other, 110.0, 55.25, 10.0)
        )
        self.assertCents(remittance.amount, 25.0)
        claim = self._claims(session).filtered(lambda x: not x.therapy_remittance_id)
        self.assertResidual(claim, 145.25)
        self.assertCents(self._receivable(self.insurer), 145.25)
        self.assertEqual(self._live(session), {self.ann: 30.0, self.insurer: 145.25})
        self.assertEqual(session.patient_share_state, "estimated")
        self.assertEqual(other.patient_share_state, "final")

    def test_a_take_back_with_a_new_answer_books_the_difference(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        self._post(self._take_back(session), self._answer(session, 95.0, 50.25, 30.0))
        self.assertCents(self._receivable(self.insurer), 0)
        self.assertCents(self._receivable(self.ann), 30.0)
        claim = self._claims(session).filtered(lambda x: not x.therapy_remittance_id)
        self.assertResidual(claim, 0)
        contractual = self.practice.therapy_account_contractual_id
        self.assertCents(self._balance(contractual), 50.25)
        self.assertEqual(session.patient_share_state, "final")

    def test_a_remittance_of_zero_has_no_payment_but_its_entries(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        other = self._bill_ann(start="2026-11-11 19:00:00")
        remittance = self._post(
            self._take_back(session), self._answer(other, 85.0, 55.25, 35.0)
        )
        self.assertFalse(remittance.payment_id)
        self.assertCents(self._receivable(self.insurer), 145.25)
        remittance.action_undo()
        self.assertCents(self._receivable(self.insurer), 145.25)
        claim = self._claims(session).filtered(lambda x: not x.therapy_remittance_id)
        self.assertResidual(claim, 0)

    def test_more_than_was_paid_cannot_be_taken_back(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        with self.assertRaisesRegex(UserError, "More is taken back"):
            self._post(
                self._answer(session, -100.0, -40.25, -35.0, charge=-175.25), amount=0
            )

    def test_the_same_answer_under_another_trace_number_is_refused(self):
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        with self.assertRaisesRegex(UserError, "answered before"):
            self._post(self._answer(session, 85.0, 55.25, 35.0))

    def test_the_second_insurer_is_asked_before_the_guarantors(self):
        second = self._add_second()
        session = self._bill_ann()
        self.assertEqual(self._live(session), {self.insurer: 175.25})
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertResidual(self._claims(session), 0)
        claim = self._claims(session, second)
        self.assertResidual(claim, 35.0)
        self.assertEqual(claim.session_share_ids.kind, "supplement")
        self.assertEqual(session.patient_share_state, "estimated")
        self._post(
            self._answer(session, 25.0, 0.0, 10.0, charge=35.0), partner_id=second.id
        )
        self.assertResidual(claim, 0)
        self.assertCents(self._receivable(second), 0)
        self.assertCents(self._receivable(self.ann), 10.0)
        self.assertEqual(session.patient_share_state, "final")

    def test_a_second_insurer_may_be_billed_on_receipt(self):
        second = self._add_second(billing_policy="on_receipt")
        session = self._bill_ann()
        first = self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertFalse(self._claims(session, second))
        self.assertEqual(self._live(session), {self.insurer: 140.25, second: 35.0})
        remittance = self._post(
            self._answer(session, 25.0, 2.0, 8.0, charge=35.0), partner_id=second.id
        )
        self.assertResidual(self._claims(session, second), 0)
        self.assertCents(self._receivable(self.ann), 8.0)
        remittance.action_undo()
        self.assertEqual(self._live(session), {self.insurer: 140.25, second: 35.0})
        first.action_undo()
        self.assertEqual(self._live(session), {self.insurer: 175.25})

    def test_the_second_insurer_cannot_answer_first(self):
        second = self._add_second()
        session = self._bill_ann()
        with self.assertRaisesRegex(UserError, "before this one"):
            self._post(
                self._answer(session, 25.0, 0.0, 10.0, charge=35.0),
                partner_id=second.id,
            )

    def test_the_first_insurer_takes_back_after_the_second_only_by_undoing(self):
        second = self._add_second()
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        self._post(
            self._answer(session, 25.0, 0.0, 10.0, charge=35.0), partner_id=second.id
        )
        with self.assertRaisesRegex(UserError, "after this one"):
            self._post(self._take_back(session), amount=0)

    def test_the_second_insurer_says_what_the_first_one_bore(self):
        second = self._add_second()
        session = self._bill_ann()
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        find = self.env["therapy.remittance.reason"]._therapy_find
        reasons = (("OA", "23", 140.25), ("PR", "3", 10.0))
        answer = {
            "session_id": session.id,
            "charge": 175.25,
            "paid": 25.0,
            "adjustment_ids": [
                Command.create({"reason_id": find(group, code).id, "amount": amount})
                for group, code, amount in reasons
            ],
        }
        self._post(answer, partner_id=second.id)
        self.assertResidual(self._claims(session, second), 0)
        self.assertCents(self._receivable(self.ann), 10.0)
        contractual = self.practice.therapy_account_contractual_id
        self.assertCents(self._balance(contractual), 55.25)
