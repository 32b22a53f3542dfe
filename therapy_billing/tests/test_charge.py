from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon

POST_LOGGER = "odoo.addons.therapy_billing.models.payment_transaction_post"


@tagged("post_install", "-at_install")
class TestCharge(TherapyCommon):
    """The order of a charge (D4): reserve, ask, note the answer, post."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_bill(cls.mother, 100.0)
        cls.biller = new_test_user(
            cls.env, "biller", groups="therapy_billing.group_biller"
        )
        cls.biller.write(
            {
                "company_ids": [Command.set(cls.practice.ids)],
                "company_id": cls.practice.id,
            }
        )

    def setUp(self):
        super().setUp()
        self.token = self._create_token(partner_id=self.mother.id)

    def _charge(self, answer, parts=None, user=None, **kwargs):
        parts = parts or [(self.bill.id, 100.0)]
        Transaction = self.env["payment.transaction"].with_user(user or self.env.user)
        with self._processor(answer):
            tx_id = Transaction._therapy_charge(
                self.token.with_env(Transaction.env), parts, **kwargs
            )
        return self.env["payment.transaction"].browse(tx_id)

    def test_a_charge_that_succeeds_is_in_the_ledger(self):
        tx = self._charge(lambda tx: tx._set_done(), user=self.biller)
        self.assertEqual(tx.state, "done")
        self.assertEqual(tx.operation, "offline")
        self.assertEqual(tx.token_id, self.token)
        self.assertTrue(tx.sent_at)
        self.assertResidual(self.bill, 0.0)
        self.assertFalse(tx.therapy_allocation_ids.live)

    def test_the_amount_is_reserved_when_the_processor_is_asked(self):
        seen = []

        def answer(tx):
            seen.append((tx.state, tx.therapy_allocation_ids.live, bool(tx.sent_at)))
            seen.append(self.bill._therapy_get_payable_amount())
            tx._set_done()

        self._charge(answer, parts=[(self.bill.id, 60.0)])
        self.assertEqual(seen, [("draft", True, True), 40.0])

    def test_a_declined_charge_leaves_the_bill_open(self):
        tx = self._charge(lambda tx: tx._set_error("declined"))
        self.assertEqual(tx.state, "error")
        self.assertResidual(self.bill, 100.0)
        self.assertCents(self.bill._therapy_get_payable_amount(), 100.0)

    def test_a_pending_charge_keeps_its_reservation(self):
        tx = self._charge(lambda tx: tx._set_pending())
        self.assertEqual(tx.state, "pending")
        self.assertTrue(tx.therapy_allocation_ids.live)
        self.assertResidual(self.bill, 100.0)
        self._succeed(tx)
        self.assertResidual(self.bill, 0.0)

    def test_a_charge_without_an_answer_is_never_tried_again_blindly(self):
        tx = self._charge(lambda tx: None)
        self.assertEqual(tx.state, "draft")
        self.assertTrue(tx.therapy_allocation_ids.live)
        self.assertFalse(tx._therapy_try_release())
        with self.assertRaises(ValidationError):
            self._charge(lambda tx: tx._set_done())

    def test_several_bills_with_their_parts(self):
        other = self._create_bill(self.mother, 50.0)
        self._charge(
            lambda tx: tx._set_done(), parts=[(self.bill.id, 30.0), (other.id, 50.0)]
        )
        self.assertResidual(self.bill, 70.0)
        self.assertResidual(other, 0.0)

    def test_a_card_of_another_payer_is_noted(self):
        self.token = self._create_token(partner_id=self.father.id)
        tx = self._charge(lambda tx: tx._set_done())
        self.assertEqual(tx.paid_by_id, self.father)
        self.assertEqual(tx.payment_id.partner_id, self.mother)
        self.assertEqual(tx.payment_id.paid_by_partner_id, self.father)

    def test_too_much_is_refused_before_the_processor_is_asked(self):
        asked = []
        with self.assertRaises(ValidationError):
            self._charge(asked.append, parts=[(self.bill.id, 100.5)])
        self.assertFalse(asked)

    def test_a_disabled_provider_is_not_asked_and_gives_the_amount_back(self):
        asked = []
        transaction_class = self.env.registry["payment.transaction"]

        def refuse(tx):
            raise UserError("The provider is disabled.")

        with patch.object(
            transaction_class, "_ensure_provider_is_not_disabled", refuse
        ):
            tx = self._charge(asked.append)
        self.assertFalse(asked)
        self.assertEqual(tx.state, "error")
        self.assertFalse(tx.therapy_allocation_ids.live)

    def test_only_billers_charge(self):
        clinician = new_test_user(
            self.env, "clinician", groups="therapy_billing.group_clinician"
        )
        with self.assertRaises(AccessError):
            self._charge(lambda tx: tx._set_done(), user=clinician)

    def test_a_card_that_was_refused_for_good_is_charged_by_nobody(self):
        asked = []
        self.token._therapy_pause("The card was stolen.")
        with self.assertRaisesRegex(ValidationError, "stolen"):
            self._charge(asked.append)
        with self.assertRaisesRegex(ValidationError, "stolen"):
            self._register(asked.append)
        self.assertFalse(asked)
        self.token.with_user(self.biller).action_therapy_unpause()
        self._charge(lambda tx: tx._set_done())
        self.assertResidual(self.bill, 0.0)

    def test_a_failed_posting_is_left_to_the_cron(self):
        transaction_class = self.env.registry["payment.transaction"]

        def fail(tx, **values):
            raise UserError("The period is closed.")

        with (
            patch.object(transaction_class, "_create_payment", fail),
            self.assertLogs(POST_LOGGER, "ERROR"),
        ):
            tx = self._charge(lambda tx: tx._set_done())
        self.assertEqual(tx.state, "done")
        self.assertTrue(tx.therapy_allocation_ids.live, "nobody pays it again")
        self.env["payment.transaction"]._cron_post_process()
        self.assertResidual(self.bill, 0.0)

    # === CORE'S OWN DIALOG === #

    def _register(self, answer, bills=None, amount=None):
        bills = bills or self.bill
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        method = lines.filtered(lambda x: x.payment_provider_id == self.provider)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=bills.ids)
            .create(
                {
                    "journal_id": self.provider.journal_id.id,
                    "payment_method_line_id": method.id,
                    "payment_token_id": self.token.id,
                    **({"amount": amount} if amount else {}),
                }
            )
        )
        with self._processor(answer):
            return wizard._create_payments()

    def test_cores_dialog_books_a_card_that_succeeds(self):
        payment = self._register(lambda tx: tx._set_done(), amount=40.0)
        self.assertResidual(self.bill, 60.0)
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertFalse(payment.payment_transaction_id.therapy_allocation_ids.live)

    def test_cores_dialog_cancels_a_declined_card(self):
        payment = self._register(lambda tx: tx._set_error("no"))
        self.assertEqual(payment.state, "canceled")
        self.assertResidual(self.bill, 100.0)
        self.assertCents(self.bill._therapy_get_payable_amount(), 100.0)

    def test_cores_dialog_cancels_a_debit_that_fails_later(self):
        payment = self._register(lambda tx: tx._set_pending())
        tx = payment.payment_transaction_id
        tx._set_error("returned")
        tx._post_process()
        self.assertEqual(payment.state, "canceled")
        self.assertCents(self.bill._therapy_get_payable_amount(), 100.0)

    def test_cores_dialog_leaves_a_credit_where_the_bill_was_taken_back(self):
        payment = self._register(lambda tx: tx._set_pending())
        note = self.bill._reverse_moves(cancel=True)
        self.assertEqual(self.bill.voided_by_move_id, note)
        self._succeed(payment.payment_transaction_id)
        self.assertEqual(payment.therapy_credit_cause, "overpaid")
        self.assertTrue(payment.activity_ids, "the practice is told")
        self.assertCents(self.mother.therapy_credit_amount, 100.0)

    def test_cores_dialog_takes_only_the_bills_of_the_payer(self):
        other = self._create_bill(self.father, 50.0)
        payments = self._register(lambda tx: tx._set_pending(), self.bill)
        tx = payments.payment_transaction_id
        self.assertEqual(tx.invoice_ids, self.bill)
        self.assertTrue(other)

    def test_cores_dialog_obeys_the_gate(self):
        self._pay(self.bill, 60.0, payer=self.father)
        with self.assertRaises(ValidationError):
            self._register(lambda tx: tx._set_done())
