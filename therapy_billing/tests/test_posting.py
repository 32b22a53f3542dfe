from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyCommon

CORE_LOGGER = "odoo.addons.payment.models.payment_transaction"
POST_LOGGER = "odoo.addons.therapy_billing.models.payment_transaction_post"


@tagged("post_install", "-at_install")
class TestPosting(TherapyCommon):
    """Rules M5 and M12: what was received is booked, once, on the right account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_bill(cls.mother, 100.0)

    def _receivable(self, payment):
        return payment.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def test_a_part_and_then_the_rest(self):
        payment = self._succeed(self._pay(self.bill, 40.0))
        self.assertResidual(self.bill, 60.0)
        self.assertEqual(self.bill.payment_state, "partial")
        self.assertFalse(payment.payment_transaction_id.therapy_allocation_ids.live)
        self._succeed(self._pay(self.bill, 60.0))
        self.assertResidual(self.bill, 0.0)
        self.assertIn(self.bill.payment_state, ("paid", "in_payment"))

    def test_the_payment_is_the_bill_partners_and_names_who_paid(self):
        payment = self._succeed(self._pay(self.bill, 100.0, payer=self.father))
        self.assertEqual(payment.partner_id, self.mother)
        self.assertEqual(payment.paid_by_partner_id, self.father)
        self.assertEqual(payment.move_id.line_ids.partner_id, self.mother)
        self.assertResidual(self.bill, 0.0)

    def test_each_bill_gets_its_part_and_no_other(self):
        older = self._create_bill(self.mother, 80.0, due="2026-11-20")
        payment = self._succeed(
            self._pay(self.bill | older, 80.0, parts=[(self.bill, 50.0), (older, 30.0)])
        )
        self.assertResidual(self.bill, 50.0)
        self.assertResidual(older, 50.0)
        self.assertEqual(len(self._receivable(payment)), 2)
        self.assertTrue(all(self._receivable(payment).mapped("reconciled")))
        self.assertEqual(payment.reconciled_invoice_ids, self.bill | older)

    def test_bills_on_two_receivable_accounts_are_both_settled(self):
        account = self.company_data["default_account_receivable"].copy()
        self.mother.property_account_receivable_id = account
        other = self._create_bill(self.mother, 30.0)
        terms = (self.bill | other).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        self.assertEqual(len(terms.account_id), 2)
        self._succeed(self._pay(self.bill | other, 130.0))
        self.assertResidual(self.bill, 0.0)
        self.assertResidual(other, 0.0)

    def test_the_payment_is_dated_when_charged_in_the_practice(self):
        tx = self._pay(self.bill, 100.0)
        with freeze_time("2026-11-18 03:30:00"):
            tx._set_done()
        with freeze_time("2026-11-19 15:00:00"):
            tx._post_process()
        self.assertEqual(str(tx.charged_at), "2026-11-18 03:30:00")
        self.assertEqual(str(tx.payment_id.date), "2026-11-17")
        self.assertEqual(str(tx.payment_id.move_id.date), "2026-11-17")

    def test_in_a_locked_period_the_first_open_day_is_taken(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_done()
        self.practice.fiscalyear_lock_date = "2026-11-30"
        tx._post_process()
        self.assertEqual(str(tx.payment_id.date), "2026-12-01")
        self.assertEqual(str(tx.payment_id.move_id.date), "2026-12-01")
        self.assertEqual(str(tx.charged_at), "2026-11-16 15:00:00")
        self.assertResidual(self.bill, 0.0)

    def test_posting_again_changes_nothing(self):
        tx = self._pay(self.bill, 100.0)
        self._succeed(tx)
        payments = self.env["account.payment"].search_count([])
        messages = len(self.bill.message_ids)
        tx._post_process()
        tx._cron_post_process()
        self.assertEqual(self.env["account.payment"].search_count([]), payments)
        self.assertEqual(len(self.bill.message_ids), messages)

    def test_a_draft_is_left_alone(self):
        tx = self._pay(self.bill, 100.0)
        tx._post_process()
        tx._cron_post_process()
        self.assertFalse(tx.is_post_processed)
        self.assertFalse(tx.payment_id)

    def test_a_pending_payment_is_posted_when_it_succeeds(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_pending()
        tx._post_process()
        self.assertFalse(tx.payment_id)
        self.assertTrue(tx.therapy_allocation_ids.live)
        self._succeed(tx)
        self.assertResidual(self.bill, 0.0)

    def test_the_cron_posts_however_late(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_done()
        with freeze_time(tx.last_state_change + timedelta(days=40)):
            self.env["payment.transaction"]._cron_post_process()
        self.assertTrue(tx.payment_id)
        self.assertEqual(str(tx.payment_id.date), "2026-11-16")

    def test_the_cron_goes_on_after_a_failure_and_tries_again(self):
        broken = self._pay(self.bill, 100.0)
        other = self._create_bill(self.father, 20.0)
        good = self._pay(other, 20.0)
        (broken | good)._set_done()
        create = type(broken)._create_payment

        def fail(tx, **values):
            if tx == broken:
                raise ValueError("broken for the test")
            return create(tx, **values)

        with (
            patch.object(type(broken), "_create_payment", fail),
            self.assertLogs(POST_LOGGER, "ERROR"),
        ):
            self.env["payment.transaction"]._cron_post_process()
        self.assertTrue(good.payment_id)
        self.assertFalse(broken.payment_id)
        self.assertTrue(broken.therapy_allocation_ids.live)
        self.env["payment.transaction"]._cron_post_process()
        self.assertTrue(broken.payment_id)

    def test_a_late_success_is_accepted_when_the_processor_says_so(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_canceled()
        with mute_logger(CORE_LOGGER):
            tx._set_done()
        self.assertEqual(tx.state, "cancel", "nobody asked the processor")
        tx._set_done(extra_allowed_states=("cancel",))
        tx._post_process()
        self.assertResidual(self.bill, 0.0)
        self.assertTrue(tx.payment_id)

    def test_the_success_of_a_draft_that_was_given_up_is_booked(self):
        first = self._pay(self.bill, 100.0)
        with freeze_time(first.last_state_change + timedelta(minutes=11)):
            second = self._pay(self.bill, 30.0)
        self.assertEqual(first.state, "cancel")
        payment = self._succeed(first)
        self.assertEqual(first.state, "done")
        self.assertResidual(self.bill, 30.0)
        self._succeed(second)
        self.assertResidual(self.bill, 0.0)
        lines = self._receivable(payment).filtered(lambda line: not line.reconciled)
        self.assertCents(sum(lines.mapped("amount_residual")), -30.0)

    def test_a_late_success_takes_nothing_that_others_reserved(self):
        self.practice.therapy_desk_user_id = new_test_user(
            self.env,
            "desk",
            groups="therapy_billing.group_biller",
            company_id=self.practice.id,
            company_ids=[Command.set(self.practice.ids)],
        )
        late = self._pay(self.bill, 100.0)
        late._set_canceled()
        other = self._pay(self.bill, 70.0, payer=self.father)
        late._set_done(extra_allowed_states=("cancel",))
        late._post_process()
        self.assertResidual(self.bill, 70.0)
        credit = self._receivable(late.payment_id).filtered(lambda x: not x.reconciled)
        self.assertCents(credit.amount_residual, -70.0)
        self.assertEqual(credit.partner_id, self.mother)
        told = late.payment_id.activity_ids
        self.assertEqual(told.user_id, self.practice._therapy_get_desk_user())
        self.assertEqual(late.payment_id.therapy_credit_cause, "overpaid")
        self._succeed(other)
        self.assertResidual(self.bill, 0.0)

    def test_money_for_a_bill_paid_otherwise_stays_a_credit(self):
        tx = self._pay(self.bill, 100.0)
        cash = self.env["account.payment"].create(
            {
                "partner_id": self.mother.id,
                "amount": 80.0,
                "payment_type": "inbound",
                "partner_type": "customer",
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        cash.action_post()
        # As an accountant does in the ledger, past every button of a bill.
        terms = self.bill.line_ids.filtered(lambda x: x.display_type == "payment_term")
        (self._receivable(cash) | terms).reconcile()
        payment = self._succeed(tx)
        self.assertResidual(self.bill, 0.0)
        open_lines = self._receivable(payment).filtered(lambda x: not x.reconciled)
        self.assertCents(sum(open_lines.mapped("amount_residual")), -80.0)
        self.assertTrue(payment.activity_ids)

    def test_success_after_an_error_is_booked(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_error("declined")
        tx._post_process()
        self._succeed(tx)
        self.assertResidual(self.bill, 0.0)

    def test_the_memo_can_be_edited_later(self):
        other = self._create_bill(self.mother, 50.0)
        payment = self._succeed(self._pay(self.bill | other, 150.0))
        payment.memo = "another memo"
        self.assertEqual(len(self._receivable(payment)), 2)
        self.assertResidual(other, 0.0)

    def test_the_memo_holds_nothing_but_the_reference(self):
        tx = self._pay(self.bill, 100.0)
        payment = self._succeed(tx)
        self.assertEqual(payment.memo, tx.reference)

    def test_other_invoices_are_booked_on_the_company_as_core_does(self):
        company = self.env["res.partner"].create({"name": "A firm", "is_company": True})
        contacts = self.env["res.partner"].create(
            [{"name": f"Contact {n}", "parent_id": company.id} for n in range(2)]
        )
        invoices = self.env["account.move"]
        for contact in contacts:
            invoices |= self._create_invoice_one_line(
                price_unit=10.0, tax_ids=[], partner_id=contact.id, post=True
            )
        payment = self._succeed(self._pay(invoices, 20.0, payer=contacts[0]))
        self.assertEqual(payment.partner_id, company)
        self.assertEqual(payment.paid_by_partner_id, contacts[0])
        for invoice in invoices:
            self.assertResidual(invoice, 0.0)

    def test_transactions_without_bills_are_posted_as_core_does(self):
        self.reference = "no bill"
        tx = self._create_transaction(
            "direct",
            amount=12.0,
            currency_id=self.usd.id,
            partner_id=self.partner_a.id,
        )
        payment = self._succeed(tx)
        self.assertEqual(payment.partner_id, self.partner_a)
        self.assertCents(payment.amount, 12.0)
