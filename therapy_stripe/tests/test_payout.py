from datetime import timedelta

from odoo.tests import tagged

from .money import PayoutCommon


@tagged("post_install", "-at_install")
class TestPayout(PayoutCommon):
    """Stripe's balance, payouts and the nightly check, to the cent."""

    # === THE BALANCE === #

    def test_fees_are_known_as_soon_as_stripe_writes_them(self):
        tx = self.paid()
        self.pass_days(0.01)
        self.read()
        row = self.balances.search([])
        self.assertEqual(row.transaction_id, tx)
        self.assertEqual((row.amount, row.fee, row.net), (100.0, 3.2, 96.8))
        self.read()
        self.assertEqual(len(self.balances.search([])), 1)

    def test_amounts_have_the_decimals_that_stripe_gives_a_currency(self):
        for name, sent in (("ISK", 1000000), ("UGX", 1000000), ("JPY", 10000)):
            with self.subTest(name):
                currency = self.balances._get_currency(name)
                row = {
                    "id": f"txn_{name}",
                    "type": "charge",
                    "reporting_category": "charge",
                    "source": f"ch_{name}",
                    "currency": name.lower(),
                    "amount": sent,
                    "fee": sent // 10,
                    "net": sent - sent // 10,
                    "created": 1790000000,
                    "available_on": 1790000000,
                }
                vals = self.balances._prepare_vals(self.provider, row, currency)
                amounts = (vals["amount"], vals["fee"], vals["net"])
                self.assertEqual(amounts, (10000.0, 1000.0, 9000.0))
                data = {
                    "id": f"po_{name}",
                    "currency": name.lower(),
                    "status": "pending",
                    "amount": sent,
                    "arrival_date": 1790000000,
                    "created": 1790000000,
                    "automatic": True,
                    "reconciliation_status": "in_progress",
                }
                self.assertEqual(
                    self.payouts._take(self.provider, data).amount, 10000.0
                )

    # === PAYOUTS === #

    def test_a_payout_brings_the_clearing_account_to_zero(self):
        tx = self.paid()
        self.give_back(tx, 30.0)
        self.bill = self._create_bill(50.0)
        self.paid(amount=50.0)
        payout = self.pay_out()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(payout.gross_amount, 120.0)
        self.assertAlmostEqual(payout.fee_amount, 3.2 + 1.75)
        self.assertEqual(self.clearing(), 0)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.balance("processor"), 495)
        self.assertEqual(self.transfer(), 12000 - 495)
        move = payout.move_id
        self.assertEqual(move.state, "posted")
        self.read()
        self.assertEqual(payout.move_id, move)
        check = self.check()
        self.assertEqual(check.state, "good", check.line_ids.mapped("name"))

    def test_a_fee_of_the_practice_and_a_failed_refund_clear_too(self):
        tx = self.paid("pm_card_refundFail")
        refund = self.give_back(tx)
        self.pass_days(0.1)
        self.event("refund.failed", refund.provider_reference)
        payout = self.pay_out()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)

    def test_disputes_clear_with_their_fees(self):
        tx = self.paid()
        self.bill = self._create_bill(300.0)
        self.paid(amount=300.0)
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "disputes/create", body)
        data = data.get("dispute", data)
        self.event("charge.dispute.created", data["id"])
        payout = self.pay_out()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.balance("dispute"), 1500)
        self.sandbox.control("POST", f"disputes/{data['id']}/win")
        self.event("charge.dispute.closed", data["id"])
        payout = self.pay_out()
        self.assertEqual(payout.booking, "booked", payout.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.balance("dispute"), 0)
        self.assertEqual(self.check().state, "good")

    def test_a_payout_that_the_bank_sends_back_is_booked_back(self):
        self.paid()
        payout = self.pay_out()
        self.assertEqual(self.transfer(), 9680)
        self.sandbox.control("POST", f"payouts/{payout.payout_ref}/fail")
        self.event("payout.failed", payout.payout_ref)
        self.read()
        self.assertEqual(payout.state, "failed")
        self.assertTrue(payout.return_move_id)
        self.assertEqual(self.transfer(), 0)
        self.assertEqual(self.clearing(), 9680)
        again = self.pay_out()
        self.assertEqual(again.booking, "booked", again.problem)
        self.assertEqual(self.clearing("amount_residual"), 0)
        self.assertEqual(self.transfer(), 9680)
        self.assertEqual(self.check().state, "good")

    def test_a_payout_with_money_that_is_not_ours_waits_and_tells_a_manager(self):
        self.paid()
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.create_payment_intent(
            {
                "amount": 5000,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types": ["card"],
            },
            "other",
        )
        payout = self.pay_out()
        self.assertEqual(payout.booking, "problem")
        self.assertIn("not in the books", payout.problem)
        self.assertEqual(len(payout.activity_ids), 1)
        self.read()
        self.assertEqual(len(payout.activity_ids), 1)
        check = self.check()
        self.assertEqual(set(check.line_ids.mapped("kind")), {"movement", "payout"})
        payout.action_book_anyway()
        self.assertEqual(payout.booking, "booked")
        self.assertEqual(self.clearing("amount_residual"), -5000)

    def test_a_payout_can_be_read_by_its_event(self):
        self.paid()
        data = self.sandbox.control("POST", "payouts/run", {"pending": True})
        self.pass_days(0.02)
        ref = data["payouts"][0]["id"]
        for kind in ("reconciliation_completed", "paid", "created"):
            self.assertEqual(self.event(f"payout.{kind}", ref).state, "done")
        payout = self.payouts.search([("payout_ref", "=", ref)])
        self.assertEqual(payout.booking, "booked", payout.problem)

    def test_a_payout_of_a_closed_month_is_dated_on_the_first_open_day(self):
        self.paid()
        today = self._today()
        self.company.sudo().fiscalyear_lock_date = today
        payout = self.pay_out()
        self.assertEqual(payout.move_id.date, today + timedelta(days=1))

    # === THE CHECK === #

    def test_a_good_night_has_no_rows_and_no_activity(self):
        self.paid()
        self.pass_days(0.01)
        check = self.check()
        self.assertEqual(check.state, "good", check.line_ids.mapped("name"))
        self.assertIn("Stripe", check.note)
        self.assertFalse(self.activities())

    def test_a_refund_we_missed_is_found_and_raised_once(self):
        tx = self.paid()
        self.pass_days(0.01)
        body = {"payment_intent": tx.provider_reference, "amount": 1000}
        self.sandbox.control("POST", "refunds/create", body)
        check = self.check()
        [row] = check.line_ids
        self.assertEqual(row.kind, "movement")
        self.assertEqual(row.expected, -10.0)
        self.assertEqual(row.found, 0.0)
        self.check()
        self.assertEqual(len(self.activities()), 1)
        self.assertEqual(row.action_open()["res_model"], "therapy.stripe.balance")

    def test_a_payment_that_stripe_does_not_know_is_found(self):
        tx = self.paid()
        self.pass_days(0.01)
        self.read()
        self.sandbox.reset()
        self.balances.search([]).unlink()
        with self._later(days=2):
            check = self.check()
        self.assertEqual(check.line_ids.mapped("kind"), ["missing"])
        self.assertEqual(check.line_ids.res_id, tx.id)

    def test_stripe_not_answering_is_a_row_and_no_crash(self):
        self.sandbox.control(
            "POST",
            "faults",
            {
                "match": {"method": "GET", "path_regex": "/v1/balance_trans"},
                "do": "status",
                "status": 500,
                "times": 30,
            },
        )
        self.read()
        self.assertEqual(self.check().line_ids.mapped("kind"), ["unreachable"])

    def test_without_a_clearing_account_a_payout_waits_and_says_why(self):
        self.paid()
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        lines.payment_account_id = False
        payout = self.pay_out()
        self.assertIn("Set up the journal", payout.problem)
        self.assertFalse(payout.move_id)

    def test_done_but_not_posted_is_found(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "done")
        self.pass_days(0.01)
        with self._later(hours=3):
            check = self.check()
        self.assertIn("unposted", check.line_ids.mapped("kind"))

    # === SET-UP === #

    def test_the_journal_is_set_up_for_payments_and_refunds(self):
        journal = self.env["account.journal"].create(
            {"name": "Fresh", "code": "FRS", "type": "bank"}
        )
        self.provider.journal_id = journal
        account = self.provider._therapy_stripe_get_clearing_account()
        self.assertEqual(account.account_type, "asset_current")
        self.assertTrue(account.reconcile)
        lines = journal.outbound_payment_method_line_ids
        self.assertEqual(lines.payment_account_id, account)
        self.assertEqual(
            self.provider.action_therapy_stripe_set_up_journal()["params"]["type"],
            "success",
        )
