from odoo import Command
from odoo.tests import tagged

from .money import MoneyCommon


@tagged("post_install", "-at_install")
class TestParts(MoneyCommon):
    """What is taken, let go or returned in part (M5, M7)."""

    def _capture_manually(self):
        self.provider.payment_method_ids = self.env.ref("payment.payment_method_card")
        self.provider.capture_manually = True

    def test_a_prepayment_that_was_captured_is_given_back_once(self):
        self._capture_manually()
        tx = self._create_tx(
            self.bill.browse(),
            100.0,
            partner_id=self.payer.id,
            therapy_is_prepayment=True,
        )
        tx._get_processing_values()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
        done = tx._capture()
        self._post_process(tx | done)
        self.assertEqual((tx | done).payment_id.therapy_credit_cause, "prepaid")
        self._post_process(done._refund(100.0))
        self.assertEqual(self.payer.therapy_credit_amount, 0.0)
        self.bill._therapy_apply_credits()
        self.assertEqual(self.bill.amount_residual, 100.0)

    def test_what_stripe_calls_a_refund_of_the_rest_is_ignored(self):
        self._capture_manually()
        tx = self._charge(self.bill, self._save_card())
        self.provider._therapy_stripe_get_adapter().raw(
            "POST",
            f"payment_intents/{tx.provider_reference}/capture",
            {"amount_to_capture": 6000},
            "elsewhere",
        )
        tx._therapy_stripe_refresh()
        self._post_process(tx)
        event = self.env["therapy.stripe.event"].new({"provider_id": self.provider.id})
        state = event._apply_refund(
            {
                "id": "re_1",
                "payment_intent": tx.provider_reference,
                "amount": 4000,
                "status": "succeeded",
                "balance_transaction": None,
                "created": 1790000000,
            }
        )
        self._post_process(tx.child_transaction_ids)
        self.assertEqual((state, self.bill.amount_residual), ("ignored", 40.0))

    def test_fee_of_a_part_is_rounded_down(self):
        tx = self._create_tx(self.bill)
        tx.write({"amount": 103.0, "fee_amount": 3.0, "base_amount": 100.0})
        tx._therapy_stripe_take_received(3333)
        self.assertEqual((tx.base_amount, tx.fee_amount), (32.36, 0.97))

    def test_a_part_that_comes_back_pays_a_part(self):
        tx, data = self.disputed()
        dispute = self.follow(data)
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        won = self.provider._therapy_stripe_get_adapter().retrieve_dispute(data["id"])
        taken, back = won["balance_transactions"]
        won["balance_transactions"] = [taken, {**back, "amount": 6000}]
        dispute._therapy_stripe_take(tx, won)
        self.assertEqual(self.bill.amount_residual, 40.0)
        self.assertEqual(self.balance("cardfee"), 0)
        won["balance_transactions"].append({**back, "id": "txn_rest", "amount": 4000})
        dispute._therapy_stripe_take(tx, won)
        self.assertEqual(self.bill.amount_residual, 0.0)

    def test_a_branchs_bill_is_not_offered_the_parents_card(self):
        self._save_card()
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids |= branch
        self.biller.company_ids |= branch
        account = self.payer.property_account_receivable_id
        self.payer.with_company(branch).property_account_receivable_id = account
        bill = self.bill.with_company(branch).create(
            {
                "move_type": "out_invoice",
                "company_id": branch.id,
                "partner_id": self.payer.id,
                "patient_id": self.patient.id,
                "invoice_date": self._today(),
                "invoice_line_ids": [
                    Command.create(
                        {"name": "S", "price_unit": 80.0, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        bill.action_post()
        companies = {"allowed_company_ids": [branch.id, self.company.id]}
        wizards = self.env["therapy.charge.wizard"].with_user(self.biller)
        wizard = wizards.with_context(**companies).create({"move_id": bill.id})
        self.assertFalse(wizard.token_id, "money of one company in another's account")
        self.assertFalse(wizard.card_ids)
        self.assertFalse(self.payer._therapy_get_run_card(branch))
