import psycopg2

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestCorrections(TherapyCommon):
    """Rules M2 and M6: core's buttons on bills of sessions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = cls._create_session(cls.kim)

    def setUp(self):
        super().setUp()
        self.bills = self._bill()
        self.bill = self.bills.filtered(lambda bill: bill.partner_id == self.mother)
        self.share = self.bill.session_share_ids

    def test_cancelling_frees_the_session(self):
        self.bill.button_cancel()
        self.assertFalse(self.share.live)
        self.assertEqual(self.session.billing_state, "partial")
        (self.bills - self.bill).button_cancel()
        self.assertEqual(self.session.billing_state, "unbilled")

    def test_a_draft_keeps_the_session(self):
        self.bill.button_draft()
        self.assertTrue(self.share.live)
        self.bill.action_post()
        self.assertEqual(self.session.billing_state, "billed")

    def test_deleting_a_draft_frees_the_session(self):
        self.bill.button_draft()
        self.bill.with_context(force_delete=True).unlink()
        self.assertFalse(self.share.exists())
        self.assertEqual(self.session.billing_state, "partial")

    def test_a_full_credit_note_frees_the_session(self):
        note = self.bill._reverse_moves(cancel=True)
        self.assertEqual(self.bill.voided_by_move_id, note)
        self.assertFalse(self.share.live)
        self.assertEqual(note.patient_id, self.kim)
        self.assertFalse(note.session_share_ids)
        self.assertFalse(note.is_therapy_bill)
        self.assertEqual(self.session.billing_state, "partial")

    def test_a_partial_credit_note_does_not_free_the_session(self):
        note = self.bill._reverse_moves(cancel=False)
        note.invoice_line_ids.price_unit = 20.0
        note.action_post()
        self.assertFalse(self.bill.voided_by_move_id)
        self.assertTrue(self.share.live)

    def test_a_draft_credit_note_does_not_free_the_session(self):
        note = self.bill._reverse_moves(cancel=False)
        self.assertTrue(self.share.live)
        note.action_post()
        self.assertFalse(self.share.live)
        note.button_draft()
        self.assertTrue(self.share.live)

    def test_a_bill_brought_back_collides_with_its_successor(self):
        self.bill.button_cancel()
        successor = self._bill()
        with self.assertRaisesRegex(UserError, successor.name):
            self.bill.button_draft()
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.bill.state = "draft"
            self.env.flush_all()

    def test_a_voided_bill_brought_back_collides_too(self):
        note = self.bill._reverse_moves(cancel=True)
        successor = self._bill()
        with self.assertRaisesRegex(UserError, successor.name):
            note.button_draft()
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            note.state = "draft"
            self.env.flush_all()

    def test_a_cancelled_bill_without_successor_may_come_back(self):
        self.bill.button_cancel()
        self.bill.button_draft()
        self.bill.action_post()
        self.assertTrue(self.share.live)
        self.assertEqual(self.session.billing_state, "billed")

    def _change_session(self, change):
        """Let the session be worth something else than was billed."""
        if change == "waived":
            self.session._set_exempt("waived", "Our fault")
        elif change == "units":
            self.session.line_ids.units = 0.5
        elif change == "shares":
            self.kim.guarantor_ids[0].percent = 60
            self.kim.guarantor_ids[1].percent = 40
        elif change == "nobody":
            self.kim.guarantor_ids.date_to = "2026-11-09"
        else:
            self.session.state = change

    def test_a_cancelled_bill_of_a_session_that_changed_does_not_come_back(self):
        self.bills.button_cancel()
        for change in ("cancelled", "waived", "units", "shares", "nobody"):
            with self.subTest(change=change), self.env.cr.savepoint() as savepoint:
                self._change_session(change)
                with self.assertRaisesRegex(UserError, self.session.name):
                    self.bill.button_draft()
                savepoint.rollback()
        self.bill.button_draft()

    def test_a_credit_note_that_took_a_changed_session_back_stays(self):
        self.bills.is_move_sent = True
        self.bills.action_therapy_retract()
        note = self.bill.voided_by_move_id
        biller = new_test_user(self.env, "bill", groups="therapy_billing.group_biller")
        for change in ("cancelled", "waived", "units"):
            with self.subTest(change=change), self.env.cr.savepoint() as savepoint:
                self._change_session(change)
                for button in ("button_draft", "button_cancel"):
                    with self.assertRaisesRegex(UserError, self.session.name):
                        getattr(note.with_user(biller), button)()
                savepoint.rollback()
        note.with_user(biller).button_draft()
        self.assertTrue(self.share.live)

    def test_a_part_that_still_fits_may_come_back_beside_the_other(self):
        self.bill.button_cancel()
        self.bill.button_draft()
        self.assertEqual(self.session.billing_state, "billed")

    def test_a_bill_of_sessions_is_not_duplicated(self):
        with self.assertRaises(UserError):
            self.bill.copy()
        with self.assertRaises(UserError):
            self._reverse_invoice(self.bill, is_modify=True)

    def _reverse_invoice(self, bill, **kwargs):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id})
        )
        return wizard.modify_moves()

    def test_a_bill_that_was_seen_is_not_changed(self):
        self.bill.is_move_sent = True
        with self.assertRaises(UserError):
            self.bill.button_draft()
        with self.assertRaises(UserError):
            self.bill.button_cancel()

    def test_a_payer_with_a_login_has_seen_the_bill(self):
        new_test_user(
            self.env, "rosa", groups="base.group_portal", partner_id=self.mother.id
        )
        with self.assertRaises(UserError):
            self.bill.button_cancel()

    def test_a_login_that_ended_does_not_unsee_the_bill(self):
        user = new_test_user(
            self.env, "rosa", groups="base.group_portal", partner_id=self.mother.id
        )
        user.active = False
        self.assertTrue(self.bill._therapy_was_seen())
        with self.assertRaises(UserError):
            self.bill.button_cancel()

    def test_a_bill_that_is_being_paid_is_not_changed(self):
        self._pay(self.bill, 10.0)
        for button in (
            self.bill.button_draft,
            self.bill.button_cancel,
            self.bill.action_therapy_retract,
        ):
            with self.assertRaisesRegex(UserError, "under way"):
                button()

    def test_a_paid_bill_is_not_changed(self):
        self._succeed(self._pay(self.bill, 10.0))
        for button in (
            self.bill.button_draft,
            self.bill.button_cancel,
            self.bill.action_therapy_retract,
        ):
            with self.assertRaises(UserError):
                button()

    def test_a_bill_changed_by_hand_is_not_posted(self):
        self.bill.button_draft()
        self.bill.invoice_line_ids.price_unit = 1.0
        with self.assertRaises(UserError):
            self.bill.action_post()

    def test_a_bill_with_another_customer_is_not_posted(self):
        self.bill.button_draft()
        self.bill.partner_id = self.ann
        with self.assertRaises(UserError):
            self.bill.action_post()

    def test_a_bill_with_a_line_more_or_less_is_not_posted(self):
        self.bill.button_draft()
        line = self.bill.invoice_line_ids
        line.copy({"move_id": self.bill.id, "price_unit": 0.0})
        with self.assertRaises(UserError):
            self.bill.action_post()

    def test_taking_back_cancels_what_nobody_saw_and_credits_the_rest(self):
        self.bill.is_move_sent = True
        unseen = self.bills - self.bill
        self.bills[0].therapy_run_id.action_retract()
        self.assertEqual(unseen.state, "cancel")
        self.assertEqual(self.bill.state, "posted")
        self.assertTrue(self.bill.voided_by_move_id)
        self.assertEqual(self.session.billing_state, "unbilled")
        self.assertResidual(self.bill, 0.0)
        again = self._bill()
        self.assertEqual(len(again), 2)
        self.assertCents(sum(again.mapped("amount_total")), 175.25)

    def test_taking_back_in_a_closed_period_is_a_credit_note_on_an_open_day(self):
        self.practice.fiscalyear_lock_date = "2026-11-30"
        self.bill.action_therapy_retract()
        note = self.bill.voided_by_move_id
        self.assertEqual(str(note.date), "2026-12-01")
        self.assertEqual(self.bill.state, "posted")

    def test_money_of_one_payer_is_not_put_on_anothers_bill(self):
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.father.id,
                "amount": 20.0,
                "payment_type": "inbound",
                "partner_type": "customer",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        line = payment.move_id.line_ids.filtered(
            lambda x: x.account_id.account_type == "asset_receivable"
        )
        with self.assertRaises(UserError):
            self.bill.js_assign_outstanding_line(line.id)
        (self.bills - self.bill).js_assign_outstanding_line(line.id)
        self.assertResidual(self.bills - self.bill, 32.57)

    def test_other_invoices_are_as_free_as_in_core(self):
        invoice = self._create_invoice_one_line(
            price_unit=10.0, tax_ids=[], partner_id=self.partner_a.id, post=True
        )
        invoice.is_move_sent = True
        self.assertTrue(invoice.copy())
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(invoice.state, "cancel")
