from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestCredits(TherapyCommon):
    """Rule M4: the payer's own credits, oldest first, one bill at a time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.methods = cls.practice._therapy_get_receipt_methods()
        cls.check = cls.methods.filtered(lambda x: x.therapy_kind == "check")

    @classmethod
    def _prepay(cls, payer, amount, day="2026-11-10", **vals):
        return cls.env["account.payment"]._therapy_record(
            payer, amount, cls.check, cls._to_date(day), therapy_reference="7", **vals
        )

    @classmethod
    def _to_date(cls, day):
        return cls.env["account.move"]._fields["date"].to_date(day)

    def _open(self, payment):
        lines = payment.move_id.line_ids.filtered(
            lambda x: x.account_id.account_type == "asset_receivable"
        )
        return -sum(lines.mapped("amount_residual"))

    def test_a_prepayment_is_a_credit_and_no_revenue(self):
        payment = self._prepay(self.mother, 40.0)
        self.assertEqual(payment.move_id.therapy_credit_cause, "prepaid")
        self.assertCents(self.mother.therapy_credit_amount, 40.0)
        types = set(payment.move_id.line_ids.account_id.mapped("account_type"))
        self.assertEqual(types, {"asset_receivable", "asset_current"})

    def test_the_oldest_credit_goes_first_and_the_rest_stays(self):
        new = self._prepay(self.mother, 30.0, "2026-11-12")
        old = self._prepay(self.mother, 30.0, "2026-11-02")
        bill = self._create_bill(self.mother, 40.0)
        applied = bill._therapy_apply_credits()
        amounts = [(line.move_id, amount) for _bill, line, amount in applied]
        self.assertEqual(amounts, [(old.move_id, 30.0), (new.move_id, 10.0)])
        self.assertResidual(bill, 0.0)
        self.assertIn(bill.payment_state, ("paid", "in_payment"))
        self.assertCents(self._open(new), 20.0)

    def test_the_deposit_of_18_on_an_invoice_of_30(self):
        self._prepay(self.mother, 18.0)
        bill = self._create_bill(self.mother, 30.0)
        self.assertCents(bill.therapy_credit_available, 18.0)
        bill.action_therapy_apply_credits()
        self.assertResidual(bill, 12.0)
        self.assertEqual(bill.payment_state, "partial")

    def test_bills_are_served_in_the_order_given(self):
        self._prepay(self.mother, 50.0)
        first = self._create_bill(self.mother, 40.0, due="2026-12-01")
        second = self._create_bill(self.mother, 40.0, due="2026-12-20")
        (second | first)._therapy_apply_credits()
        self.assertResidual(second, 0.0)
        self.assertResidual(first, 30.0)

    def test_in_bulk_the_bill_due_first_is_served_first(self):
        self._prepay(self.mother, 50.0)
        late = self._create_bill(self.mother, 40.0, due="2026-12-20")
        soon = self._create_bill(self.mother, 40.0, due="2026-12-01")
        action = (late | soon).action_therapy_apply_credits()
        self.assertIn("50.00", action["params"]["message"])
        self.assertResidual(soon, 0.0)
        self.assertResidual(late, 30.0)

    def test_one_payers_credit_never_pays_anothers_bill(self):
        self._prepay(self.father, 40.0)
        bill = self._create_bill(self.mother, 40.0)
        self.assertEqual(bill._therapy_apply_credits(), [])
        self.assertResidual(bill, 40.0)

    def test_a_payment_under_way_keeps_what_it_reserved(self):
        self._prepay(self.mother, 100.0)
        bill = self._create_bill(self.mother, 100.0)
        transaction = self._pay(bill, 40.0)
        bill._therapy_apply_credits()
        self.assertResidual(bill, 40.0)
        self.assertEqual(bill._therapy_apply_credits(), [])
        self._succeed(transaction)
        self.assertResidual(bill, 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 40.0)

    def test_the_widget_of_core_respects_the_reservation_too(self):
        payment = self._prepay(self.mother, 100.0)
        bill = self._create_bill(self.mother, 100.0)
        self._pay(bill, 100.0)
        line = payment._therapy_receivable_lines()
        with self.assertRaises(UserError):
            bill.js_assign_outstanding_line(line.id)
        self.assertCents(self._open(payment), 100.0)

    def test_what_came_twice_is_a_credit_with_its_cause(self):
        bill = self._create_bill(self.mother, 100.0)
        late = self._pay(bill, 100.0)
        late._set_canceled()
        other = self._pay(bill, 70.0, payer=self.father)
        late._set_done(extra_allowed_states=("cancel",))
        late._post_process()
        self.assertEqual(late.payment_id.therapy_credit_cause, "overpaid")
        self.assertCents(self.mother.therapy_credit_amount, 70.0)
        self.assertEqual(bill._therapy_apply_credits(), [], "it is reserved")
        other._set_error("declined")
        bill._therapy_apply_credits()
        self.assertResidual(bill, 0.0)
        self.assertEqual(late.payment_id.move_id.therapy_credit_cause, "overpaid")

    def test_a_limit_is_kept_over_all_bills(self):
        self._prepay(self.mother, 100.0)
        bills = self._create_bill(self.mother, 40.0) | self._create_bill(
            self.mother, 40.0
        )
        applied = bills._therapy_apply_credits(limit=55.55)
        self.assertEqual([amount for _b, _l, amount in applied], [40.0, 15.55])
        self.assertResidual(bills[1], 24.45)

    def test_disputed_credits_and_those_to_be_paid_back_are_left_alone(self):
        bill = self._create_bill(self.mother, 40.0)
        for cause in ("disputed", "refund_owed"):
            payment = self._prepay(self.mother, 40.0)
            payment.therapy_credit_cause = cause
            self.assertEqual(bill._therapy_apply_credits(), [])
            with self.assertRaises(UserError):
                bill.js_assign_outstanding_line(payment._therapy_receivable_lines().id)
        self.assertCents(self.mother.therapy_credit_amount, 0.0)

    def test_a_debit_on_the_same_account_is_never_touched(self):
        payment = self._prepay(self.mother, 20.0)
        bill = self._create_bill(self.mother, 40.0)
        refund = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": self.mother.id,
                "amount": 5.0,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        refund.action_post()
        bill._therapy_apply_credits()
        debit = refund._therapy_receivable_lines()
        self.assertCents(debit.amount_residual, 5.0)
        self.assertResidual(bill, 20.0)
        self.assertCents(self._open(payment), 0.0)

    def test_bills_of_insurers_are_left_to_the_remittance(self):
        self._prepay(self.insurer, 40.0)
        claim = self._create_bill(self.insurer, 40.0)
        self.assertEqual(claim._therapy_apply_credits(), [])

    def test_drafts_voided_and_blocked_bills_take_nothing(self):
        self._prepay(self.mother, 40.0)
        voided = self._create_bill(self.mother, 40.0)
        voided._reverse_moves(cancel=False).action_post()
        blocked = self._create_bill(self.mother, 40.0)
        blocked.action_toggle_block_payment()
        self.assertEqual((voided | blocked)._therapy_apply_credits(), [])
        draft = self._create_invoice_one_line(
            price_unit=40.0, tax_ids=[], partner_id=self.mother.id
        )
        self.assertEqual((voided | draft)._therapy_apply_credits(), [])

    def test_a_run_uses_credits_only_where_the_practice_wants_it(self):
        self._prepay(self.mother, 20.0)
        self._create_session(self.kim)
        bill = self._bill().filtered(lambda x: x.partner_id == self.mother)
        self.assertEqual(bill.payment_state, "not_paid")
        bill.therapy_run_id.action_retract()
        self.practice.therapy_use_credits = True
        bill = self._bill().filtered(lambda x: x.partner_id == self.mother)
        self.assertResidual(bill, bill.amount_total - 20.0)

    def test_a_payer_may_keep_the_credits(self):
        self.practice.therapy_use_credits = True
        self.mother.therapy_keep_credits = True
        self._prepay(self.mother, 20.0)
        self._create_session(self.kim)
        bill = self._bill().filtered(lambda x: x.partner_id == self.mother)
        self.assertResidual(bill, bill.amount_total)

    def test_taking_a_bill_back_gives_its_credits_back(self):
        self.practice.therapy_use_credits = True
        payment = self._prepay(self.mother, 20.0)
        session = self._create_session(self.kim)
        bills = self._bill()
        self.assertCents(self._open(payment), 0.0)
        bills.action_therapy_retract()
        self.assertCents(self._open(payment), 20.0)
        self.assertEqual(session.billing_state, "unbilled")

    def test_a_payment_made_for_the_bill_still_forbids_to_take_it_back(self):
        self._create_session(self.kim)
        bill = self._bill().filtered(lambda x: x.partner_id == self.mother)
        day = self._to_date("2026-11-16")
        self.env["account.payment"]._therapy_record(
            self.mother, 5.0, self.check, day, bill=bill
        )
        with self.assertRaises(UserError):
            bill.action_therapy_retract()

    def test_from_the_payer_all_open_bills_are_served(self):
        self._prepay(self.mother, 50.0)
        bills = self._create_bill(self.mother, 20.0) | self._create_bill(
            self.mother, 20.0
        )
        self.mother.action_therapy_apply_credits()
        self.assertCents(sum(bills.mapped("amount_residual")), 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 10.0)

    def test_credit_moves_between_payers_with_consent_only(self):
        old = self._prepay(self.mother, 30.0, "2026-11-01")
        self._prepay(self.mother, 30.0, "2026-11-05")
        Move = self.env["account.move"]
        with self.assertRaisesRegex(UserError, "agreed"):
            Move._therapy_transfer_credit(self.mother, self.father, 40.0, "  ")
        with self.assertRaisesRegex(UserError, "60.00"):
            Move._therapy_transfer_credit(self.mother, self.father, 60.01, "yes")
        with self.assertRaises(UserError):
            Move._therapy_transfer_credit(self.mother, self.insurer, 1.0, "yes")
        with self.assertRaises(ValidationError):
            Move._therapy_transfer_credit(self.mother, self.father, -1.0, "yes")
        entry = Move._therapy_transfer_credit(
            self.mother, self.father, 40.0, "Rosa by phone on 11/16"
        )
        self.assertEqual(entry.therapy_reason, "Rosa by phone on 11/16")
        self.assertCents(self._open(old), 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 20.0)
        self.assertCents(self.father.therapy_credit_amount, 40.0)
        bill = self._create_bill(self.father, 25.0)
        bill._therapy_apply_credits()
        self.assertResidual(bill, 0.0)

    def test_billers_apply_and_transfer_auditors_do_not(self):
        self._prepay(self.mother, 30.0)
        bill = self._create_bill(self.mother, 40.0)
        users = {}
        for role in ("biller", "auditor"):
            users[role] = new_test_user(
                self.env, role, groups=f"therapy_billing.group_{role}"
            )
            users[role].write(
                {
                    "company_ids": [Command.set(self.practice.ids)],
                    "company_id": self.practice.id,
                }
            )
        with self.assertRaises(UserError):
            bill.with_user(users["auditor"]).action_therapy_apply_credits()
        mother = self.mother.with_user(users["biller"])
        wizard = (
            self.env["therapy.credit.transfer.wizard"]
            .with_user(users["biller"])
            .with_context(active_model="res.partner", active_id=mother.id)
            .create({"target_id": self.father.id, "amount": 10.0, "consent": "yes"})
        )
        wizard.action_transfer()
        bill.with_user(users["biller"]).action_therapy_apply_credits()
        self.assertResidual(bill, 20.0)

    def test_the_identity_of_the_receivable_holds(self):
        self._prepay(self.mother, 30.0)
        bill = self._create_bill(self.mother, 40.0)
        bill._therapy_apply_credits(limit=12.34)
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.mother.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        balance = sum(lines.mapped("balance"))
        self.assertCents(
            balance, bill.amount_residual - self.mother.therapy_credit_amount
        )
