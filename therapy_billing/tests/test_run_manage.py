from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestRunManage(TherapyCommon):
    """What is done with the bills of a run: taken back, moved, printed (M6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = cls._create_session(cls.kim)
        cls.billing_run = cls._create_run()
        cls.billing_run.action_generate()
        cls.bill = cls.billing_run.move_ids.filtered(
            lambda b: b.partner_id == cls.mother
        )
        cls.other = cls.billing_run.move_ids - cls.bill

    def _credit(self, partner, amount):
        """Money on account, for no bill."""
        payment = self.env["account.payment"].create(
            {
                "partner_id": partner.id,
                "amount": amount,
                "payment_type": "inbound",
                "partner_type": "customer",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def test_a_refused_bill_says_why_and_does_not_hold_up_the_others(self):
        self._succeed(self._pay(self.bill, 10.0))
        action = self.billing_run.action_retract()
        self.assertEqual(action["domain"], [("id", "in", self.bill.ids)])
        self.assertEqual(self.bill.state, "posted")
        self.assertIn("10.00", self.bill.therapy_retract_refusal)
        self.assertEqual(self.other.state, "cancel")
        self.assertEqual(self.session.billing_state, "partial")

    def test_a_run_says_how_many_of_its_bills_still_count(self):
        self.assertEqual(self.billing_run.live_bill_count, 2)
        self._succeed(self._pay(self.bill, 10.0))
        self.billing_run.action_retract()
        self.assertEqual(self.billing_run.live_bill_count, 1)
        self.assertEqual(self.billing_run.bill_count, 2)

    def test_money_on_its_way_is_a_reason_too(self):
        self._pay(self.bill, 10.0)
        self.billing_run.action_retract()
        self.assertIn("under way", self.bill.therapy_retract_refusal)
        self.assertEqual(self.other.state, "cancel")

    def test_money_registered_on_the_bill_by_hand_was_received(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.bill.ids
        ).create({"amount": 20.0})._create_payments()
        with self.assertRaisesRegex(UserError, "20.00"):
            self.bill.action_therapy_retract()

    def test_credits_that_were_used_go_back_to_the_payer(self):
        line = self._credit(self.mother, 50.0)
        self.bill.js_assign_outstanding_line(line.id)
        self.assertResidual(self.bill, 72.68)
        self.bill.action_therapy_retract()
        self.assertEqual(self.bill.state, "cancel")
        self.assertCents(line.amount_residual, -50.0)
        self.assertFalse(line.reconciled)

    def test_credits_go_back_when_a_seen_bill_is_credited(self):
        line = self._credit(self.mother, 50.0)
        self.bill.js_assign_outstanding_line(line.id)
        self.bill.is_move_sent = True
        self.bill.action_therapy_retract()
        self.assertTrue(self.bill.voided_by_move_id)
        self.assertResidual(self.bill, 0.0)
        self.assertCents(line.amount_residual, -50.0)

    def test_a_goodwill_credit_note_is_a_credit_but_a_correction_is_not(self):
        note = self._create_bill(self.mother, 30.0, move_type="out_refund")
        line = note.line_ids.filtered(
            lambda x: x.account_id.account_type == "asset_receivable"
        )
        self.bill.js_assign_outstanding_line(line.id)
        self.bill.action_therapy_retract()
        self.assertResidual(note, 30.0)
        correction = self.other._reverse_moves(cancel=False)
        correction.invoice_line_ids.price_unit = 20.0
        correction.action_post()
        (correction | self.other).line_ids.filtered(
            lambda x: x.account_id.account_type == "asset_receivable"
        ).reconcile()
        with self.assertRaisesRegex(UserError, "corrected"):
            self.other.action_therapy_retract()

    def test_all_bills_taken_back_is_said_so_and_the_sessions_are_free(self):
        action = self.billing_run.action_retract()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(self.session.billing_state, "unbilled")

    def test_due_dates_are_moved_together_and_old_and_new_are_noted(self):
        action = self.billing_run.action_due_dates()
        wizard = (
            self.env["therapy.due.date.wizard"]
            .with_context(**action["context"])
            .create({"invoice_date_due": "2027-01-15"})
        )
        self.assertEqual(wizard.open_count, 2)
        wizard.action_apply()
        for bill in self.billing_run.move_ids:
            self.assertEqual(str(bill.invoice_date_due), "2027-01-15")
            maturity = bill._therapy_get_receivable_lines().date_maturity
            self.assertEqual(str(maturity), "2027-01-15")
            body = bill.message_ids[0].body
            self.assertIn("12/16/2026", body)
            self.assertIn("01/15/2027", body)

    def test_due_dates_of_bills_that_are_settled_stay(self):
        self.other.button_cancel()
        wizard = self.env["therapy.due.date.wizard"].create(
            {
                "move_ids": [(6, 0, self.billing_run.move_ids.ids)],
                "invoice_date_due": "2027-01-15",
            }
        )
        self.assertEqual((wizard.open_count, wizard.left_out_count), (1, 1))
        wizard.action_apply()
        self.assertEqual(str(self.other.invoice_date_due), "2026-12-16")
        wizard.invoice_date_due = "2026-01-01"
        with self.assertRaisesRegex(UserError, self.bill.name):
            wizard.action_apply()

    def test_the_run_prints_the_bills_that_count(self):
        self.other.button_cancel()
        action = self.billing_run.action_print()
        self.assertEqual(action["context"]["active_ids"], self.bill.ids)
        self.bill.button_cancel()
        with self.assertRaises(UserError):
            self.billing_run.action_print()

    def test_sending_is_another_module_s(self):
        """Checked without it here; the portal's tests check it with it."""
        move = self.env.registry["account.move"]
        self.patch(move, "_therapy_can_send", lambda bills: False)
        self.patch(move, "_therapy_send_action", lambda bills: False)
        self.assertFalse(self.billing_run.can_send)
        with self.assertRaisesRegex(UserError, "No module"):
            self.billing_run.action_send()

    def test_bills_are_sent_again_with_their_new_due_date(self):
        sent = []
        move = self.env.registry["account.move"]
        self.patch(move, "_therapy_can_send", lambda bills: True)
        self.patch(
            move,
            "_therapy_send_action",
            lambda bills: sent.append(bills) or {"type": "ir.actions.act_window"},
        )
        wizard = self.env["therapy.due.date.wizard"].create(
            {
                "move_ids": self.billing_run.move_ids.ids,
                "invoice_date_due": "2026-12-31",
                "send_again": True,
            }
        )
        self.assertTrue(wizard.can_send)
        self.assertEqual(wizard.action_apply()["type"], "ir.actions.act_window")
        self.assertEqual(sent, [self.bill | self.other])
        self.assertEqual(str(self.bill.invoice_date_due), "2026-12-31")
        self.billing_run.action_send()
        self.assertEqual(sent[1], self.bill | self.other)

    def test_there_is_nothing_to_send_when_all_is_paid(self):
        for bill in self.billing_run.move_ids:
            self._succeed(self._pay(bill, bill.amount_residual))
        with self.assertRaisesRegex(UserError, "no open bill"):
            self.billing_run.action_send()
