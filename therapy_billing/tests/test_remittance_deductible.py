from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import NOW
from .test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceDeductible(RemittanceCommon):
    """The estimate leaves all to the patient, and yet the insurer answers."""

    def setUp(self):
        super().setUp()
        self.coverage.write({"copay": 0.0, "coinsurance": 100.0})
        self.session = self._bill_ann()
        self.bill = self.session.share_ids.move_id

    def _contractual(self):
        return self._balance(self.practice._therapy_get_account("contractual"))

    def _answer_with(self, paid, contract, patient):
        return self._post(self._answer(self.session, paid, contract, patient))

    def test_the_patients_share_is_estimated_until_the_insurer_answers(self):
        self.assertEqual(self._live(self.session), {self.ann: 175.25})
        self.assertEqual(self.session.billing_state, "billed")
        self.assertEqual(self.session.patient_share_state, "estimated")
        self._answer_with(0.0, 55.25, 120.0)
        self.assertEqual(self.session.patient_share_state, "final")

    def test_the_contractual_adjustment_lowers_what_the_patient_owes(self):
        self._answer_with(0.0, 55.25, 120.0)
        self.assertResidual(self.bill, 120.0)
        self.assertCents(self._receivable(self.ann), 120.0)
        self.assertCents(self._receivable(self.insurer), 0.0)
        self.assertCents(self._contractual(), 55.25)
        self.assertEqual(
            self._live(self.session), {self.ann: 120.0, self.insurer: 55.25}
        )

    def test_what_the_insurer_pays_nevertheless_is_on_a_claim(self):
        self._answer_with(20.0, 55.25, 100.0)
        self.assertResidual(self.bill, 100.0)
        self.assertCents(self._receivable(self.insurer), 0.0)
        self.assertResidual(self._claims(self.session), 0.0)
        self.assertCents(self._contractual(), 55.25)

    def test_undoing_brings_the_estimate_back(self):
        for paid, patient in ((0.0, 120.0), (20.0, 100.0), (0.0, 120.0)):
            remittance = self._answer_with(paid, 55.25, patient)
            remittance.action_undo()
            self.assertResidual(self.bill, 175.25)
            self.assertCents(self._receivable(self.ann), 175.25)
            self.assertCents(self._receivable(self.insurer), 0.0)
            self.assertCents(self._contractual(), 0.0)
            self.assertEqual(self.session.patient_share_state, "estimated")

    def test_an_answer_taken_back_leaves_the_estimate(self):
        self._answer_with(0.0, 55.25, 120.0)
        self._post(self._answer(self.session, 0.0, -55.25, -120.0, charge=-175.25))
        self.assertCents(self._receivable(self.ann), 175.25)
        self.assertCents(self._contractual(), 0.0)
        self.assertEqual(self.session.patient_share_state, "estimated")
        self._answer_with(0.0, 55.25, 120.0)
        self.assertCents(self._receivable(self.ann), 120.0)
        self.assertEqual(self.session.patient_share_state, "final")

    def test_an_answer_that_leaves_all_to_the_patient_is_given_once(self):
        remittance = self._answer_with(0.0, 0.0, 175.25)
        self.assertResidual(self.bill, 175.25)
        self.assertEqual(self.session.patient_share_state, "final")
        with self.assertRaisesRegex(UserError, "answered before"):
            self._answer_with(0.0, 0.0, 175.25)
        remittance.action_undo()
        self.assertEqual(self.session.patient_share_state, "estimated")
        self._answer_with(0.0, 55.25, 120.0)
        self.assertCents(self._receivable(self.ann), 120.0)

    def test_billed_when_the_insurer_answers_nothing_waits(self):
        self.coverage.billing_policy = "on_receipt"
        self.session = self._bill_ann(start="2026-11-11 19:00:00")
        self.assertEqual(self.session.patient_share_state, "estimated")
        self._answer_with(0.0, 55.25, 120.0)
        self.assertEqual(self._live(self.session)[self.ann], 120.0)
        self.assertCents(self._receivable(self.insurer), 0.0)

    def test_the_insurer_is_offered_the_claim(self):
        remittance = self._create_remittance([])
        remittance.action_add_claims()
        wizard = self.env["therapy.remittance.claims.wizard"].create(
            {"remittance_id": remittance.id}
        )
        self.assertEqual(wizard.claim_ids.session_id, self.session)
        wizard.action_add_all()
        self.assertEqual(remittance.line_ids.session_line_id, self.session.line_ids)

    def test_a_plan_that_had_ended_has_no_claim(self):
        self.session = self._create_session(self.ann, start="2026-11-11 19:00:00")
        self.coverage.date_to = "2026-11-10"
        self._bill(self.session)
        remittance = self._create_remittance(
            [self._answer(self.session, 0.0, 55.25, 120.0)]
        )
        self.assertIn("has no claim here", "\n".join(remittance.get_problems()))
