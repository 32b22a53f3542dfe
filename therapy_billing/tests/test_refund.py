from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import NOW, TherapyCommon

FEE_LOGGER = "odoo.addons.therapy_billing.models.payment_transaction_fee"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefund(TherapyCommon):
    """A payment that goes back: the bill, the credit and the fee after it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payment_method.support_refund = "partial"
        cls.bill = cls._create_bill(cls.mother, 100.0)
        cls.reason = cls.env.ref("therapy_billing.adjustment_reason_our_mistake")

    def setUp(self):
        super().setUp()

        def refund(tx):
            self.asked.append(tx.id)
            tx._set_done()

        def support(providers):
            providers.update(
                {
                    "support_refund": "partial",
                    "support_express_checkout": False,
                    "support_manual_capture": False,
                    "support_tokenization": False,
                }
            )

        self.asked = []
        provider = self.env.registry["payment.provider"]
        transaction = self.env.registry["payment.transaction"]
        for model, name, func in (
            (provider, "_compute_feature_support_fields", support),
            (transaction, "_send_refund_request", refund),
        ):
            self.startPatcher(patch.object(model, name, func))

    def paid(self, amount=100.0, **vals):
        tx = self._pay(self.bill, amount, **vals)
        self._succeed(tx)
        return tx

    def give_back(self, tx, amount, mode="reopen", **vals):
        refund = tx.browse(tx._therapy_refund(amount, mode, **vals))
        self.env.invalidate_all()
        return refund

    def open_wizard(self, payment, **vals):
        action = payment.action_refund_wizard()
        self.assertEqual(action["res_model"], "therapy.refund.wizard")
        wizard = payment.env["therapy.refund.wizard"].browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def receivable(self, partner):
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("balance")), sum(lines.mapped("amount_residual"))

    def assertReceivable(self, partner, expected):
        for amount in self.receivable(partner):
            self.assertCents(amount, expected)

    def assertReconciled(self, payment):
        for line in payment._therapy_receivable_lines():
            self.assertCents(line.amount_residual, 0)

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

    # === THE FEE === #

    def paid_with_fee(self, base=50.0):
        if not self.practice.therapy_fee_enabled:
            self._allow_fee()
        fee = self.env["therapy.fee.rule"]._get_fee(
            base, self.usd, self.practice, self.mother, "credit"
        )
        vals = self.env["payment.transaction"]._therapy_prepare_fee_vals(fee)
        return self.paid(vals.pop("amount"), **vals)

    def income(self):
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.practice.therapy_account_cardfee_id.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return -sum(lines.mapped("balance"))

    def test_the_fee_goes_back_in_proportion_and_whole_in_the_end(self):
        tx = self.paid_with_fee(33.33)
        self.assertCents(tx.fee_amount, 0.99)
        first = self.give_back(tx, 11.11)
        self.assertCents(first.fee_amount, -0.33)
        self.assertCents(first.amount, -11.44)
        self.assertCents(self.income(), 0.66)
        second = self.give_back(tx, 0.01)
        self.assertCents(second.fee_amount, -0.01)
        third = self.give_back(tx, 22.21)
        self.assertCents(self.income(), 0.0)
        given = -sum((first | second | third).mapped("amount"))
        self.assertCents(given, tx.amount)
        self.assertResidual(self.bill, 100.0)
        self.assertReceivable(self.mother, 100.0)

    def test_a_fee_alone_can_go_back(self):
        tx = self.paid_with_fee()
        refund = self.give_back(tx, 0.0, fee=1.5)
        self.assertEqual(refund.state, "done")
        self.assertCents(refund.payment_id.amount, 1.5)
        self.assertCents(self.income(), 0.0)
        self.assertResidual(self.bill, 50.0)
        rest = self.give_back(tx, 50.0)
        self.assertCents(rest.amount, -50.0)
        self.assertResidual(self.bill, 100.0)

    def test_a_fee_that_cannot_go_back_holds_up_no_other(self):
        txs = self.paid_with_fee(20.0) | self.paid_with_fee(30.0)
        txs.write({"fee_is_due_back": True})
        give_back = type(txs)._therapy_refund

        def fail(tx, *args, **kwargs):
            if tx == txs[0]:
                raise ValueError("broken for the test")
            return give_back(tx, *args, **kwargs)

        with (
            patch.object(type(txs), "_therapy_refund", fail),
            self.assertLogs(FEE_LOGGER, "ERROR"),
        ):
            txs._cron_therapy_return_fees()
        self.assertEqual(txs.mapped("fee_is_due_back"), [True, False])
        self.assertCents(self.income(), txs[0].fee_amount)
        txs._cron_therapy_return_fees()
        self.assertCents(self.income(), 0.0)

    def test_a_fee_that_the_processor_keeps_is_told_to_a_person(self):
        tx = self.paid_with_fee()
        tx.fee_is_due_back = True
        with patch.object(
            self.env.registry["payment.transaction"],
            "_send_refund_request",
            lambda refund: refund._set_error("no"),
        ):
            tx._cron_therapy_return_fees()
        self.assertFalse(tx.fee_is_due_back)
        self.assertIn("1.50", tx.payment_id.activity_ids.note)

    def test_cores_refund_of_a_total_takes_its_part_of_the_fee(self):
        tx = self.paid_with_fee()
        tx.sudo()._refund(25.75)  # sudo: as core's wizard
        self.assertResidual(self.bill, 75.0)
        self.assertCents(self.income(), 0.75)

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

    # === THE DIALOG === #

    def test_the_dialog_shows_what_goes_back_and_does_it_once(self):
        tx = self.paid_with_fee()
        wizard = self.open_wizard(tx.payment_id)
        self.assertEqual(wizard.line_ids.move_id, self.bill)
        self.assertCents(wizard.left_base, 50.0)
        wizard.line_ids.amount = 25.0
        self.assertCents(wizard.fee_amount, 0.75)
        self.assertCents(wizard.total, 25.75)
        wizard.action_refund()
        self.assertEqual(wizard.result, "done")
        self.assertIn("25.75", wizard.message)
        wizard.action_refund()
        self.assertEqual(len(self.asked), 1)
        self.assertResidual(self.bill, 75.0)

    def test_two_clicks_at_once_are_one_refund(self):
        wizard = self.open_wizard(self.paid().payment_id)
        wizard.line_ids.amount = 25.0
        wizard.action_refund()
        # The other request did not see yet that the first one had begun.
        wizard.transaction_id = False
        with self.assertRaisesRegex(UserError, "started already"):
            wizard.action_refund()
        self.assertEqual(len(self.asked), 1)
        self.assertResidual(self.bill, 25.0)

    def test_the_dialog_offers_what_no_bill_took(self):
        tx = self.paid()
        self.bill.line_ids.matched_credit_ids.unlink()
        wizard = self.open_wizard(tx.payment_id)
        self.assertEqual(wizard.mode, "credit")
        wizard.action_refund()
        self.assertReceivable(self.mother, 100.0)
        self.assertReconciled(tx.payment_id)

    def test_the_dialog_refuses_bad_answers_in_plain_words(self):
        tx = self.paid()
        wizard = self.open_wizard(tx.payment_id)
        for vals, amount, words in (
            ({"mode": "credit"}, 10.0, "reopen or to credit"),
            ({"mode": "credit_note"}, 10.0, "reason"),
            ({"mode": "reopen"}, 0.0, "how much"),
            ({"mode": "reopen"}, 100.5, "can be given back"),
        ):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, words):
                wizard.write(vals)
                wizard.line_ids.amount = amount
                wizard.action_refund()
        self.assertFalse(self.asked)

    def test_a_biller_credits_no_more_than_the_practice_allows(self):
        tx = self.paid()
        biller = new_test_user(
            self.env,
            "refund_biller",
            groups="therapy_billing.group_biller",
            company_id=self.practice.id,
            company_ids=[(6, 0, self.practice.ids)],
        )
        wizard = self.open_wizard(tx.payment_id.with_user(biller))
        wizard.write({"mode": "credit_note", "reason_id": self.reason.id})
        with self.assertRaisesRegex(UserError, "manager"):
            wizard.action_refund()
        wizard.line_ids.amount = 20.0
        wizard.action_refund()
        self.assertEqual(wizard.result, "done")
        self.assertResidual(self.bill, 0.0)

    def test_only_billers_give_money_back(self):
        tx = self.paid()
        clinician = new_test_user(
            self.env, "refund_clin", groups="therapy_billing.group_clinician"
        )
        with self.assertRaises(AccessError):
            self.open_wizard(tx.payment_id.with_user(clinician))
