from itertools import permutations

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .money import MoneyCommon


@tagged("post_install", "-at_install")
class TestDispute(MoneyCommon):
    """A payer's bank asks for a payment back, from the first letter to the last."""

    def test_a_chargeback_opens_the_bill_again_and_books_the_fee(self):
        tx, data = self.disputed()
        dispute = self.follow(data)
        self.assertEqual(dispute.state, "needs_response")
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertTrue(self.bill.therapy_is_disputed)
        self.assertEqual(self.ledger(), 10000)
        self.assertEqual(dispute.cost, 15.0)
        self.assertEqual(self.balance("dispute"), 1500)
        self.assertEqual(self.clearing(), -1500)
        self.assertEqual(tx.payment_id.move_id.state, "posted")
        activity = dispute.activity_ids
        self.assertIn("in time", activity.summary)
        self.assertEqual(
            activity.date_deadline, self.company._therapy_local_date(dispute.due_by)
        )

    def test_events_in_any_order_and_number_give_one_result(self):
        kinds = ("created", "funds_withdrawn", "updated")
        for order in [*permutations(kinds), ("created", "created", "funds_withdrawn")]:
            with self.subTest(order=order):
                self.bill = self._create_bill(100.0)
                self.env["therapy.dispute"].search([]).charging_resumed = True
                before = self.balance("dispute")
                _tx, data = self.disputed()
                dispute = self.follow(data, *order)
                self.assertEqual(len(dispute), 1)
                self.assertEqual(self.balance("dispute") - before, 1500)
                self.assertEqual(self.bill.amount_residual, 100.0)

    def test_won_the_money_comes_back_and_pays_the_bill(self):
        tx, data = self.disputed()
        self.follow(data)
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        dispute = self.follow(data, "funds_reinstated", "closed")
        self.assertEqual(dispute.state, "won")
        self.assertEqual(self.bill.amount_residual, 0.0)
        self.assertFalse(self.bill.therapy_is_disputed)
        self.assertEqual(self.balance("dispute"), 0)
        self.assertEqual(self.ledger(), 0)
        self.assertEqual(self.clearing(), 10000)
        self.assertFalse(dispute.activity_ids)
        self.assertFalse(tx.payment_id.therapy_credit_cause)

    def test_won_after_the_bill_was_paid_otherwise_leaves_a_credit(self):
        _tx, data = self.disputed()
        dispute = self.follow(data)
        dispute.with_user(
            self.env.ref("base.user_admin")
        ).sudo().charging_resumed = True
        self.paid()
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        self.follow(data, "closed")
        self.assertEqual(self.ledger(), -10000)

    def test_lost_the_bill_stays_open_and_somebody_is_asked(self):
        _tx, data = self.disputed()
        self.follow(data)
        self.sandbox.control("POST", f"disputes/{data['id']}/lose")
        dispute = self.follow(data, "closed", "updated")
        self.assertEqual(dispute.state, "lost")
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertFalse(self.bill.therapy_is_disputed)
        self.assertIn("collect", dispute.activity_ids.summary)
        self.assertEqual(len(dispute.activity_ids), 1)
        self.assertEqual(self.balance("dispute"), 1500)

    def test_a_disputed_prepayment_is_no_credit_any_more(self):
        tx = self.prepaid()
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "disputes/create", body)
        data = data.get("dispute", data)
        dispute = self.follow(data)
        self.assertTrue(dispute.withdrawal_move_id)
        self.assertEqual(self.payer.therapy_credit_amount, 0.0)
        self.assertEqual(self.ledger(), 10000)
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        self.follow(data, "closed")
        self.assertEqual(self.payer.therapy_credit_amount, 100.0)
        self.assertEqual(self.ledger(), 0)

    def test_money_taken_again_after_it_was_won_opens_the_bill_again(self):
        tx, data = self.disputed()
        self.follow(data)
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        dispute = self.follow(data, "closed")
        self.assertEqual(self.bill.amount_residual, 0.0)
        won = self.provider._therapy_stripe_get_adapter().retrieve_dispute(data["id"])
        rows = won["balance_transactions"]
        later = rows[-1]["created"] + 5
        again = {**rows[0], "id": "txn_again", "created": later}
        lost = {**won, "status": "lost", "balance_transactions": [*rows, again]}
        for _time in range(2):
            dispute._therapy_stripe_take(tx, lost)
            self.assertEqual(dispute.state, "lost")
            self.assertEqual(len(dispute.entry_ids), 3)
            self.assertEqual(self.bill.amount_residual, 100.0)
            self.assertEqual(self.ledger(), 10000)
            self.assertEqual(self.balance("dispute"), 1500)
            self.assertEqual(self.clearing(), -1500)
            self.assertIn("collect", dispute.activity_ids.summary)
            self.assertTrue(tx._therapy_get_refund_problem())
        dispute._therapy_stripe_take(tx, won)  # An old answer that comes late.
        self.assertEqual((dispute.state, len(dispute.entry_ids)), ("lost", 3))
        back = {**rows[1], "id": "txn_back", "created": later + 5}
        won["balance_transactions"] = [*rows, again, back]
        dispute._therapy_stripe_take(tx, won)
        self.assertEqual((dispute.state, len(dispute.entry_ids)), ("won", 4))
        self.assertEqual(self.bill.amount_residual, 0.0)
        self.assertEqual((self.ledger(), self.clearing()), (0, 10000))

    def test_an_appeal_after_it_was_lost_has_a_deadline_again(self):
        tx, data = self.disputed()
        self.follow(data)
        self.sandbox.control("POST", f"disputes/{data['id']}/lose")
        dispute = self.follow(data, "closed")
        lost = self.provider._therapy_stripe_get_adapter().retrieve_dispute(data["id"])
        dispute._therapy_stripe_take(tx, {**lost, "status": "appeal_needs_response"})
        self.assertEqual(dispute.state, "needs_response")
        self.assertIn("in time", dispute.activity_ids.summary)
        self.assertTrue(self.bill.therapy_is_disputed)
        dispute._therapy_stripe_take(tx, lost)
        self.assertEqual(dispute.state, "lost")
        self.assertIn("collect", dispute.activity_ids.summary)
        self.assertFalse(self.bill.therapy_is_disputed)

    def test_an_inquiry_moves_no_money(self):
        tx, data = self.disputed(inquiry=True)
        dispute = self.follow(data)
        self.assertEqual(dispute.state, "inquiry")
        self.assertEqual(self.bill.amount_residual, 0.0)
        self.assertFalse(dispute.withdrawal_move_id)
        self.assertEqual(tx.payment_id.therapy_credit_cause, "disputed")
        self.sandbox.control("POST", f"disputes/{data['id']}/escalate")
        self.follow(data, "updated")
        self.assertEqual(dispute.state, "needs_response")
        self.assertEqual(self.bill.amount_residual, 100.0)

    def test_charging_is_paused_until_a_manager_resumes_it(self):
        _tx, data = self.disputed()
        dispute = self.follow(data)
        other = self._create_bill(50.0)
        token = self._save_card()
        with self.assertRaisesRegex(ValidationError, "paused"):
            self._charge(other, token)
        with self.assertRaises(UserError):
            dispute.with_user(self.biller).action_resume_charging()
        manager = self.new_manager()
        dispute.with_user(manager).action_resume_charging()
        self.assertEqual(self._charge(other, token).state, "done")

    def test_a_dispute_pauses_who_paid_and_not_whom_the_bill_is_on(self):
        other = self.env["res.partner"].create({"name": "Alex Parent"})
        own = self._save_card()
        card = self._save_card("pm_card_mastercard", other)
        spare = self._save_card("pm_card_visa", other)
        transactions = self.env["payment.transaction"]
        tx = transactions.browse(
            transactions._therapy_charge(card, [(self.bill.id, 30.0)], paid_by=other)
        )
        self._post_process(tx)
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "disputes/create", body)
        dispute = self.follow(data.get("dispute", data))
        self.assertEqual(dispute.partner_id, other)
        self.assertEqual(dispute.bill_ids, self.bill)
        self.assertTrue(self.bill.therapy_is_disputed)
        self.assertEqual(self.ledger(), 10000, "the bill's partner owes it again")
        shown = self.bill.message_ids.filtered(lambda m: not m.subtype_id.internal)
        self.assertNotIn(other.name, "".join(shown.mapped("body")))
        lines = dispute.withdrawal_move_id.line_ids
        self.assertNotIn(other, lines.partner_id)
        self.assertEqual(self._charge(self._create_bill(50.0), own).state, "done")
        with self.assertRaisesRegex(ValidationError, "paused"):
            self._charge(self._create_bill(50.0, other), spare)

    def test_nobody_can_pay_or_credit_a_disputed_bill(self):
        _tx, data = self.disputed()
        self.follow(data)
        with self.assertRaisesRegex(ValidationError, "looking at an earlier payment"):
            self._create_tx(self.bill)
        self.assertFalse(self.bill._therapy_takes_credits())
        self.assertFalse(self.bill.therapy_can_charge)
        self.bill.therapy_dispute_ids.with_user(
            self.new_manager()
        ).action_resume_charging()
        self.assertTrue(self.bill.therapy_can_charge)

    def test_a_disputed_payment_is_not_given_back_as_well(self):
        tx, data = self.disputed()
        self.follow(data)
        with self.assertRaisesRegex(ValidationError, "disputes"):
            tx._therapy_refund(10.0, "reopen")

    def test_a_dispute_of_a_payment_partly_given_back(self):
        tx = self.paid()
        self.give_back(tx, 40.0)
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "disputes/create", body)
        data = data.get("dispute", data)
        self.follow(data)
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertEqual(self.ledger(), 10000)

    def test_a_dispute_known_before_the_payment_books_both(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        charge = self.provider._therapy_stripe_get_adapter().retrieve_payment_intent(
            tx.provider_reference
        )["latest_charge"]["id"]
        data = self.sandbox.control("POST", "disputes/create", {"charge": charge})
        data = data.get("dispute", data)
        self.assertEqual(tx.state, "draft")
        self.follow(data)
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.ledger(), 10000)

    def test_an_early_warning_of_fraud_asks_a_person_once(self):
        tx = self.paid()
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "fraud_warnings/create", body)
        data = data.get("warning", data)
        for kind in ("created", "updated"):
            self.event(f"radar.early_fraud_warning.{kind}", data["id"])
        self.assertEqual(len(tx.payment_id.activity_ids), 1)
        self.assertIn("fraud", tx.payment_id.activity_ids.summary)
        self.give_back(tx)
        self.event("radar.early_fraud_warning.updated", data["id"])
        self.assertFalse(tx.payment_id.activity_ids)

    # === BANK DEBITS === #

    def save_bank(self, account):
        """Return the token of a bank account that its holder allowed to debit."""
        customer = self.env["therapy.stripe.customer"]._get_ref(
            self.provider, self.payer
        )
        intent = self.provider._therapy_stripe_get_adapter().create_setup_intent(
            {
                "customer": customer,
                "allowed_payment_method_types": ["us_bank_account"],
                "payment_method": account,
                "confirm": True,
                "usage": "off_session",
                "mandate_data": {
                    "customer_acceptance": {"type": "offline", "offline": {}}
                },
            },
            f"bank-{account}",
        )
        method = self.env.ref("payment.payment_method_ach_direct_debit")
        method.active = True
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": method.id,
                "partner_id": self.payer.id,
                "provider_ref": customer,
                "stripe_payment_method": intent["payment_method"],
                "stripe_mandate": intent["mandate"],
                "payment_details": "6789",
            }
        )

    def pass_days(self, days):
        seconds = days * 24 * 3600
        self.sandbox.control("POST", "clock/advance", {"seconds": seconds})

    def test_a_bank_debit_that_comes_back_opens_its_bill_on_that_day(self):
        tx = self._charge(self.bill, self.save_bank("pm_usBankAccount_dispute"))
        self.assertEqual(tx.state, "pending")
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.pass_days(5)
        self.event("payment_intent.succeeded", tx.provider_reference)
        self.book()
        self.assertEqual(tx.state, "done")
        self.pass_days(5)
        adapter = self.provider._therapy_stripe_get_adapter()
        [data] = adapter.list_disputes(0)
        payment = tx.payment_id
        dispute = self.follow(data, "created", "funds_withdrawn", "closed")
        self.assertEqual(dispute.state, "lost")
        self.assertEqual(self.bill.amount_residual, 100.0)
        self.assertFalse(self.bill.therapy_is_disputed)
        self.assertEqual(payment.move_id.state, "posted", "the past is not edited")
        self.assertGreaterEqual(dispute.withdrawal_move_id.date, payment.date)
        self.assertEqual(self.ledger(), 10000)
        self.assertIn("collect", dispute.activity_ids.summary)
