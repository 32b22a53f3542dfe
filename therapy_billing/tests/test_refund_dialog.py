from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import NOW
from .refunds import RefundCommon


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefundDialog(RefundCommon):
    """The dialog that gives money back."""

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
