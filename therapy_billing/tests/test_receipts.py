from datetime import date

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.therapy_billing.tools.card_numbers import has_card_number

from .common import NOW, TherapyCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestReceipts(TherapyCommon):
    """Money that the practice takes itself, and its corrections."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_bill(cls.mother, 100.0)
        methods = cls.practice._therapy_get_receipt_methods()
        cls.methods = {method.therapy_kind: method for method in methods}

    def _record(self, amount, kind="check", bill=None, reference="1042", **vals):
        """Fill in the wizard as a biller would; return the payment."""
        bill = self.bill if bill is None else bill
        before = self.env["account.payment"].search([])
        Wizard = self.env["therapy.payment.wizard"].with_context(
            active_model="account.move", active_id=bill.id
        )
        wizard = Wizard.create(
            {
                "amount": amount,
                "method_line_id": self.methods[kind].id,
                "reference": reference,
                **vals,
            }
        )
        self.wizard = wizard
        wizard.action_record()
        return self.env["account.payment"].search([]) - before

    def _account(self, payment):
        return payment.move_id.line_ids.filtered("debit").account_id

    # === RECORDING === #

    def test_a_check_waits_on_the_account_of_undeposited_checks(self):
        payment = self._record(60.0, note="from the mother")
        self.assertResidual(self.bill, 40.0)
        account = self._account(payment)
        self.assertEqual(account, self.practice.therapy_account_undeposited_id)
        self.assertEqual(account.account_type, "asset_current")
        self.assertTrue(account.reconcile)
        self.assertEqual(payment.therapy_reference, "1042")
        self.assertEqual(payment.therapy_note, "from the mother")
        self.assertEqual(payment.paid_by_partner_id, self.mother)
        self.assertFalse(payment.payment_transaction_id)

    def test_each_kind_has_its_account_and_cash_is_cash(self):
        types = {}
        for kind in ("cash", "check", "terminal", "other"):
            payment = self._record(10.0, kind)
            types[kind] = self._account(payment).account_type
        self.assertEqual(types.pop("cash"), "asset_cash")
        self.assertEqual(set(types.values()), {"asset_current"})
        for method in self.practice._therapy_get_receipt_methods():
            self.assertTrue(method.payment_account_id, method.name)
        self.assertResidual(self.bill, 60.0)

    def test_a_reference_is_asked_for_except_for_cash(self):
        for kind in ("check", "terminal", "other"):
            with self.assertRaises(UserError):
                self._record(10.0, kind, reference=" ")
        self.assertTrue(self._record(10.0, "cash", reference=False))

    def test_no_more_than_is_open_less_what_is_reserved(self):
        self._pay(self.bill, 70.0, payer=self.father)
        with self.assertRaisesRegex(ValidationError, "30.00"):
            self._record(30.01)
        for amount in (0.0, -5.0):
            with self.assertRaises(ValidationError):
                self._record(amount)
        self._record(30.0)
        self.assertCents(self.bill._therapy_get_payable_amount(), 0.0)

    def test_the_wizard_proposes_what_may_be_paid(self):
        self._pay(self.bill, 70.0, payer=self.father)
        Wizard = self.env["therapy.payment.wizard"].with_context(
            active_model="account.move", active_id=self.bill.id
        )
        values = Wizard.default_get(["amount", "partner_id"])
        self.assertCents(values["amount"], 30.0)
        self.assertEqual(values["partner_id"], self.mother.id)

    def test_the_same_payer_amount_and_day_warns(self):
        self._record(25.0)
        wizard = self.wizard.copy()
        self.assertIn("same payment", wizard.duplicate_warning)
        wizard.amount = 25.01
        self.assertFalse(wizard.duplicate_warning)

    def test_a_day_to_come_is_refused_and_a_closed_one_moved(self):
        with self.assertRaises(ValidationError):
            self._record(10.0, date="2026-11-17")
        self.practice.fiscalyear_lock_date = "2026-11-10"
        payment = self._record(10.0, date="2026-11-05")
        self.assertEqual(payment.date, date(2026, 11, 11))
        self.assertEqual(payment.move_id.date, date(2026, 11, 11))

    def test_a_card_number_is_not_written_down(self):
        for field in ("reference", "note"):
            with self.assertRaises(ValidationError):
                self._record(10.0, **{field: "visa 4242 4242 4242 4242"})

    def test_a_payment_service_may_number_its_payments_like_cards(self):
        number = "3812345678901234569"
        self.assertTrue(has_card_number(number))
        payment = self._record(10.0, "other", reference=number)
        self.assertEqual(payment.therapy_reference, number)

    def test_a_bill_that_is_paid_or_not_open_takes_nothing(self):
        self._record(100.0)
        with self.assertRaises(ValidationError):
            self._record(1.0)

    # === WRONG PAYER OR BILL, RETURNED === #

    def _correct(self, payment, **vals):
        Wizard = self.env["therapy.payment.correction.wizard"].with_context(
            active_model="account.payment", active_id=payment.id
        )
        Wizard.create({"reason": "Wrong one", **vals}).action_correct()

    def test_a_payment_moves_to_another_bill_of_the_payer(self):
        payment = self._record(60.0)
        other = self._create_bill(self.mother, 50.0)
        self._correct(payment, move_id=other.id)
        self.assertResidual(self.bill, 100.0)
        self.assertResidual(other, 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 10.0)
        self.assertIn("Wrong one", payment.message_ids[0].body)

    def test_a_payment_moves_to_another_payer_by_a_new_entry(self):
        payment = self._record(60.0)
        before = payment.move_id.line_ids.mapped("balance")
        bill = self._create_bill(self.father, 80.0)
        self._correct(payment, partner_id=self.father.id, move_id=bill.id)
        self.assertResidual(self.bill, 100.0)
        self.assertResidual(bill, 20.0)
        self.assertEqual(payment.move_id.line_ids.mapped("balance"), before)
        self.assertEqual(payment.partner_id, self.mother)
        for payer, balance in ((self.mother, 100.0), (self.father, 20.0)):
            lines = self.env["account.move.line"].search(
                [
                    ("partner_id", "=", payer.id),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                ]
            )
            self.assertCents(sum(lines.mapped("balance")), balance)

    def test_a_bill_credited_meanwhile_is_settled_with_its_credit_note(self):
        for vals in (
            {"kind": "return", "date": "2026-11-16"},
            {"partner_id": self.father.id},
        ):
            with self.subTest(vals=vals):
                bill = self._create_bill(self.mother, 100.0)
                payment = self._record(100.0, bill=bill)
                note = bill._reverse_moves()
                note.action_post()
                self._correct(payment, **vals)
                self.assertResidual(bill, 0.0)
                self.assertResidual(note, 0.0)

    def test_a_payment_moved_to_nobodys_bill_is_a_credit(self):
        payment = self._record(60.0)
        self._correct(payment, partner_id=self.father.id)
        self.assertCents(self.father.therapy_credit_amount, 60.0)
        self.assertResidual(self.bill, 100.0)

    def test_a_returned_check_is_a_new_entry_on_its_own_day(self):
        payment = self._record(60.0, date="2026-11-02")
        self.practice.fiscalyear_lock_date = "2026-11-05"
        self._correct(payment, kind="return", date="2026-11-12", fee=0.0)
        entry = payment.therapy_return_move_id
        self.assertEqual(entry.date, date(2026, 11, 12))
        self.assertEqual(payment.move_id.state, "posted")
        self.assertEqual(payment.date, date(2026, 11, 2))
        self.assertResidual(self.bill, 100.0)
        self.assertEqual(self.bill.payment_state, "not_paid")
        self.assertCents(self.mother.therapy_credit_amount, 0.0)
        account = self.practice.therapy_account_undeposited_id
        lines = (payment.move_id | entry).line_ids.filtered(
            lambda line: line.account_id == account
        )
        self.assertEqual(lines.mapped("reconciled"), [True, True])
        with self.assertRaises(UserError):
            self._correct(payment, kind="return", date="2026-11-12")
        self._record(100.0, reference="1043")
        self.assertResidual(self.bill, 0.0)

    def test_the_fee_for_a_returned_check_is_a_bill_of_its_own(self):
        self.practice.therapy_returned_check_fee = 25.0
        payment = self._record(60.0)
        self._correct(payment, kind="return")
        fee = (
            self.env["account.move"].search(
                [("partner_id", "=", self.mother.id), ("move_type", "=", "out_invoice")]
            )
            - self.bill
        )
        self.assertCents(fee.amount_total, 25.0)
        self.assertTrue(fee.is_therapy_bill)
        self.assertEqual(
            fee.invoice_line_ids.account_id, self.practice.therapy_account_fee_id
        )

    def test_a_payment_made_online_is_refunded_not_returned(self):
        payment = self._succeed(self._pay(self.bill, 10.0))
        with self.assertRaisesRegex(UserError, "refund"):
            self._correct(payment, kind="return")

    def test_a_credit_that_was_transferred_cannot_come_back_unnoticed(self):
        wizard = self.env["therapy.payment.wizard"].with_context(
            active_model="res.partner", active_id=self.mother.id
        )
        action = wizard.create(
            {"amount": 30.0, "method_line_id": self.methods["cash"].id}
        ).action_record()
        payment = self.env["account.payment"].browse(action["res_id"])
        self.assertEqual(payment.therapy_credit_cause, "prepaid")
        self.env["account.move"]._therapy_transfer_credit(
            self.mother, self.father, 30.0, "yes"
        )
        with self.assertRaisesRegex(UserError, "transferred"):
            self._correct(payment, kind="return")

    def _remove(self, payment):
        """Press core's buttons that take a payment out of the books."""
        payment.action_draft()
        payment.action_cancel()

    def test_a_payment_recorded_by_mistake_can_be_removed(self):
        payment = self._record(60.0)
        self._remove(payment)
        self.assertResidual(self.bill, 100.0)
        payment = self._record(60.0)
        payment.move_id._reverse_moves(cancel=True)
        self.assertResidual(self.bill, 100.0)
        self.assertCents(self.mother.therapy_credit_amount, 0.0)

    def test_a_payment_returned_or_transferred_is_not_removed_alone(self):
        returned, moved = self._record(40.0), self._record(60.0)
        self._correct(returned, kind="return")
        bill = self._create_bill(self.father, 60.0)
        self._correct(moved, partner_id=self.father.id, move_id=bill.id)
        for payment, text in ((returned, "returned"), (moved, "transferred")):
            for button in (
                payment.action_draft,
                payment.action_cancel,
                payment.move_id.button_cancel,
                lambda payment=payment: payment.move_id._reverse_moves(cancel=True),
            ):
                with self.subTest(text=text, button=button):
                    with self.assertRaisesRegex(UserError, text):
                        button()
        self.assertResidual(bill, 0.0)

    def test_after_the_transfer_is_reversed_the_payment_can_be_removed(self):
        payment = self._record(60.0)
        bill = self._create_bill(self.father, 60.0)
        self._correct(payment, partner_id=self.father.id, move_id=bill.id)
        lines = payment._therapy_receivable_lines()
        transfer = lines.matched_debit_ids.debit_move_id.move_id
        transfer._reverse_moves(cancel=True)
        self.assertResidual(bill, 60.0)
        self._remove(payment)
        self.assertResidual(self.bill, 100.0)
        self.assertCents(self.mother.therapy_credit_amount, 0.0)

    # === RIGHTS === #

    def test_a_biller_records_adjusts_and_corrects(self):
        biller = new_test_user(self.env, "bill", groups="therapy_billing.group_biller")
        biller.write(
            {
                "company_ids": [Command.set(self.practice.ids)],
                "company_id": self.practice.id,
            }
        )
        Wizard = self.env["therapy.payment.wizard"].with_user(biller)
        Wizard.with_context(active_model="account.move", active_id=self.bill.id).create(
            {
                "amount": 40.0,
                "method_line_id": self.methods["check"].id,
                "reference": "99",
            }
        ).action_record()
        payment = self.env["account.payment"].search([("therapy_reference", "=", "99")])
        self.assertResidual(self.bill, 60.0)
        payment.with_user(biller)._therapy_return(date(2026, 11, 16), "NSF", 10.0)
        self.assertResidual(self.bill, 100.0)

    def test_a_payment_without_a_card_has_nothing_to_refund(self):
        payment = self.env["account.payment"].create(
            {"partner_id": self.mother.id, "amount": 5.0}
        )
        payment.action_post()
        self.assertEqual(payment.amount_available_for_refund, 0.0)
