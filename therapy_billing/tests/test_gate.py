from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestGate(TherapyCommon):
    """Rule M3: 0 < amount <= residual - live allocations, at every entry."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_bill(cls.mother, 100.0)

    def _payable(self, bill=None):
        return (bill or self.bill)._therapy_get_payable_amount()

    def assertRefused(self, text, *args, **kwargs):
        count = self.env["payment.transaction"].search_count([])
        with self.assertRaisesRegex(ValidationError, text):
            self._pay(*args, **kwargs)
        self.assertEqual(self.env["payment.transaction"].search_count([]), count)

    def test_a_try_reserves_its_amount(self):
        tx = self._pay(self.bill, 40.0)
        allocation = tx.therapy_allocation_ids
        self.assertEqual(allocation.move_id, self.bill)
        self.assertEqual(allocation.partner_id, self.mother)
        self.assertTrue(allocation.live)
        self.assertCents(allocation.amount, 40.0)
        self.assertCents(tx.base_amount, 40.0)
        self.assertEqual(tx.paid_by_id, self.mother)
        self.assertCents(self._payable(), 60.0)

    def test_amounts_that_are_no_amounts_are_refused(self):
        for amount in (0.0, -1.0, float("nan"), float("inf")):
            self.assertRefused("more than zero", self.bill, amount)
        self.assertRefused("decimals", self.bill, 10.005)
        self.assertRefused("At most", self.bill, 100.01)

    def test_two_payers_may_pay_their_parts_at_once_but_no_more_than_the_bill(self):
        self._pay(self.bill, 40.0)
        self.assertRefused("At most .*60.00", self.bill, 60.01, payer=self.father)
        self._pay(self.bill, 60.0, payer=self.father)
        self.assertCents(self._payable(), 0.0)
        third = self.env["res.partner"].create({"name": "Third"})
        self.assertRefused("is being processed", self.bill, 1.0, payer=third)

    def test_one_payer_has_one_try_at_a_time(self):
        self._pay(self.bill, 10.0)
        self.assertRefused("not finished", self.bill, 10.0)

    def test_the_database_refuses_a_second_live_allocation_of_a_payer(self):
        tx = self._pay(self.bill, 10.0)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            tx.therapy_allocation_ids.copy()

    def test_a_pending_try_keeps_its_part(self):
        tx = self._pay(self.bill, 40.0)
        tx._set_pending()
        with freeze_time("2026-11-20 15:00:00"):
            self.assertRefused("not finished", self.bill, 10.0)
        self.assertCents(self._payable(), 60.0)

    def test_a_declined_try_gives_its_part_back(self):
        for result in ("_set_error", "_set_canceled"):
            tx = self._pay(self.bill, 100.0)
            getattr(tx, result)("no")
            self.assertFalse(tx.therapy_allocation_ids.live)
            self.assertCents(self._payable(), 100.0)

    def test_a_draft_left_behind_is_given_up_after_ten_minutes(self):
        first = self._pay(self.bill, 100.0)
        with freeze_time(first.last_state_change + timedelta(minutes=9)):
            self.assertRefused("not finished", self.bill, 100.0)
        with freeze_time(first.last_state_change + timedelta(minutes=11)):
            second = self._pay(self.bill, 100.0)
        self.assertEqual(first.state, "cancel")
        self.assertTrue(second.therapy_allocation_ids.live)

    def test_a_draft_of_somebody_else_is_given_up_when_its_amount_is_needed(self):
        first = self._pay(self.bill, 100.0)
        with freeze_time(first.last_state_change + timedelta(minutes=11)):
            self._pay(self.bill, 100.0, payer=self.father)
        self.assertEqual(first.state, "cancel")

    def test_a_draft_that_a_processor_was_asked_about_is_kept_for_a_day(self):
        first = self._pay(self.bill, 100.0)
        first.sent_at = first.last_state_change
        with freeze_time(first.last_state_change + timedelta(hours=23)):
            self.assertRefused("not finished", self.bill, 100.0)
        self.assertEqual(first.state, "draft")
        with freeze_time(first.last_state_change + timedelta(hours=25)):
            self._pay(self.bill, 100.0)
        self.assertEqual(first.state, "cancel")

    def test_bills_that_are_not_open_are_refused(self):
        draft = self._create_invoice_one_line(
            price_unit=10.0, tax_ids=[], partner_id=self.mother.id
        )
        self.assertRefused("not open", draft, 10.0)
        self.assertCents(self._payable(draft), 0.0)
        self._succeed(self._pay(self.bill, 100.0))
        self.assertRefused("paid already", self.bill, 1.0)
        voided = self._create_bill(self.mother, 50.0)
        voided._reverse_moves(cancel=False).action_post()
        self.assertRefused("not open", voided, 10.0)
        self.assertCents(self._payable(voided), 0.0)

    def test_a_disputed_bill_is_refused(self):
        self.bill.action_toggle_block_payment()
        self.assertRefused("not open", self.bill, 10.0)

    def test_insurers_do_not_pay_here(self):
        claim = self._create_bill(self.insurer, 50.0)
        self.assertRefused("cannot be paid this way", claim, 50.0)

    def test_another_currency_or_company_is_refused(self):
        text = "cannot be paid this way"
        euro = self.currency_euro
        self.assertRefused(text, self.bill, 10.0, currency_id=euro.id)
        other = self.env["res.company"].create({"name": "Other practice"})
        provider = self.provider.copy({"company_id": other.id})
        self.assertRefused(text, self.bill, 10.0, provider_id=provider.id)

    def test_supplier_bills_and_credit_notes_are_not_paid_with_customer_bills(self):
        note = self.bill._reverse_moves(cancel=False)
        self.assertRefused("cannot be paid this way", self.bill | note, 10.0)

    def test_bills_of_different_people_are_not_paid_at_once(self):
        other = self._create_bill(self.father, 50.0)
        self.assertRefused("different people", self.bill | other, 10.0)

    def test_several_bills_are_paid_oldest_due_first(self):
        older = self._create_bill(self.mother, 30.0, due="2026-12-01")
        tx = self._pay(self.bill | older, 50.0)
        amounts = {a.move_id: a.amount for a in tx.therapy_allocation_ids}
        self.assertCents(amounts[older], 30.0)
        self.assertCents(amounts[self.bill], 20.0)

    def test_the_payer_may_say_what_goes_where(self):
        other = self._create_bill(self.mother, 80.0, due="2026-12-01")
        tx = self._pay(
            self.bill | other, 80.0, parts=[(self.bill, 50.0), (other, 30.0)]
        )
        amounts = {a.move_id: a.amount for a in tx.therapy_allocation_ids}
        self.assertCents(amounts[self.bill], 50.0)
        self.assertCents(amounts[other], 30.0)
        self.assertEqual(tx.invoice_ids, self.bill | other)

    def test_parts_may_be_given_as_commands(self):
        vals = {"move_id": self.bill.id, "amount": 25.0}
        tx = self._pay(self.bill, 25.0, therapy_allocation_ids=[Command.create(vals)])
        self.assertCents(tx.therapy_allocation_ids.amount, 25.0)
        self.assertEqual(tx.therapy_allocation_ids.partner_id, self.mother)

    def test_parts_that_do_not_fit_are_refused(self):
        other = self._create_bill(self.mother, 80.0)
        both = self.bill | other
        self.assertRefused(
            "do not add up", both, 50.0, parts=[(self.bill, 50.0), (other, 30.0)]
        )
        self.assertRefused(
            "At most .*80.00", both, 131.0, parts=[(self.bill, 50.0), (other, 81.0)]
        )
        self.assertRefused(
            "more than zero", both, 50.0, parts=[(self.bill, 60.0), (other, -10.0)]
        )
        self.assertRefused(
            "this way", self.bill, 50.0, parts=[(self.bill, 25.0), (self.bill, 25.0)]
        )

    def test_refunds_validations_and_children_reserve_nothing(self):
        tx = self._pay(self.bill, 100.0)
        tx._set_done()
        child = tx._create_child_transaction(10.0, is_refund=True)
        self.assertFalse(child.therapy_allocation_ids)
        self.reference = "validation"
        validation = self._create_transaction(
            "direct", operation="validation", amount=0.0, currency_id=self.usd.id
        )
        self.assertFalse(validation.therapy_allocation_ids)

    def test_other_invoices_of_the_company_obey_too(self):
        invoice = self._create_invoice_one_line(
            price_unit=10.0, tax_ids=[], partner_id=self.partner_a.id, post=True
        )
        self.assertRefused("At most", invoice, 11.0)
        self._pay(invoice, 10.0)

    # === CORE'S OWN DIALOG === #

    def _register(self, bills, **vals):
        Register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bills.ids
        )
        return Register.create(vals)._create_payments()

    def test_cores_dialog_leaves_what_is_under_way(self):
        self._pay(self.bill, 70.0)._set_pending()
        other = self._create_bill(self.mother, 50.0)
        for bills, vals in (
            (self.bill, {}),
            (self.bill, {"amount": 30.01}),
            (self.bill | other, {"group_payment": True}),
            (self.bill | other, {"group_payment": False}),
        ):
            with self.subTest(bills=bills, vals=vals):
                with self.assertRaisesRegex(UserError, "70.00 is under way"):
                    self._register(bills, **vals)
        self._register(self.bill, amount=30.0)
        self.assertResidual(self.bill, 70.0)
        self._register(other)
        self.assertResidual(other, 0.0)

    def test_cores_dialog_takes_more_where_nothing_is_under_way(self):
        self._pay(self.bill, 70.0)._set_canceled()
        self._register(self.bill, amount=130.0)
        self.assertResidual(self.bill, 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 30.0)

    def test_the_least_amount_of_the_provider_is_kept(self):
        provider_class = self.env.registry["payment.provider"]
        with patch.object(provider_class, "_therapy_get_minimum", lambda *args: 0.5):
            self.assertRefused("At least", self.bill, 0.49)
            self.assertRefused("would be left", self.bill, 99.6)
            self._pay(self.bill, 99.5)

    def test_a_uuid_is_given_once_to_each_try(self):
        first = self._pay(self.bill, 10.0)
        second = self._pay(self.bill, 10.0, payer=self.father)
        self.assertNotEqual(first.uuid, second.uuid)
        self.assertEqual(len(first.uuid), 36)
