from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import NOW
from .refunds import RefundCommon


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefund(RefundCommon):
    """A payment that goes back: the bill and the credit after it."""

    # === THE BILL === #

    def test_a_full_refund_reopens_the_bill(self):
        tx = self.paid()
        refund = self.give_back(tx, 100.0)
        self.assertEqual(refund.state, "done")
        self.assertResidual(self.bill, 100.0)
        self.assertEqual(self.bill.payment_state, "not_paid")
        self.assertReconciled(tx.payment_id)
        self.assertReconciled(refund.payment_id)
        self.assertReceivable(self.mother, 100.0)

    def test_a_part_refunded_leaves_the_rest_on_the_bill(self):
        tx = self.paid()
        refund = self.give_back(tx, 30.0)
        self.assertResidual(self.bill, 30.0)
        self.assertEqual(self.bill.payment_state, "partial")
        self.assertReconciled(tx.payment_id)
        self.assertReconciled(refund.payment_id)

    def test_a_bill_that_is_credited_stays_paid(self):
        tx = self.paid()
        refund = self.give_back(
            tx, 40.0, "credit_note", therapy_refund_reason_id=self.reason.id
        )
        self.assertResidual(self.bill, 0.0)
        note = refund.therapy_refund_part_ids.credit_note_id
        self.assertCents(note.amount_total, 40.0)
        self.assertEqual(note.state, "posted")
        self.assertResidual(note, 0.0)
        self.assertReceivable(self.mother, 0.0)

    def test_a_credit_goes_back_and_the_bill_stays_paid(self):
        tx = self.paid()
        self.bill.line_ids.filtered(
            lambda x: x.display_type == "payment_term"
        ).matched_credit_ids.unlink()
        other = self._pay(self.bill, 60.0)
        self._succeed(other)
        payment = tx.payment_id
        self.give_back(tx, 100.0, "credit")
        self.assertResidual(self.bill, 40.0)
        self.assertReconciled(payment)
        self.assertReceivable(self.mother, 40.0)

    def test_money_on_a_bill_is_no_credit_to_give_back(self):
        tx = self.paid()
        with self.assertRaisesRegex(ValidationError, "does not hold as much"):
            self.give_back(tx, 10.0, "credit")
        self.assertFalse(self.asked)

    def test_the_newest_bill_of_a_payment_is_opened_first(self):
        other = self._create_bill(self.mother, 50.0)
        tx = self._pay(
            self.bill | other, 150.0, parts=[(self.bill, 100.0), (other, 50.0)]
        )
        self._succeed(tx)
        self.give_back(tx, 70.0)
        self.assertResidual(other, 50.0)
        self.assertResidual(self.bill, 20.0)

    def test_a_person_chooses_the_bill(self):
        other = self._create_bill(self.mother, 50.0)
        tx = self._pay(
            self.bill | other, 150.0, parts=[(self.bill, 100.0), (other, 50.0)]
        )
        self._succeed(tx)
        self.give_back(tx, 70.0, parts=[(self.bill.id, 70.0)])
        self.assertResidual(other, 0.0)
        self.assertResidual(self.bill, 70.0)
        with self.assertRaises(ValidationError):
            self.give_back(tx, 60.0, parts=[(self.bill.id, 60.0)])

    def test_a_bill_reopened_can_be_paid_again(self):
        tx = self.paid()
        self.give_back(tx, 100.0)
        self._succeed(self._pay(self.bill, 100.0))
        self.assertResidual(self.bill, 0.0)
        self.assertReceivable(self.mother, 0.0)

    def test_a_payment_moved_meanwhile_is_still_booked(self):
        tx = self.paid()
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_refund_request",
            lambda refund: refund._set_pending(),
        ):
            refund = self.give_back(tx, 100.0)
        other = self._create_bill(self.mother, 100.0)
        tx.payment_id._therapy_move_to(self.mother, "Wrong bill", bill=other)
        self.assertResidual(other, 0.0)
        refund._set_done()
        refund._post_process()
        self.assertResidual(other, 100.0)
        self.assertReconciled(refund.payment_id)

    # === A PREPAYMENT === #

    def test_a_prepayment_given_back_is_no_credit_any_more(self):
        for ask in ("ours", "core"):
            with self.subTest(ask=ask):
                tx = self.prepaid()
                self.assertCents(self.mother.therapy_credit_amount, 100.0)
                if ask == "ours":
                    self.open_wizard(tx.payment_id).action_refund()
                else:
                    tx.sudo()._refund(100.0)  # sudo: as core's wizard
                self.env.invalidate_all()
                refund = tx.child_transaction_ids
                self.assertReconciled(tx.payment_id)
                self.assertReconciled(refund.payment_id)
                self.assertCents(self.mother.therapy_credit_amount, 0.0)
                self.assertFalse(self.bill._therapy_apply_credits())
        self.assertReceivable(self.mother, 100.0)

    def test_a_prepayment_under_way_back_is_not_given_back_again(self):
        tx = self.prepaid()
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_refund_request",
            lambda refund: refund._set_pending(),
        ):
            self.give_back(tx, 70.0, "credit")
            self.assertCents(tx.payment_id.amount_available_for_refund, 30.0)
            with self.assertRaises(ValidationError):
                tx.sudo()._refund(40.0)  # sudo: as core's wizard
        self.assertEqual(len(tx.child_transaction_ids), 1)

    def test_a_prepayment_that_pays_a_bill_reopens_it(self):
        tx = self.prepaid()
        self.bill._therapy_apply_credits()
        self.assertResidual(self.bill, 0.0)
        self.give_back(tx, 100.0)
        self.assertResidual(self.bill, 100.0)
        self.assertReceivable(self.mother, 100.0)

    def test_a_prepayment_given_back_before_it_was_booked_is_booked_twice(self):
        none = self.env["account.move"]
        tx = self._pay(none, 100.0, payer=self.mother, therapy_is_prepayment=True)
        tx._set_done()
        refund = tx._create_child_transaction(
            100.0, is_refund=True, base_amount=-100.0, therapy_refund_mode="credit"
        )
        refund._set_done()
        tx._post_process()
        refund._post_process()
        self.assertReconciled(tx.payment_id)
        self.assertReconciled(refund.payment_id)

    # === NEVER TOO MUCH === #

    def test_more_than_was_received_is_refused(self):
        tx = self.paid()
        for amount in (100.01, 0.0, -5.0, float("nan")):
            with self.subTest(amount=amount), self.assertRaises(ValidationError):
                self.give_back(tx, amount)
        self.assertFalse(self.asked)

    def test_refunds_under_way_count_and_failed_ones_do_not(self):
        tx = self.paid()
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_refund_request",
            lambda refund: refund._set_pending(),
        ):
            waiting = self.give_back(tx, 70.0)
        self.assertCents(tx.payment_id.amount_available_for_refund, 30.0)
        with self.assertRaises(ValidationError):
            self.give_back(tx, 40.0)
        waiting._set_error("The bank said no")
        self.env.invalidate_all()
        self.assertCents(tx.payment_id.amount_available_for_refund, 100.0)
        self.give_back(tx, 100.0)
        self.assertReceivable(self.mother, 100.0)

    def test_a_refusal_of_the_processor_changes_nothing(self):
        def refuse(tx):
            raise ValidationError("No such charge")

        tx = self.paid()
        with patch.object(
            self.env.registry["payment.transaction"], "_send_refund_request", refuse
        ):
            refund = self.give_back(tx, 100.0)
        self.assertEqual(refund.state, "error")
        self.assertIn("No such charge", refund.state_message)
        self.assertResidual(self.bill, 0.0)

    def test_a_payment_that_did_not_succeed_cannot_be_given_back(self):
        tx = self._pay(self.bill, 100.0)
        with self.assertRaises(ValidationError):
            self.give_back(tx, 100.0)

    def test_cores_own_refund_obeys_the_same_rules(self):
        tx = self.paid()
        tx.sudo()._refund(60.0)  # sudo: as core's wizard
        self.assertResidual(self.bill, 60.0)
        with self.assertRaises(ValidationError):
            tx.sudo()._refund(60.0)  # sudo: as core's wizard
        tx.sudo()._refund(40.0)  # sudo: as core's wizard
        self.assertResidual(self.bill, 100.0)
        self.assertReceivable(self.mother, 100.0)

    # === STAYS IN THE BOOKS === #

    def test_money_charged_is_not_taken_out_of_the_books_by_hand(self):
        tx = self.paid()
        refund = self.give_back(tx, 40.0)
        for payment in (tx | refund | self.prepaid()).payment_id:
            for button in (
                payment.action_draft,
                payment.action_cancel,
                payment.move_id.button_cancel,
                lambda payment=payment: payment.move_id._reverse_moves(cancel=True),
                lambda payment=payment: payment.move_id._reverse_moves(),
            ):
                with self.subTest(payment=payment.name, button=button):
                    with self.assertRaisesRegex(UserError, "by card"):
                        button()
        self.assertResidual(self.bill, 40.0)
        self.assertCents(self.mother.therapy_credit_amount, 100.0)

    # === BACK IN THE BOOKS === #

    def test_a_refund_that_failed_is_booked_back_on_its_day(self):
        tx = self.paid()
        refund = self.give_back(tx, 100.0)
        with freeze_time("2026-11-20 15:00:00"):
            entry = refund.payment_id._therapy_book_back(
                self.practice._therapy_local_date(), "Card closed", cause="refund_owed"
            )
        self.assertEqual(str(entry.date), "2026-11-20")
        self.assertEqual(refund.payment_id.move_id.state, "posted")
        self.assertResidual(self.bill, 100.0)
        credit = tx.payment_id._therapy_receivable_lines()
        self.assertCents(credit.amount_residual, -100.0)
        self.assertReceivable(self.mother, 0.0)
        self.assertFalse(self.bill._therapy_apply_credits(), "it is to be paid back")

    def test_a_payment_that_came_back_opens_its_bill(self):
        tx = self.paid(60.0)
        entry = tx.payment_id._therapy_book_back(
            self.practice._therapy_local_date(), "Account closed"
        )
        self.assertResidual(self.bill, 100.0)
        self.assertEqual(tx.payment_id.move_id.state, "posted")
        self.assertEqual(tx.payment_id.therapy_return_move_id, entry)
        with self.assertRaises(UserError):
            tx.payment_id._therapy_book_back(entry.date, "Again")
        with self.assertRaises(ValidationError):
            self.give_back(tx, 10.0)

    def test_a_bill_credited_and_then_unpaid_is_settled_with_its_credit_note(self):
        tx = self.paid()
        note = self.bill._reverse_moves()
        note.action_post()
        self.assertResidual(note, 100.0)
        tx.payment_id._therapy_book_back(self._today(), "Account closed")
        self.assertResidual(self.bill, 0.0)
        self.assertResidual(note, 0.0)
        self.assertReceivable(self.mother, 0.0)

    def test_in_a_closed_month_a_return_is_dated_on_the_first_open_day(self):
        tx = self.paid()
        self.practice.fiscalyear_lock_date = "2026-11-30"
        entry = tx.payment_id._therapy_book_back(self._today(), "Account closed")
        self.assertEqual(str(entry.date), "2026-12-01")
