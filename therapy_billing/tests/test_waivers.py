from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import NOW
from .refunds import RefundCommon
from .test_remittance import RemittanceCommon


class WaiverCommon(RefundCommon, RemittanceCommon):
    """Ann owes 30.00 of a session, her insurer the rest."""

    def setUp(self):
        super().setUp()
        self.session = self._bill_ann()
        self.ann_bill = self.session.share_ids.move_id.filtered(
            lambda move: move.partner_id == self.ann
        )

    def _waive(self, kind, amount, bill=None):
        reason = self.env["therapy.adjustment.reason"].search(
            [("kind", "=", kind)], limit=1
        )
        return self.env["account.move"]._therapy_adjust(
            reason, amount, bill=bill or self.ann_bill
        )

    def _pay_cash(self, amount, bill=None):
        bill = bill or self.ann_bill
        method = self.practice._therapy_get_receipt_methods()[:1]
        return self.env["account.payment"]._therapy_record(
            bill.partner_id, amount, method, self._today(), bill=bill
        )

    def _answer_with(self, patient):
        return self._post(self._answer(self.session, 120.0 - patient, 55.25, patient))

    def _get_waived(self, kind):
        return self._balance(self.practice._therapy_get_account(kind))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestWaivers(WaiverCommon):
    """What was waived is nobody's money: it never becomes a credit (M5, M6)."""

    # === CORE'S DIALOG "PAY" === #

    def _register(self, bill, amount):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        )
        return wizard.create(
            {
                "amount": amount,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )._create_payments()

    def test_a_payment_waives_nothing(self):
        with self.assertRaisesRegex(UserError, "keep the rest open"):
            self._register(self.ann_bill, 1.0)
        self.assertResidual(self.ann_bill, 30.0)
        self._register(self.ann_bill, 30.0)
        self.assertResidual(self.ann_bill, 0.0)

    # === A WAIVER STAYS WITH ITS BILL === #

    def test_a_waiver_is_not_taken_off_its_bill(self):
        note = self._waive("writeoff", 30.0)
        partial = note.line_ids.matched_debit_ids
        with self.assertRaisesRegex(UserError, "nobody's money"):
            self.ann_bill.js_remove_outstanding_partial(partial.id)
        note.button_draft()
        note.button_cancel()
        self.assertResidual(self.ann_bill, 30.0)
        self._answer_with(0.0)
        self.assertReceivable(self.ann, 0.0)

    def test_a_waiver_that_is_posted_again_is_where_it_was(self):
        note = self._waive("writeoff", 30.0)
        note.button_draft()
        note.action_post()
        self.assertResidual(self.ann_bill, 0.0)
        self.assertEqual(self.ann.therapy_credit_amount, 0.0)

    def test_a_waiver_that_an_accountant_took_off_pays_its_own_bill_only(self):
        note = self._waive("writeoff", 30.0)
        other = self._create_bill(self.ann, 50.0, due="2026-11-01")
        line = note._therapy_get_receivable_lines()
        line.remove_move_reconcile()
        self.assertResidual(self.ann_bill, 30.0)
        self.assertEqual(self.ann.therapy_credit_amount, 0.0)
        self.assertFalse(other._therapy_apply_credits())
        with self.assertRaisesRegex(UserError, "nobody's money"):
            other.js_assign_outstanding_line(line.id)
        self.ann_bill.js_assign_outstanding_line(line.id)
        self.assertResidual(self.ann_bill, 0.0)
        self.assertFalse(note.line_ids.matched_debit_ids.therapy_applied_credit)
        with self.assertRaises(UserError):
            self.ann_bill.action_therapy_retract()

    def test_a_bill_is_not_opened_under_a_waiver(self):
        note = self._waive("goodwill", 40.0, bill=self.bill)
        with self.assertRaisesRegex(UserError, "cancel it first"):
            self.bill.button_draft()
        note.button_draft()
        note.button_cancel()
        self.bill.button_draft()
        self.bill.button_cancel()
        self.assertReceivable(self.mother, 0.0)

    def test_a_waiver_that_was_reversed_is_not_taken_back_again(self):
        note = self._waive("writeoff", 20.0)
        self._pay_cash(10.0)
        note._reverse_moves().action_post()
        self.assertReceivable(self.ann, 20.0)
        self._answer_with(0.0)
        self.assertReceivable(self.ann, -10.0)
        self.assertEqual(self._get_waived("writeoff"), 0.0)

    def test_a_claim_that_was_lowered_by_hand_takes_no_answer(self):
        [claim] = self._claims(self.session)
        note = self._waive("writeoff", 145.25, bill=claim)
        with self.assertRaisesRegex(UserError, "lowered by hand"):
            self._answer_with(30.0)
        note.button_draft()
        note.button_cancel()
        self._answer_with(30.0)
        self.assertReceivable(self.insurer, 0.0)

    # === ANSWERS === #

    def test_a_refund_after_the_answer_gives_the_money_once(self):
        tx = self._pay(self.ann_bill, 30.0)
        self._succeed(tx)
        self._answer_with(0.0)
        self.assertEqual(self.ann.therapy_credit_amount, 30.0)
        self.give_back(tx, 30.0, "credit_note", therapy_refund_reason_id=self.reason.id)
        self.assertReceivable(self.ann, 0.0)
        self.assertEqual(self.ann.therapy_credit_amount, 0.0)
        self.assertResidual(self.ann_bill, 0.0)

    def test_a_session_that_was_answered_is_not_waived_behind_the_answer(self):
        self._answer_with(10.0)
        self.ann_bill.action_therapy_retract()
        with self.assertRaisesRegex(UserError, "insurer has answered"):
            self.session._set_exempt("waived", "Goodwill")
        bill = self._bill(self.session)
        bill._therapy_apply_credits()
        self.assertReceivable(self.ann, 10.0)

    def test_each_service_waits_for_its_own_answer(self):
        self.coverage.copay = 10000.0
        session = self._create_session(
            self.ann, [(self.talk, 1), (self.aba, 8)], start="2026-11-11 19:00:00"
        )
        self._bill(session)
        first, second = session.line_ids
        self._post(self._answer(session, 0.0, 75.25, 100.0, session_line_id=first.id))
        self.assertEqual(session.patient_share_state, "estimated")
        wizard = self.env["therapy.remittance.claims.wizard"].create(
            {"remittance_id": self._create_remittance([]).id}
        )
        self.assertEqual(wizard._get_services(session), second)
        self._post(
            self._answer(
                session,
                0.0,
                0.0,
                second.amount,
                charge=second.amount,
                session_line_id=second.id,
            )
        )
        self.assertEqual(session.patient_share_state, "final")

    def test_waiting_is_not_given_up_after_an_answer(self):
        second = self.env["res.partner"].create(
            {"name": "Second", "is_insurer": True, "is_company": True}
        )
        Coverage = self.env["therapy.coverage"]
        values = {"patient_id": self.kim.id, "insurer_id": self.insurer.id}
        Coverage.create({**values, "copay": 30.0})
        Coverage.create(
            {
                **values,
                "insurer_id": second.id,
                "billing_policy": "on_receipt",
                "sequence": 99,
            }
        )
        session = self._create_session(self.kim)
        self._bill(session)
        self._post(self._answer(session, 70.0, 55.25, 50.0))
        with self.assertRaisesRegex(UserError, "has answered"):
            session.action_stop_waiting()
        self.assertCents(sum(self._live(session).values()), 175.25)

    # === APPROVED RATES === #

    def _approve(self, rate):
        authorization = self.env["therapy.authorization"].create(
            {
                "name": "A-1",
                "patient_id": self.ann.id,
                "payer_id": self.insurer.id,
                "date_from": "2026-11-01",
                "date_to": "2026-11-30",
                "line_ids": [
                    Command.create(
                        {"product_id": self.aba.id, "units": 100, "rate": rate}
                    )
                ],
            }
        )
        return authorization.line_ids

    def test_the_fee_of_an_absence_follows_a_new_approved_rate(self):
        product = self._create_service(False, 0.0, minutes=0)
        self.env["therapy.absence.fee"].create(
            {
                "name": "Missed",
                "hours": 48,
                "fee_type": "percent",
                "percent": 50,
                "fee_product_id": product.id,
            }
        )
        line = self._approve(10.0)
        session = self._create_session(
            self.ann, [(self.aba, 8)], start="2026-11-12 19:00:00", state="scheduled"
        )
        session.state = "missed"
        self.assertCents(session.amount_total, 40.0)
        line.rate = 20.0
        self.assertCents(session.amount_total, 80.0)

    def test_a_new_approved_rate_leaves_billed_sessions_alone(self):
        line = self._approve(0.0)
        session = self._create_session(
            self.ann, [(self.talk, 1), (self.aba, 8)], start="2026-11-12 19:00:00"
        )
        self._bill(session)
        before = session.amount_total
        line.rate = 20.0
        self.assertEqual(session.billing_state, "billed")
        self.assertCents(session.amount_total, before)
