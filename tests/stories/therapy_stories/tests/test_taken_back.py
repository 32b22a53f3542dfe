from odoo.tests import tagged

from .common import MOTHERS, Story

CENTS = round(MOTHERS * 100)


@tagged("post_install", "-at_install")
class TestTakenBack(Story):
    """A bill turns out to be wrong, before or after somebody paid it.

    Nothing is erased: what was paid stays in the books, a credit note takes the bill
    back, and its sessions can be billed anew.
    """

    def setUp(self):
        super().setUp()
        self.add_card(self.mother)

    def press(self, method, bill):
        return self.desk.model("account.move", method, bill.ids)

    def credit(self, bill, amount=None):
        """Make a credit note with core's dialog; post it."""
        dialog = "account.move.reversal"
        context = {"active_model": "account.move", "active_ids": bill.ids}
        [number] = self.desk.model(
            dialog,
            "create",
            [{"journal_id": bill.journal_id.id, "reason": "Wrong date"}],
            context=context,
        )
        self.desk.model(dialog, "refund_moves", [number], context=context)
        note = bill.reversal_move_ids.filtered(lambda move: move.state == "draft")
        note.ensure_one()
        if amount:
            note.invoice_line_ids[1:].unlink()
            note.invoice_line_ids.write({"quantity": 1, "price_unit": amount})
        self.press("action_post", note)
        self.assertEqual(note.state, "posted")
        return note

    def bill_again(self):
        return self.run_billing("2026-01-01", "2026-01-31")

    def test_a_paid_bill_cannot_be_taken_back_or_changed(self):
        self.charge(self.mothers)
        for method in (
            "action_therapy_retract",
            "button_draft",
            "button_cancel",
            "copy",
        ):
            self.desk.refusal(self.press, method, self.mothers)
        self.assertEqual(self.mothers.state, "posted")
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_a_bill_somebody_saw_is_taken_back_with_a_credit_note(self):
        self.press("action_therapy_retract", self.mothers)
        note = self.mothers.reversal_move_ids.ensure_one()
        self.assertEqual((self.mothers.state, note.state), ("posted", "posted"))
        self.assertDue(self.mothers, 0)
        self.assertBooks()
        again = self.bill_again()
        self.assertEqual(again.partner_id, self.mother)
        self.assertDue(again, MOTHERS)
        self.assertBooks()
        self.charge(again)
        self.assertDue(again, 0)
        self.assertBooks()

    def test_a_bill_nobody_saw_is_cancelled_and_billed_anew(self):
        claim = self.bills.filtered("claim_session_id").ensure_one()
        self.press("action_therapy_retract", claim)
        self.assertEqual(claim.state, "cancel")
        self.assertFalse(claim.reversal_move_ids)
        again = self.bill_again()
        self.assertDue(again, claim.amount_total)
        self.assertBooks()

    def test_a_credit_note_after_payment_is_the_payers_credit(self):
        self.charge(self.mothers)
        note = self.credit(self.mothers)
        self.assertDue(note, MOTHERS)
        self.assertBooks()
        again = self.bill_again()
        self.assertDue(again, MOTHERS)
        self.assertEqual(
            {*again.session_share_ids.session_line_id},
            {*self.mothers.session_share_ids.session_line_id},
        )
        self.assertBooks()
        line = note.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        fathers = self.fathers
        self.desk.refusal(
            self.desk.model,
            "account.move",
            "js_assign_outstanding_line",
            fathers.ids,
            line.id,
        )
        self.desk.model(
            "account.move", "js_assign_outstanding_line", again.ids, line.id
        )
        self.assertDue(again, 0)
        self.assertDue(note, 0)
        self.assertEqual(self.sandbox.captured(), CENTS)
        self.assertBooks()

    def test_a_credit_note_on_a_part_leaves_the_rest_to_pay(self):
        self.charge(self.mothers, amount=100.0)
        self.credit(self.mothers, 50.0)
        self.assertDue(self.mothers, MOTHERS - 150)
        self.desk.refusal(self.charge, self.mothers, amount=MOTHERS - 149)
        self.charge(self.mothers)
        self.assertDue(self.mothers, 0)
        self.assertEqual(self.sandbox.captured(), CENTS - 5000)
        self.assertBooks()
        self.desk.refusal(self.bill_again)

    def test_a_bill_being_paid_is_not_taken_back(self):
        ada = self.open_browser("ada@example.com")
        url = f"/my/therapy/bill/{self.mothers.id}/pay?amount={MOTHERS}0"
        started = ada.open_form(url).submit()
        words = self.desk.refusal(self.press, "action_therapy_retract", self.mothers)
        self.assertIn("under way", words)
        ada.confirm(started)
        self.assertDue(self.mothers, 0)
        self.assertBooks()

    def test_money_that_comes_after_the_credit_note_is_a_credit(self):
        ada = self.open_browser("ada@example.com")
        url = f"/my/therapy/bill/{self.mothers.id}/pay?amount={MOTHERS}0"
        started = ada.open_form(url).submit()
        self.credit(self.mothers)
        self.assertDue(self.mothers, 0)
        ada.confirm(started)
        payment = self.find_transaction(started).payment_id
        self.assertEqual(payment.partner_id, self.mother)
        self.assertIn("Unapplied", payment.activity_ids.summary)
        self.assertEqual(self.sandbox.captured(), CENTS)
        self.assertBooks(unapplied=CENTS)

    def test_money_given_back_on_the_card_is_booked(self):
        self.charge(self.mothers)
        note = self.credit(self.mothers)
        payment = self.mothers.transaction_ids.payment_id
        wizard = self.env["payment.refund.wizard"].create(
            {"payment_id": payment.id, "amount_to_refund": MOTHERS}
        )
        wizard.action_refund()
        self.env["payment.transaction"]._cron_post_process()
        refund = payment.refunds_count and self.env["account.payment"].search(
            [("source_payment_id", "=", payment.id)]
        )
        self.assertEqual(refund.payment_type, "outbound")
        self.assertEqual(refund.date, self._today())
        # The bill, open again, and the credit note that took it back settle each other.
        self.assertDue(note, 0)
        self.assertDue(self.mothers, 0)
        self.assertBooks()
