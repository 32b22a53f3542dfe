from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .money import PayoutCommon


@tagged("post_install", "-at_install")
class TestPayoutDiffers(PayoutCommon):
    """Money at Stripe that the books do not know, and payouts without a list."""

    def pay_out_by_hand(self, cents):
        adapter = self.provider._therapy_stripe_get_adapter()
        params = {"amount": cents, "currency": "usd"}
        data = adapter.raw("POST", "payouts", params, f"by hand {cents}")
        self.sandbox.control("POST", f"payouts/{data['id']}/pay")
        return data["id"]

    def succeed_unheard(self, amount):
        """Let a payer pay what we gave up, without a word of it to us."""
        tx = self._create_tx(self._create_bill(amount))
        tx._get_processing_values()
        self._confirm(tx)
        tx._set_canceled()
        return tx

    # === MONEY OF A PAYMENT THAT WAS GIVEN UP === #

    def test_money_of_a_payment_given_up_is_found_and_never_taken_for_a_fee(self):
        self.paid()
        tx = self.succeed_unheard(20.0)
        payout = self.pay_out()
        self.assertEqual(payout.booking, "problem")
        self.assertIn("not in the books", payout.problem)
        self.assertEqual(self.balance("processor"), 0)
        kinds = set(self.check().line_ids.mapped("kind"))
        self.assertEqual(kinds, {"movement", "payout"})
        tx._therapy_stripe_refresh()
        self._post_process(tx)
        payout.action_book()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.check().state, "good")

    def test_a_payment_whose_event_is_on_its_way_is_no_difference_yet(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        self.pass_days(0.01)
        self.read()
        self.assertEqual(tx.state, "draft")
        self.assertEqual(self.balances.search([]).transaction_id, tx)
        self.assertEqual(self.check().state, "good")
        self.assertIn("not in the books", self.pay_out().problem)

    def test_a_bank_debit_that_failed_leaves_only_its_fee(self):
        method = self.env.ref("payment.payment_method_ach_direct_debit")
        method.active = True
        self.provider.payment_method_ids = [Command.link(method.id)]
        self.bill = self._create_bill(300.0)
        self.paid(amount=300.0)
        token = self._save_card()
        token.write(self._debit("pm_usBankAccount_insufficientFunds"))
        bill = self._create_bill(50.0)
        tx = self._charge(bill, token)
        self.assertEqual(tx.state, "pending")
        self.pass_days(5)
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "error")
        self.assertIn("money in the bank account", tx.state_message)
        payout = self.pay_out() or self.payouts.search([])
        self.assertEqual(set(payout.mapped("booking")), {"booked"}, payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.check().state, "good")

    def _debit(self, account):
        """Return the values of a token that debits a test account."""
        customers = self.env["therapy.stripe.customer"]
        customer = customers._get_ref(self.provider, self.payer)
        accepted = {"type": "offline", "offline": {}}
        intent = self.provider._therapy_stripe_get_adapter().create_setup_intent(
            {
                "customer": customer,
                "allowed_payment_method_types": ["us_bank_account"],
                "payment_method": account,
                "confirm": True,
                "usage": "off_session",
                "mandate_data": {"customer_acceptance": accepted},
            },
            f"bank {account}",
        )
        return {
            "method_kind": "us_bank_account",
            "payment_method_id": self.env.ref(
                "payment.payment_method_ach_direct_debit"
            ).id,
            "stripe_payment_method": intent["payment_method"],
            "stripe_mandate": intent["mandate"],
        }

    # === PAYOUTS BY HAND === #

    def test_a_payout_by_hand_waits_for_a_manager_and_stops_no_other(self):
        settings = {"available_days": 0, "payout_interval": "manual"}
        self.sandbox.control("POST", "settings", settings)
        self.paid()
        self.pass_days(1)
        ref = self.pay_out_by_hand(1000)
        self.assertEqual(self.event("payout.paid", ref).state, "done")
        by_hand = self.payouts.search([("payout_ref", "=", ref)])
        self.assertIn("by hand", by_hand.problem)
        self.assertFalse(by_hand.move_id)
        automatic = self.pay_out()
        self.assertIn("not in the books", automatic.problem)
        self.assertEqual(set(self.check().line_ids.mapped("kind")), {"payout"})
        by_hand.with_user(self.new_manager()).action_book_anyway()
        self.assertEqual(self.transfer(), 1000)
        self.assertEqual(self.clearing(), 9000)
        automatic.action_book()
        self.assertEqual(automatic.booking, "booked", automatic.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.transfer(), 9680)
        self.assertEqual(self.check().state, "good")

    # === WHAT CANNOT BE DONE NOW === #

    def test_a_payout_that_the_books_refuse_says_why_and_stops_nothing(self):
        self.paid()
        self.company.transfer_account_id.active = False
        payout = self.pay_out()
        self.assertEqual(payout.booking, "problem")
        self.assertIn("archived", payout.problem)
        self.assertIn("payout", self.check().line_ids.mapped("kind"))
        self.company.transfer_account_id.active = True
        payout.action_book()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)

    def test_a_payout_that_cannot_be_read_now_says_so(self):
        self.paid()
        self.sandbox.control("POST", "payouts/run", {"pending": True})
        self.read()
        payout = self.payouts.search([])
        self.assertFalse(payout.move_id)
        self.pass_days(2)
        payout.state = "paid"
        silence = {"match": {"method": "GET"}, "do": "status", "status": 500}
        self.sandbox.control("POST", "faults", {**silence, "times": 9})
        with self.assertRaisesRegex(UserError, "could not be asked"):
            payout.action_book()

    def test_money_in_a_currency_that_is_switched_off_here_is_read(self):
        euro = self.env.ref("base.EUR")
        euro.active = False
        self.assertEqual(self.balances._get_currency("eur"), euro)
