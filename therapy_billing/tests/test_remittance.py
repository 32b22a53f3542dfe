from odoo import Command
from odoo.tests import freeze_time, tagged

from odoo.addons.therapy_billing.tests.common import NOW, TherapyCommon


@freeze_time(NOW)
class RemittanceCommon(TherapyCommon):
    """Ann's session of 175.25: 30.00 are estimated hers, 145.25 the insurer's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.number = 0

    def _bill_ann(self, **vals):
        session = self._create_session(self.ann, **vals)
        self._bill(session)
        return session

    def _answer(self, session, paid, contract, patient, charge=175.25, **vals):
        return {
            "session_id": session.id,
            "charge": charge,
            "paid": paid,
            "contract_amount": contract,
            "patient_amount": patient,
            **vals,
        }

    def _create_remittance(self, answers, amount=None, **vals):
        type(self).number += 1
        return self.env["therapy.remittance"].create(
            {
                "partner_id": self.insurer.id,
                "trace": f"EFT-{self.number}",
                "date": "2026-11-13",
                "amount": sum(x["paid"] for x in answers) if amount is None else amount,
                "line_ids": [Command.create(answer) for answer in answers],
                **vals,
            }
        )

    def _post(self, *answers, **vals):
        remittance = self._create_remittance(list(answers), **vals)
        remittance.action_post()
        return remittance

    def _claims(self, session, partner=None):
        return self.env["account.move"].search(
            [
                ("claim_session_id", "=", session.id),
                ("partner_id", "=", (partner or self.insurer).id),
                ("move_type", "=", "out_invoice"),
            ]
        )

    def _balance(self, account):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return sum(lines.mapped("balance"))

    def _receivable(self, partner):
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("balance"))

    def _live(self, session):
        sums = {}
        for share in session.line_ids.share_ids.filtered("live"):
            sums[share.partner_id] = sums.get(share.partner_id, 0.0) + share.amount
        return {payer: self.usd.round(amount) for payer, amount in sums.items()}


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittance(RemittanceCommon):
    def test_what_is_shifted_is_divided_by_fixed_amount_and_rest(self):
        session = self._create_session(self.ann)
        self.ann.guarantor_ids.write({"share_type": "remainder", "percent": 0})
        self._add_guarantor(
            self.ann, self.mother, 0, share_type="fixed", fixed_amount=40.0
        )
        guarantors, rows = session._divide_patient_part([9000])
        parts = dict(zip(guarantors, map(sum, rows), strict=True))
        self.assertEqual(parts, {self.mother: 4000, self.ann: 5000})

    def test_an_answer_settles_the_claim_and_asks_the_patient_for_more(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        claim = self._claims(session)
        self.assertResidual(claim, 0)
        supplement = remittance.move_ids.filtered(
            lambda move: move.partner_id == self.ann
        )
        self.assertEqual(supplement.move_type, "out_invoice")
        self.assertCents(supplement.amount_total, 5.0)
        self.assertEqual(str(supplement.therapy_determined_on), "2026-11-13")
        self.assertCents(self._receivable(self.insurer), 0)
        self.assertCents(self._receivable(self.ann), 35.0)
        contractual = self.practice.therapy_account_contractual_id
        self.assertCents(self._balance(contractual), 55.25)
        self.assertEqual(session.patient_share_state, "final")
        self.assertEqual(self._live(session), {self.ann: 35.0, self.insurer: 140.25})

    def test_the_shift_nets_to_zero_on_the_income_account_of_the_claim(self):
        session = self._bill_ann()
        claim = self._claims(session)
        line = claim.invoice_line_ids
        before = self._balance(line.account_id)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertCents(self._balance(line.account_id), before)
        moves = remittance.move_ids.filtered("invoice_date")
        self.assertEqual(len(set(moves.mapped("date"))), 1)
        shifted = moves.session_share_ids.move_line_id
        self.assertEqual(shifted.account_id, line.account_id)
        self.assertEqual(len(shifted), 2)

    def test_an_overage_is_taken_off_the_bill_that_asked_too_much(self):
        session = self._bill_ann()
        bill = session.share_ids.move_id.filtered(lambda x: x.partner_id == self.ann)
        self._post(self._answer(session, 110.0, 55.25, 10.0))
        self.assertResidual(bill, 10.0)
        self.assertCents(self._receivable(self.ann), 10.0)

    def test_an_overage_that_was_paid_becomes_a_credit(self):
        session = self._bill_ann()
        bill = session.share_ids.move_id.filtered(lambda x: x.partner_id == self.ann)
        method = self.practice._therapy_get_receipt_methods()[:1]
        self.env["account.payment"]._therapy_record(
            self.ann, 30.0, method, self._today(), bill=bill
        )
        remittance = self._post(self._answer(session, 110.0, 55.25, 10.0))
        note = remittance.move_ids.filtered(lambda move: move.partner_id == self.ann)
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(note.therapy_credit_cause, "eob")
        self.assertCents(note.amount_residual, 20.0)
        self.assertCents(self.ann.therapy_credit_amount, 20.0)

    def test_what_two_guardians_owe_is_divided_as_agreed_on_the_day(self):
        self.coverage.copy({"patient_id": self.kim.id})
        session = self._create_session(self.kim)
        self._bill(session)
        self._post(self._answer(session, 80.0, 60.24, 35.01))
        self.assertEqual(
            self._live(session),
            {self.mother: 24.51, self.father: 10.50, self.insurer: 140.24},
        )

    def test_a_remark_says_when_another_amount_was_charged(self):
        session = self._bill_ann()
        remittance = self._create_remittance(
            [self._answer(session, 110.0, 80.0, 10.0, charge=200.0)]
        )
        self.assertIn("175.25", remittance.line_ids.remark)
        remittance.action_post()
        self.assertCents(remittance.line_ids.contract_entry, 55.25)
        self.assertResidual(self._claims(session), 0)

    def test_more_than_billed_is_no_credit_of_the_insurer(self):
        session = self._bill_ann()
        self._post(self._answer(session, 160.0, 10.0, 30.0, charge=200.0))
        self.assertCents(self._receivable(self.insurer), 0)
        contractual = self.practice.therapy_account_contractual_id
        self.assertCents(self._balance(contractual), -14.75)

    def test_one_transfer_pays_many_claims_and_the_rest_is_a_credit(self):
        sessions = [self._bill_ann(start=f"2026-11-0{day} 19:00:00") for day in (2, 3)]
        remittance = self._post(
            *(self._answer(session, 85.0, 55.25, 35.0) for session in sessions),
            amount=180.0,
            extra_ids=[Command.create({"kind": "interest", "amount": 3.0})],
        )
        self.assertCents(remittance.amount_applied, 173.0)
        self.assertCents(remittance.amount_unapplied, 7.0)
        self.assertCents(remittance.payment_id.amount, 180.0)
        self.assertCents(self._receivable(self.insurer), -7.0)
        interest = self.practice.therapy_account_interest_id
        self.assertCents(self._balance(interest), -3.0)
        supplements = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        self.assertEqual(len(supplements), 1)
        self.assertEqual(len(supplements.invoice_line_ids), 2)

    def test_the_bill_of_the_patient_tells_nothing_of_the_treatment(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        text = supplement.invoice_line_ids.name
        self.assertIn("11/10/2026", text)
        self.assertNotIn("90837", text)

    def test_a_denial_leaves_the_contractual_part_to_the_practice(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 0.0, 175.25, 0.0))
        self.assertFalse(remittance.payment_id)
        self.assertCents(self._receivable(self.insurer), 0)
        self.assertCents(self._receivable(self.ann), 0)

    def test_what_stays_open_changes_nothing_but_the_payment(self):
        session = self._bill_ann()
        reason = self.env["therapy.remittance.reason"]._therapy_find("CO", "16")
        answer = {
            "session_id": session.id,
            "paid": 20.0,
            "adjustment_ids": [
                Command.create({"reason_id": reason.id, "amount": 155.25})
            ],
        }
        self._post(answer)
        self.assertEqual(session.patient_share_state, "estimated")
        self.assertResidual(self._claims(session), 125.25)
        self._post(self._answer(session, 65.0, 75.25, 35.0))
        self.assertEqual(session.patient_share_state, "final")
        self.assertResidual(self._claims(session), 0)
        self.assertCents(self._receivable(self.ann), 35.0)

    def test_a_bill_after_the_answer_uses_credits_where_the_practice_wants_it(self):
        self.practice.therapy_use_credits = True
        session = self._bill_ann()
        method = self.practice._therapy_get_receipt_methods()[:1]
        self.env["account.payment"]._therapy_record(
            self.ann, 4.0, method, self._today()
        )
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        self.assertResidual(supplement, 1.0)
        remittance.action_undo()
        self.assertCents(self.ann.therapy_credit_amount, 4.0)

    def test_services_of_a_session_may_be_answered_one_after_the_other(self):
        session = self._create_session(self.ann, lines=[(self.talk, 1), (self.aba, 2)])
        self._bill(session)
        talk, aba = session.line_ids
        self.assertCents(sum((talk | aba).mapped("amount")), 209.91)
        self._post(self._answer(session, 85.0, 55.25, 35.0, session_line_id=talk.id))
        self.assertEqual(session.patient_share_state, "estimated")
        self._post(
            self._answer(
                session, 20.0, 4.66, 10.0, charge=34.66, session_line_id=aba.id
            )
        )
        self.assertEqual(session.patient_share_state, "final")
        self.assertCents(self._receivable(self.insurer), 0)
        self.assertCents(self._receivable(self.ann), 45.0)
        self.assertCents(sum(self._live(session).values()), 209.91)

    def test_the_shift_keeps_the_analytic_distribution(self):
        self.practice.therapy_analytic = True
        session = self._bill_ann()
        wanted = self._claims(session).invoice_line_ids.analytic_distribution
        self.assertTrue(wanted)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        moves = remittance.move_ids.filtered(lambda move: move.move_type != "entry")
        lines = moves.invoice_line_ids
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertEqual(line.analytic_distribution, wanted)

    def test_what_an_insurer_withholds_stays_open_with_it(self):
        session = self._bill_ann()
        remittance = self._post(
            self._answer(session, 85.0, 55.25, 35.0),
            amount=65.0,
            extra_ids=[Command.create({"kind": "withheld", "amount": -20.0})],
        )
        self.assertResidual(self._claims(session), 0)
        self.assertCents(self._receivable(self.insurer), 20.0)
        self.assertCents(remittance.amount_unapplied, 0)

    def test_a_fixed_share_is_asked_once_for_a_session_answered_in_parts(self):
        rows = self.kim.guarantor_ids
        father = rows.filtered(lambda row: row.partner_id == self.father)
        father.write({"share_type": "fixed", "fixed_amount": 10.0})
        (rows - father).share_type = "remainder"
        self.coverage.copy({"patient_id": self.kim.id})
        session = self._create_session(self.kim, lines=[(self.talk, 1), (self.aba, 2)])
        self._bill(session)
        talk, aba = session.line_ids
        self._post(self._answer(session, 85.0, 55.25, 35.0, session_line_id=talk.id))
        self.assertEqual(self._live(session)[self.father], 10.0)
        self._post(
            self._answer(
                session, 20.0, 4.66, 10.0, charge=34.66, session_line_id=aba.id
            )
        )
        live = self._live(session)
        self.assertEqual((live[self.mother], live[self.father]), (35.0, 10.0))
