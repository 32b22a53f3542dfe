from datetime import timedelta
from itertools import permutations

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .money import MoneyCommon

REFUNDS = r"/v1/refunds$"


@tagged("post_install", "-at_install")
class TestRefund(MoneyCommon):
    """Refunds at Stripe, from here and from its dashboard, over real HTTP."""

    def dashboard(self, tx, **vals):
        body = {"payment_intent": tx.provider_reference, **vals}
        return self.sandbox.control("POST", "refunds/create", body)

    def posts(self):
        return self.sandbox.requests("/v1/refunds", "POST")

    # === STARTED HERE === #

    def test_a_refund_is_sent_once_with_a_key_and_opaque_ids(self):
        tx = self.paid()
        refund = self.give_back(tx)
        [post] = self.posts()
        self.assertEqual(post["idempotency_key"], f"tr1:{refund.uuid}")
        self.assertEqual(set(post["params"]), {"payment_intent", "amount", "metadata"})
        self.assertEqual(set(post["params"]["metadata"]), {"tx", "db"})
        self.assertEqual(refund.state, "done")
        self.assertTrue(refund.provider_reference.startswith("re_"))
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertEqual(self.ledger(), 10000)

    def test_a_lost_answer_is_asked_for_again_and_refunded_once(self):
        for number, do in enumerate(("drop_after", "drop_before"), start=1):
            with self.subTest(do=do):
                bill = self.bill = self._create_bill(100.0)
                tx = self.paid()
                self.sandbox.fault(do, REFUNDS)
                refund = self.give_back(tx)
                self.sandbox.heal()
                self.assertEqual(refund.therapy_stripe_result, "unknown")
                self.assertEqual(refund.state, "pending")
                self.assertEqual(bill.amount_residual, 0.0)
                with self.assertRaises(ValidationError):
                    self.give_back(tx, 1.0)
                with self._later(minutes=5):
                    tx._cron_therapy_stripe_resolve()
                self.book()
                self.assertEqual(refund.state, "done")
                self.assertEqual(self.refunded(), number * 10000)
                self.assertEqual(bill.amount_residual, 100.0)

    def test_after_a_day_the_list_of_refunds_decides(self):
        for do, state in (("drop_after", "done"), ("drop_before", "error")):
            with self.subTest(do=do):
                bill = self.bill = self._create_bill(100.0)
                tx = self.paid()
                self.sandbox.fault(do, REFUNDS)
                refund = self.give_back(tx)
                self.sandbox.heal()
                self.sandbox.control("POST", "clock/advance", {"seconds": 26 * 3600})
                with self._later(hours=26):
                    tx._cron_therapy_stripe_resolve()
                self.book()
                self.assertEqual(refund.state, state)
                open_amount = 100.0 if state == "done" else 0.0
                self.assertEqual(bill.amount_residual, open_amount)

    def test_a_refusal_of_stripe_is_explained(self):
        tx = self.paid()
        self.dashboard(tx)
        refund = self.give_back(tx)
        self.assertEqual(refund.state, "error")
        self.assertIn("given back already", refund.state_message)
        self.assertEqual(self.bill.amount_residual, 0.0)

    def test_a_pending_refund_counts_as_given_and_shows_it_is_on_its_way(self):
        tx = self.paid("pm_card_pendingRefund")
        refund = self.give_back(tx)
        self.assertEqual(refund.state, "done")
        self.assertTrue(refund.therapy_refund_pending)
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.sandbox.control("POST", "clock/advance", {"seconds": 4000})
        self.event("refund.updated", refund.provider_reference)
        self.assertFalse(refund.therapy_refund_pending)
        self.assertEqual(self.ledger(), 10000)

    def test_a_quiet_refund_is_read_again_by_the_job(self):
        tx = self.paid("pm_card_pendingRefund")
        refund = self.give_back(tx)
        self.sandbox.control("POST", "clock/advance", {"seconds": 4000})
        with self._later(minutes=20):
            tx._cron_therapy_stripe_refresh()
        self.assertFalse(refund.therapy_refund_pending)

    def test_a_refund_that_fails_is_booked_back_and_asks_for_a_person(self):
        tx = self.paid("pm_card_refundFail")
        refund = self.give_back(tx)
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.ledger(), 10000)
        self.sandbox.control("POST", "clock/advance", {"seconds": 4000})
        self.event("refund.failed", refund.provider_reference)
        self.assertEqual(refund.state, "error")
        self.assertTrue(refund.payment_id.therapy_return_move_id)
        self.assertEqual(refund.payment_id.move_id.state, "posted")
        self.assertEqual(self.ledger(), 0)
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertEqual(tx.payment_id.therapy_credit_cause, "refund_owed")
        activity = tx.payment_id.activity_ids
        self.assertIn("another way", activity.summary)
        self.event("refund.updated", refund.provider_reference)
        self.assertEqual(len(tx.payment_id.activity_ids), 1)
        again = self.give_back(tx, mode="credit")
        self.assertEqual(len(self.posts()), 2)
        self.assertEqual(self.ledger(), 10000)
        self.assertNotEqual(again, refund)

    def test_a_payment_whose_card_was_removed_can_be_given_back(self):
        tx = self.paid()
        tx.token_id.active = False
        self.assertEqual(self.give_back(tx).state, "done")
        self.assertEqual(self.refunded(), 10000)

    def test_a_disabled_provider_changes_nothing(self):
        tx = self.paid()
        self.provider.state = "disabled"
        refund = self.give_back(tx)
        self.assertEqual(refund.state, "error")
        self.assertFalse(self.posts())
        self.assertEqual(self.bill.amount_residual, 0.0)

    # === AT THE DASHBOARD === #

    def test_a_refund_at_the_dashboard_is_booked_once_in_any_order(self):
        orders = list(permutations(("refund.created", "charge.refunded")))
        for order in [*orders, ("refund.created", "refund.created", "refund.updated")]:
            with self.subTest(order=order):
                bill = self.bill = self._create_bill(100.0)
                tx = self.paid()
                made = self.dashboard(tx, amount=4000)
                charge = tx.provider_id._therapy_stripe_get_adapter()
                charge = charge.retrieve_payment_intent(tx.provider_reference)
                for kind in order:
                    ref = made["id"]
                    if kind.startswith("charge"):
                        ref = charge["latest_charge"]["id"]
                    self.assertEqual(self.event(kind, ref).state, "done")
                self.book()
                refund = tx.child_transaction_ids
                self.assertEqual(len(refund), 1)
                self.assertEqual(refund.provider_reference, made["id"])
                self.assertEqual(bill.amount_residual, 40.0)
                self.assertEqual(refund.payment_id.amount, 40.0)
                self.assertIn("still owed", tx.payment_id.activity_ids.summary)

    def test_a_prepayment_refunded_at_the_dashboard_is_no_credit_any_more(self):
        tx = self.prepaid()
        self.assertEqual(self.payer.therapy_credit_amount, 100.0)
        made = self.dashboard(tx)
        self.assertEqual(self.event("refund.created", made["id"]).state, "done")
        self.book()
        refund = tx.child_transaction_ids
        self.assertEqual(refund.payment_id.move_id.state, "posted")
        self.assertEqual(self.payer.therapy_credit_amount, 0.0)
        self.assertEqual(self.ledger(), 10000)

    def test_a_refund_started_here_is_not_booked_again_by_its_event(self):
        tx = self.paid()
        refund = self.give_back(tx, 30.0)
        for kind in ("refund.created", "refund.updated"):
            self.event(kind, refund.provider_reference)
        self.book()
        self.assertEqual(tx.child_transaction_ids, refund)
        self.assertEqual(self.bill.amount_residual, 30.0)
        self.assertFalse(tx.payment_id.activity_ids)

    def test_an_event_before_our_answer_was_recorded_finds_our_refund(self):
        tx = self.paid()
        self.sandbox.fault("drop_after", REFUNDS)
        refund = self.give_back(tx)
        self.sandbox.heal()
        adapter = self.provider._therapy_stripe_get_adapter()
        [made] = adapter.list_refunds(tx.provider_reference)
        self.event("refund.created", made["id"])
        self.book()
        self.assertEqual(tx.child_transaction_ids, refund)
        self.assertEqual(refund.state, "done")
        self.assertEqual(self.bill.amount_residual, 100.0)

    def test_a_refund_of_a_payment_whose_success_we_missed_books_both(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        made = self.dashboard(tx)
        self.assertEqual(tx.state, "draft")
        self.assertEqual(self.event("refund.created", made["id"]).state, "done")
        self.book()
        self.assertEqual(tx.state, "done")
        self.assertEqual(tx.payment_id.move_id.state, "posted")
        self.assertEqual(tx.child_transaction_ids.payment_id.move_id.state, "posted")
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertEqual(self.ledger(), 10000)

    def test_a_refund_of_somebody_elses_payment_is_not_ours(self):
        adapter = self.provider._therapy_stripe_get_adapter()
        intent = adapter.create_payment_intent(
            {
                "amount": 500,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types": ["card"],
            },
            "other",
        )
        made = self.sandbox.control(
            "POST", "refunds/create", {"payment_intent": intent["id"]}
        )
        self.assertEqual(self.event("refund.created", made["id"]).state, "ignored")

    def test_part_by_part_from_both_sides_never_above_what_was_paid(self):
        tx = self.paid()
        self.give_back(tx, 30.0)
        made = self.dashboard(tx, amount=5000)
        with self.assertRaises(ValidationError):
            self.give_back(tx, 80.0)
        refused = self.give_back(tx, 60.0)
        self.assertEqual(refused.state, "error", "Stripe has the last word")
        self.event("refund.created", made["id"])
        self.book()
        self.give_back(tx, 20.0)
        self.assertEqual(self.refunded(), 10000)
        self.assertEqual(self.ledger(), 10000)
        with self.assertRaises(ValidationError):
            self.give_back(tx, 0.01)

    # === THE FEE === #

    def charge_with_fee(self, card="pm_card_visa", funding=None, base=50.0):
        token = self._save_card(card)
        if funding:
            token.funding = funding
        self.company.partner_id.write(
            {
                "state_id": self.env.ref("base.state_us_44").id,
                "country_id": self.env.ref("base.us").id,
            }
        )
        self.company.write(
            {
                "therapy_fee_enabled": True,
                "therapy_fee_told_on": self._today() - timedelta(days=40),
            }
        )
        transactions = self.env["payment.transaction"]
        card = token._therapy_get_fee_card()
        fee = self.env["therapy.fee.rule"]._get_fee(
            base, self.currency, self.company, self.payer, **card
        )
        vals = transactions._therapy_prepare_fee_vals(fee, card["funding"])
        tx_id = transactions._therapy_charge(
            token, [(self.bill.id, base)], paid_by=self.payer, **vals
        )
        self.env.invalidate_all()
        tx = transactions.browse(tx_id)
        self._post_process(tx)
        return tx

    def test_funding_decides_whether_a_saved_card_has_a_fee(self):
        for card, fee in (
            ("pm_card_visa", 1.5),
            ("pm_card_visa_debit", 0.0),
            ("pm_card_mastercard_prepaid", 0.0),
            ("pm_card_hsaDebit", 0.0),
            ("pm_card_fundingUnknown", 0.0),
        ):
            with self.subTest(card=card):
                self.bill = self._create_bill(100.0)
                tx = self.charge_with_fee(card)
                self.assertEqual(tx.state, "done")
                self.assertAlmostEqual(tx.fee_amount, fee)
                self.assertEqual(self.bill.amount_residual, 50.0)

    def test_the_total_is_charged_and_the_bill_gets_the_base(self):
        tx = self.charge_with_fee()
        self.assertEqual(self.sandbox.captured(), 5150)
        self.assertEqual(tx.payment_id.amount, 51.5)
        self.assertEqual(tx.therapy_charged_funding, "credit")
        refund = self.give_back(tx, 25.0)
        self.assertEqual(self.refunded(), 2575)
        self.assertEqual(refund.payment_id.amount, 25.75)
        self.give_back(tx, 25.0)
        self.assertEqual(self.refunded(), 5150)

    def test_a_fee_on_a_card_that_was_no_credit_card_goes_back_at_once(self):
        tx = self.charge_with_fee("pm_card_visa_debit", funding="credit")
        self.assertEqual(self.sandbox.captured(), 5150)
        self.assertTrue(tx.fee_is_due_back)
        tx._cron_therapy_return_fees()
        self.assertEqual(self.refunded(), 150)
        self.assertFalse(tx.fee_is_due_back)
        self.assertEqual(self.bill.amount_residual, 50.0)
        tx._cron_therapy_return_fees()
        self.assertEqual(self.refunded(), 150)

    def test_a_benefit_card_has_no_fee_whatever_its_funding(self):
        token = self._save_card()
        token.is_benefit_card = True
        self.assertTrue(token._therapy_get_fee_card()["is_benefit_card"])

    # === THE DIALOG === #

    def test_the_dialog_says_where_the_money_goes(self):
        tx = self.paid()
        action = tx.payment_id.with_user(self.biller).action_refund_wizard()
        wizard = self.env["therapy.refund.wizard"].with_user(self.biller)
        wizard = wizard.browse(action["res_id"])
        self.assertIn("4242", wizard.card_name)
        wizard.action_refund()
        self.assertEqual(wizard.result, "done", wizard.message)
        with self.assertRaises(UserError):
            tx.payment_id.with_user(self.biller).action_refund_wizard()
