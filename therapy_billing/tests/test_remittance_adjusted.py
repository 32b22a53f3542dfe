from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import NOW
from .refunds import RefundCommon
from .test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceAdjusted(RefundCommon, RemittanceCommon):
    """An answer after a waiver gives back what was paid, not what was waived (M5)."""

    def setUp(self):
        super().setUp()
        self.session = self._bill_ann()
        self.ann_bill = self.session.share_ids.move_id.filtered(
            lambda move: move.partner_id == self.ann
        )

    def _waive(self, kind, amount):
        reason = self.env["therapy.adjustment.reason"].search(
            [("kind", "=", kind)], limit=1
        )
        return self.env["account.move"]._therapy_adjust(
            reason, amount, bill=self.ann_bill
        )

    def _pay_cash(self, amount):
        method = self.practice._therapy_get_receipt_methods()[:1]
        self.env["account.payment"]._therapy_record(
            self.ann, amount, method, self._today(), bill=self.ann_bill
        )

    def _answer_with(self, patient):
        answer = self._answer(self.session, 120.0 - patient, 55.25, patient)
        return self._post(answer)

    def _waived(self, kind):
        return self._balance(self.practice._therapy_get_account(kind))

    def assertAnn(self, open_amount, credit):
        self.assertResidual(self.ann_bill, open_amount)
        self.assertCents(self.ann.therapy_credit_amount, credit)
        self.assertReceivable(self.ann, open_amount - credit)

    def test_what_was_written_off_is_no_credit(self):
        note = self._waive("writeoff", 30.0)
        remittance = self._answer_with(0.0)
        self.assertAnn(0.0, 0.0)
        self.assertCents(self._waived("writeoff"), 0.0)
        entry = note.therapy_adjustment_ids
        self.assertEqual(entry.therapy_remittance_id, remittance)
        self.assertCents(entry.amount_total, 30.0)

    def test_what_was_paid_beyond_the_answer_is_the_credit(self):
        self._waive("discount", 15.0)
        self._pay_cash(15.0)
        self._answer_with(10.0)
        self.assertAnn(0.0, 5.0)
        self.assertCents(self._waived("discount"), 0.0)

    def test_what_is_open_is_lowered_before_what_was_waived(self):
        self._waive("discount", 15.0)
        self._answer_with(20.0)
        self.assertAnn(5.0, 0.0)
        self.assertCents(self._waived("discount"), 15.0)

    def test_the_newest_waiver_is_taken_back_first(self):
        self._waive("discount", 10.0)
        self._waive("goodwill", 10.0)
        self._pay_cash(10.0)
        self._answer_with(15.0)
        self.assertAnn(0.0, 0.0)
        self.assertCents(self._waived("goodwill"), 0.0)
        self.assertCents(self._waived("discount"), 5.0)

    def test_a_refund_with_a_credit_note_is_not_given_twice(self):
        tx = self._pay(self.ann_bill, 30.0)
        self._succeed(tx)
        self.give_back(tx, 30.0, "credit_note", therapy_refund_reason_id=self.reason.id)
        self._answer_with(0.0)
        self.assertAnn(0.0, 0.0)

    def test_undoing_the_answer_lets_the_waiver_count_again(self):
        note = self._waive("writeoff", 30.0)
        for _time in range(2):
            remittance = self._answer_with(0.0)
            self.assertAnn(0.0, 0.0)
            remittance.action_undo()
            self.assertAnn(0.0, 0.0)
            self.assertCents(self._waived("writeoff"), 30.0)
            self.assertEqual(
                self.ann_bill._therapy_get_standing_adjustments(), [(note, 30.0)]
            )

    def test_a_waiver_that_an_answer_took_back_is_kept_with_the_answer(self):
        note = self._waive("writeoff", 30.0)
        remittance = self._answer_with(0.0)
        for move in note | note.therapy_adjustment_ids:
            with self.assertRaisesRegex(UserError, remittance.name):
                move.button_draft()
        remittance.action_undo()
        note.button_draft()
        note.button_cancel()
        self.assertResidual(self.ann_bill, 30.0)

    def test_a_second_answer_takes_back_what_the_first_one_left(self):
        self._waive("writeoff", 30.0)
        first = self._answer_with(20.0)
        self.assertAnn(0.0, 0.0)
        self.assertCents(self._waived("writeoff"), 20.0)
        second = self._post(
            self._answer(self.session, -100.0, -55.25, -20.0, charge=-175.25),
            self._answer(self.session, 115.0, 55.25, 5.0),
        )
        self.assertAnn(0.0, 0.0)
        self.assertCents(self._waived("writeoff"), 5.0)
        second.action_undo()
        first.action_undo()
        self.assertAnn(0.0, 0.0)
        self.assertCents(self._waived("writeoff"), 30.0)
