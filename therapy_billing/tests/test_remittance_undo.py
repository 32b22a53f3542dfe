from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from odoo.addons.therapy_billing.tests.common import NOW
from odoo.addons.therapy_billing.tests.test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceUndo(RemittanceCommon):
    """A remittance is undone as a whole, or not at all."""

    def _get_state(self, session):
        """Return what undoing must bring back, all of it read from the ledger."""
        company = self.practice
        return {
            "insurer": self._receivable(self.insurer),
            "ann": self._receivable(self.ann),
            "contractual": self._balance(company._therapy_get_account("contractual")),
            "clearing": self._balance(company._therapy_get_account("eft")),
            "claims": sum(self._claims(session).mapped("amount_residual")),
            "shares": self._live(session),
            "state": (session.billing_state, session.patient_share_state),
        }

    def assertUndone(self, session, before):
        after = self._get_state(session)
        for key, value in before.items():
            if isinstance(value, float):
                self.assertCents(after[key], value)
            else:
                self.assertEqual(after[key], value, key)

    def test_undoing_brings_everything_back(self):
        session = self._bill_ann()
        before = self._get_state(session)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        remittance.action_undo("Wrong insurer")
        self.assertUndone(session, before)
        self.assertEqual(remittance.state, "undone")
        self.assertTrue(remittance.payment_id.therapy_return_move_id)
        self.assertEqual(remittance.payment_id.move_id.state, "posted")

    def test_undoing_an_overage_takes_the_credit_off_the_bill(self):
        session = self._bill_ann()
        before = self._get_state(session)
        bill = session.share_ids.move_id.filtered(lambda x: x.partner_id == self.ann)
        remittance = self._post(self._answer(session, 110.0, 55.25, 10.0))
        self.assertResidual(bill, 10.0)
        remittance.action_undo()
        self.assertUndone(session, before)
        self.assertResidual(bill, 30.0)

    def test_undoing_lets_a_claim_on_receipt_wait_again(self):
        self.coverage.billing_policy = "on_receipt"
        session = self._bill_ann()
        before = self._get_state(session)
        self.assertEqual(before["state"], ("waiting", "estimated"))
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertEqual(session.billing_state, "billed")
        self.assertResidual(self._claims(session), 0)
        remittance.action_undo()
        before["claims"] = 0.0
        self.assertUndone(session, before)
        self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertEqual(session.patient_share_state, "final")
        self.assertCents(self._receivable(self.insurer), 0)

    def test_after_undoing_the_same_trace_number_can_be_entered(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        remittance.action_undo()
        again = self._post(
            self._answer(session, 110.0, 55.25, 10.0), trace=remittance.trace
        )
        self.assertEqual(again.state, "posted")
        self.assertCents(self._receivable(self.ann), 10.0)

    def test_a_paid_supplement_forbids_undoing(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        method = self.practice._therapy_get_receipt_methods()[:1]
        self.env["account.payment"]._therapy_record(
            self.ann, 2.0, method, self._today(), bill=supplement
        )
        with self.assertRaisesRegex(UserError, "Ann Ober has paid"):
            remittance.action_undo()
        self.assertEqual(remittance.state, "posted")

    def test_a_supplement_that_is_being_paid_forbids_undoing(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        self._pay(supplement, 5.0)
        with self.assertRaisesRegex(UserError, "is paying"):
            remittance.action_undo()

    def test_a_later_answer_is_undone_first(self):
        session = self._bill_ann()
        first = self._post(self._answer(session, 85.0, 55.25, 35.0))
        second = self._post(
            self._answer(session, -85.0, -55.25, -35.0, charge=-175.25),
            self._answer(session, 95.0, 45.25, 35.0),
        )
        with self.assertRaisesRegex(UserError, second.name):
            first.action_undo()
        second.action_undo()
        self.assertCents(self._receivable(self.ann), 35.0)
        self.assertResidual(self._claims(session)[:1], 0)
        first.action_undo()
        self.assertEqual(session.patient_share_state, "estimated")

    def test_single_entries_cannot_be_taken_out(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        for move in remittance.move_ids:
            for action in ("button_draft", "button_cancel"):
                with self.assertRaisesRegex(UserError, remittance.name):
                    getattr(move, action)()
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        with self.assertRaisesRegex(UserError, remittance.name):
            supplement.action_therapy_retract()
        with self.assertRaisesRegex(UserError, "in the books"):
            remittance.amount = 90.0

    def _reverse(self, move):
        """Press core's button: Credit Note, or Reverse Entry."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": self._today()})
        )
        wizard.refund_moves()
        notes = wizard.new_move_ids
        notes.filtered(lambda note: note.state == "draft").action_post()
        return notes

    def test_single_entries_cannot_be_reversed(self):
        session = self._bill_ann()
        before = self._get_state(session)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.assertEqual(len(remittance.move_ids), 3)
        for move in remittance.move_ids:
            with self.assertRaisesRegex(UserError, remittance.name):
                self._reverse(move)
        remittance.action_undo()
        self.assertUndone(session, before)

    def test_what_was_credited_earlier_is_not_credited_again(self):
        session = self._bill_ann()
        before = self._get_state(session)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        supplement = remittance.move_ids.filtered(lambda x: x.partner_id == self.ann)
        Move = self.env.registry["account.move"]
        with patch.object(Move, "_therapy_check_remittance", lambda self: None):
            self._reverse(supplement)
        self.assertTrue(supplement.voided_by_move_id)
        remittance.action_undo()
        self.assertUndone(session, before)

    def test_the_money_cannot_be_moved_or_returned_without_the_remittance(self):
        remittance = self._post(self._answer(self._bill_ann(), 85.0, 55.25, 35.0))
        payment = remittance.payment_id
        with self.assertRaisesRegex(UserError, remittance.name):
            payment._therapy_move_to(self.mother, "Wrong payer")
        with self.assertRaisesRegex(UserError, remittance.name):
            payment._therapy_return(self._today(), "Stopped")

    def test_a_remittance_in_a_closed_period_is_undone_on_an_open_day(self):
        session = self._bill_ann()
        before = self._get_state(session)
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        self.practice.fiscalyear_lock_date = "2026-11-15"
        remittance.action_undo()
        self.assertUndone(session, before)
        undone = remittance.move_ids.filtered("reversed_entry_id")
        self.assertEqual(set(map(str, undone.mapped("date"))), {"2026-11-16"})

    def test_money_that_was_deposited_forbids_undoing(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        clearing = self.practice._therapy_get_account("eft")
        other = self.company_data["default_account_assets"]
        deposit = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": "2026-11-16",
                "line_ids": [
                    Command.create({"account_id": clearing.id, "credit": 85.0}),
                    Command.create({"account_id": other.id, "debit": 85.0}),
                ],
            }
        )
        deposit.action_post()
        lines = remittance.payment_id.move_id.line_ids | deposit.line_ids
        lines.filtered(lambda line: line.account_id == clearing).reconcile()
        with self.assertRaisesRegex(UserError, "deposited"):
            remittance.action_undo()

    def test_a_credit_that_was_passed_on_forbids_undoing(self):
        session = self._bill_ann()
        bill = session.share_ids.move_id.filtered(lambda x: x.partner_id == self.ann)
        method = self.practice._therapy_get_receipt_methods()[:1]
        self.env["account.payment"]._therapy_record(
            self.ann, 30.0, method, self._today(), bill=bill
        )
        remittance = self._post(self._answer(session, 110.0, 55.25, 10.0))
        self.env["account.move"]._therapy_transfer_credit(
            self.ann, self.mother, 20.0, "Ann by phone"
        )
        with self.assertRaisesRegex(UserError, "used or paid back"):
            remittance.action_undo()
