import itertools
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TherapyStripeCommon

DECLINE_LOG = "odoo.addons.therapy_billing.models.payment_transaction_decline"
WORK_LOG = "odoo.addons.therapy_billing.models.therapy_charge_run_work"


@tagged("post_install", "-at_install")
class TestChargeRun(TherapyStripeCommon):
    """Many bills at once: credits, cards, declines, pace, stop, resume (M4, M9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.therapy_charge_rate = 100

    def _create_run(self, bills, **vals):
        action = bills.with_user(self.biller).action_therapy_charge_run()
        run = self.env["therapy.charge.run"].browse(action["res_id"])
        run.write(vals)
        return run

    def _work(self, run):
        run.with_user(self.biller).action_start()
        self.env["therapy.charge.run"]._cron_charge()
        self.env.invalidate_all()

    def _charge_bills(self, bills, **vals):
        run = self._create_run(bills, **vals)
        self._work(run)
        return run

    def _create_bills(self, count, amount=100.0):
        bills = self.env["account.move"]
        for number in range(count):
            bills |= self._create_bill(amount + number)
        return bills

    # === THE RUN === #

    def test_a_run_charges_each_bill_once_and_posts_it(self):
        self._save_card()
        bills = self._create_bills(5)
        run = self._charge_bills(bills)
        self.assertEqual(run.state, "done")
        self.assertEqual(run.item_ids.mapped("state"), ["done"] * 5)
        self.assertEqual(self.sandbox.captured(), 51000)
        self.assertAlmostEqual(run.charged_amount, 510.0)
        self.assertEqual(run.progress, 100.0)
        self.assertFalse(any(bills.mapped("amount_residual")))
        self.assertEqual(len(bills.reconciled_payment_ids), 5)
        with self.assertRaises(UserError):
            run.with_user(self.biller).action_start()
        self._run_job()
        self.assertEqual(self.sandbox.captured(), 51000)

    def test_the_same_bill_in_two_runs_is_charged_once(self):
        self._save_card()
        bill = self._create_bill()
        first, second = self._create_run(bill), self._create_run(bill)
        self._work(first)
        self._work(second)
        self.assertEqual(first.item_ids.state, "done")
        self.assertEqual(second.item_ids.state, "skipped")
        self.assertIn("paid already", second.item_ids.message)
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_payers_without_a_card_are_left_out_until_there_is_one(self):
        bill = self._create_bill()
        run = self._create_run(bill)
        self.assertEqual(run.item_ids.state, "skipped")
        self.assertEqual(run.item_ids.message, "The payer has no card on file.")
        self._save_card()
        run.with_user(self.biller).action_retry_left_out()
        self._run_job()
        self.assertEqual(run.item_ids.state, "done")

    def _run_job(self):
        self.env["therapy.charge.run"]._cron_charge()
        self.env.invalidate_all()

    def test_bills_are_found_by_due_date(self):
        self._save_card()
        bill, later = self._create_bill(), self._create_bill()
        later.invoice_date_due = fields.Date.add(fields.Date.today(), days=40)
        bill.invoice_date_due = fields.Date.today()
        run = self.env["therapy.charge.run"].with_user(self.biller).create({})
        run.action_find_bills()
        self.assertIn(bill, run.item_ids.move_id)
        self.assertNotIn(later, run.item_ids.move_id)
        run.action_find_bills()
        self.assertEqual(len(run.item_ids.move_id), len(run.item_ids))

    def test_insurers_and_paid_bills_are_not_in_a_run(self):
        self._save_card()
        insurer = self.env["res.partner"].create({"name": "Plan", "is_insurer": True})
        paid = self._create_bill()
        self._charge(paid, self.payer._therapy_get_default_card())
        bills = self._create_bill() | self._create_bill(50.0, insurer) | paid
        run = self._create_run(bills)
        self.assertEqual(len(run.item_ids), 1)

    def test_a_bill_waits_for_its_day_of_service(self):
        self._save_card()
        run = self._create_run(self._create_bill())
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        Move = self.env.registry["account.move"]
        with patch.object(Move, "_therapy_get_earliest_charge", lambda m: tomorrow):
            self._work(run)
        self.assertEqual((run.state, run.item_ids.state), ("waiting", "todo"))
        self.assertIn("day of service", run.item_ids.message)
        self.assertFalse(self.sandbox.captured())
        with self._later(days=1, minutes=1):
            self._run_job()
        self.assertEqual(run.item_ids.state, "done")

    # === CREDITS === #

    def _give_credit(self, amount):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.payer.id,
                "amount": amount,
                "journal_id": self.env["account.journal"]
                .search(
                    [("type", "=", "cash"), ("company_id", "=", self.company.id)],
                    limit=1,
                )
                .id,
            }
        )
        payment.action_post()
        return payment

    def test_credits_are_used_before_the_card(self):
        self._save_card()
        self._give_credit(130.0)
        bills = self._create_bills(2)
        run = self._charge_bills(bills, use_credits=True)
        self.assertEqual(run.item_ids.mapped("state"), ["credit", "done"])
        self.assertEqual(run.item_ids.mapped("credit_amount"), [100.0, 30.0])
        self.assertEqual(self.sandbox.captured(), 7100)
        self.assertFalse(any(bills.mapped("amount_residual")))

    def test_credits_stay_where_the_run_says_so(self):
        self._save_card()
        self._give_credit(130.0)
        self._charge_bills(self._create_bill(), use_credits=False)
        self.assertEqual(self.sandbox.captured(), 10000)

    # === DECLINES === #

    def test_a_decline_that_may_pass_is_tried_on_days_3_7_and_14(self):
        self._save_card("pm_card_chargeCustomerFail")
        run = self._charge_bills(self._create_bill())
        item, tries = run.item_ids, []
        first = item.first_try_at
        for day in (3, 7, 14):
            self.assertEqual((item.state, run.state), ("retry", "waiting"))
            tries.append((item.next_try_at - first).days)
            with self._later(days=day, hours=1):
                self._run_job()
        self.assertEqual(tries, [3, 7, 14])
        self.assertEqual((item.state, item.tries), ("failed", 4))
        self.assertEqual(run.state, "done")
        self.assertEqual(len(item.transaction_ids), 4)
        self.assertFalse(self.sandbox.captured())

    def test_nothing_is_tried_before_its_day(self):
        self._save_card("pm_card_chargeCustomerFail")
        run = self._charge_bills(self._create_bill())
        with self._later(days=2):
            self._run_job()
        self.assertEqual(run.item_ids.tries, 1)

    def _decline(self, **codes):
        """Charge with an answer of the bank's that no test card gives."""
        token = self._save_card("pm_card_chargeCustomerFail")
        Transaction = self.env.registry["payment.transaction"]
        with patch.object(
            Transaction,
            "_therapy_get_decline_codes",
            lambda tx: list(codes.values()),
        ):
            run = self._charge_bills(self._create_bill())
        return token, run

    def test_a_hard_decline_is_never_tried_again_by_any_run(self):
        token, run = self._decline(decline="stolen_card")
        self.assertEqual(run.item_ids.state, "failed")
        self.assertEqual(run.state, "done")
        self.assertEqual(run.item_ids.transaction_id.therapy_decline_class, "never")
        self.assertTrue(token.therapy_pause_reason)
        before = len(self.sandbox.intents())
        other = self._charge_bills(self._create_bill())
        self.assertEqual(other.item_ids.state, "skipped")
        self.assertEqual(other.item_ids.message, token.therapy_pause_reason)
        self.assertEqual(len(self.sandbox.intents()), before)
        token.with_user(self.biller).action_therapy_unpause()
        self.assertFalse(token.therapy_pause_reason)

    def test_the_same_card_saved_by_another_payer_is_paused_too(self):
        token, _run = self._decline(decline="lost_card")
        twin = (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "partner_id": self.patient.id,
                    "provider_ref": "cus_other",
                    "stripe_payment_method": "pm_other",
                    "fingerprint": token.sudo().fingerprint,
                }
            )
        )
        self.assertEqual(twin._therapy_get_charge_problem(), token.therapy_pause_reason)

    def test_the_strictest_code_decides(self):
        Rule = self.env["therapy.decline.rule"]
        for codes, expected in (
            (["generic_decline"], "wait"),
            (["do_not_try_again", "generic_decline"], "never"),
            (["confirm_card_data", "incorrect_cvc"], "new_card"),
            (["authentication_required", "do_not_try_again"], "payer"),
            (["something_new"], "wait"),
        ):
            self.assertEqual(Rule._find("stripe", codes).decline_class, expected)

    def test_eight_declines_of_a_card_in_30_days_are_enough(self):
        token = self._save_card("pm_card_chargeCustomerFail")
        for _try in range(8):
            self.assertFalse(token._therapy_get_charge_problem())
            self._charge(self._create_bill(), token)
        self.assertIn("8 times in 30 days", token._therapy_get_charge_problem())
        with self._later(days=31):
            self.assertFalse(token._therapy_get_charge_problem())

    def test_the_bank_asks_for_the_payer_and_a_biller_is_told(self):
        self._save_card("pm_card_authenticationRequired")
        self.payer.email = False  # Where a link can be sent, that is done instead.
        bill = self._create_bill()
        run = self._charge_bills(bill)
        self.assertEqual(run.item_ids.state, "failed")
        activity = bill.activity_ids
        self.assertEqual(activity.user_id, self.biller)
        self.assertIn("approve", activity.summary)
        self.assertIn(bill.name, activity.note)
        self.assertEqual(self.sandbox.intents()[-1]["status"], "canceled")

    def test_a_mail_that_cannot_be_sent_does_not_lose_the_result(self):
        self._save_card("pm_card_authenticationRequired")
        Transaction = self.env.registry["payment.transaction"]

        def fail(tx):
            raise ValueError("no mail")

        with (
            patch.object(Transaction, "_therapy_ask_payer", fail),
            self.assertLogs(DECLINE_LOG, "ERROR"),
        ):
            run = self._charge_bills(self._create_bill())
        self.assertEqual(run.item_ids.transaction_id.state, "error")
        self.assertEqual(run.item_ids.state, "failed")

    def test_an_intent_left_open_is_closed_before_the_next_try(self):
        card = self._save_card("pm_card_authenticationRequired")
        bill = self._create_bill()
        self.sandbox.fault("drop_before", "/cancel$", times=10)
        tx = self._charge(bill, card)
        self.assertTrue(tx.therapy_stripe_open_intent)
        good = self._save_card()
        refused = self._charge(bill, good)
        self.assertEqual(refused.state, "error")
        self.assertIn("earlier try", refused.state_message)
        self.sandbox.heal()
        self.assertEqual(self._charge(bill, good).state, "done")
        self.assertFalse(tx.therapy_stripe_open_intent)
        statuses = [intent["status"] for intent in self.sandbox.intents()]
        self.assertEqual(statuses, ["canceled", "succeeded"])

    # === PACE, STORMS, BREAKER === #

    def test_the_pace_is_kept_by_all_processes_together(self):
        self.provider.therapy_charge_rate = 10
        throttle = self.env["therapy.charge.throttle"]
        first = throttle._take(self.provider.id, 5, 1000.0)
        second = throttle._take(self.provider.id, 5, 1000.0)
        gaps = [b - a for a, b in itertools.pairwise(first + second)]
        for gap in gaps:
            self.assertAlmostEqual(gap, 0.1, places=3)
        throttle._slow_down(self.provider.id, 1000.0)
        third = throttle._take(self.provider.id, 2, 1000.0)
        self.assertGreater(third[1] - third[0], 0.19)

    def test_the_default_pace_is_15_live_and_8_in_test_mode(self):
        self.provider.therapy_charge_rate = 0
        self.assertEqual(self.provider._therapy_get_charge_rate(), 8)
        with patch.object(type(self.provider), "state", "enabled"):
            self.assertEqual(self.provider._therapy_get_charge_rate(), 15)

    def test_too_many_requests_are_sent_again_with_the_same_key(self):
        self._save_card()
        bills = self._create_bills(3)
        self.sandbox.fault("status", status=429)
        run = self._charge_bills(bills)
        self.assertEqual(run.item_ids.mapped("state"), ["done"] * 3)
        rows = self.sandbox.requests("/v1/payment_intents", "POST")
        self.assertEqual(len({row["idempotency_key"] for row in rows}), 3)
        self.assertEqual(self.sandbox.captured(), 30300)
        pace = self.env["therapy.charge.throttle"].search([])
        self.assertLess(pace.pace, 1.0)

    def test_wrong_keys_stop_the_run_and_say_so(self):
        self._save_card()
        bills = self._create_bills(12)
        self.env["ir.config_parameter"].set_param("therapy_billing.charge_threads", 2)
        self.provider.stripe_secret_key = "sk_test_invalid"
        run = self._charge_bills(bills)
        self.assertEqual(run.state, "paused")
        self.assertIn("keys", run.pause_reason)
        self.assertEqual(run.activity_ids.user_id, self.biller)
        states = set(run.item_ids.mapped("state"))
        self.assertIn("todo", states, "most were not even tried")
        self.provider.stripe_secret_key = "sk_test_therapy"
        run.with_user(self.biller).action_go_on()
        self._run_job()
        self.assertEqual(set(run.item_ids.mapped("state")), {"done"})

    def test_answers_that_get_lost_pause_the_run_and_are_found_later(self):
        self._save_card()
        bills = self._create_bills(24)
        self.sandbox.fault("drop_after", times=1000)
        run = self._charge_bills(bills)
        self.assertEqual(run.state, "paused")
        self.sandbox.heal()
        with self._later(minutes=5):
            self.env["payment.transaction"]._cron_therapy_stripe_resolve()
            self.env["payment.transaction"]._cron_post_process()
            run.with_user(self.biller).action_go_on()
            self._run_job()
        self.assertEqual(set(run.item_ids.mapped("state")), {"done"})
        self.assertAlmostEqual(
            self.sandbox.captured(), 100 * sum(bills.mapped("amount_total")), places=3
        )
        self.assertFalse(any(bills.mapped("amount_residual")))

    # === STOP AND RESUME === #

    def test_a_stopped_run_charges_nobody_else(self):
        self._save_card()
        run = self._create_run(self._create_bills(3))
        run.with_user(self.biller).action_start()
        run.with_user(self.biller).action_stop()
        self._run_job()
        self.assertEqual(run.state, "stopped")
        self.assertFalse(self.sandbox.captured())
        run.with_user(self.biller).action_go_on()
        self._run_job()
        self.assertEqual(run.state, "done")

    def test_a_run_that_died_after_reserving_is_settled_by_the_resolver(self):
        self._save_card()
        run = self._create_run(self._create_bills(3))
        run.with_user(self.biller).action_start()
        count, calls = run._reserve_batch(2)  # And then the process is killed.
        self.assertEqual((count, len(calls)), (2, 2))
        self._run_job()
        self.assertEqual(run.state, "waiting")
        self.assertEqual(run.item_ids.mapped("state"), ["sent", "sent", "done"])
        with self._later(minutes=5):
            self.env["payment.transaction"]._cron_therapy_stripe_resolve()
            self.env["payment.transaction"]._cron_post_process()
            self._run_job()
        self.assertEqual(run.state, "done")
        self.assertEqual(self.sandbox.captured(), 30300)

    def test_cores_own_job_leaves_a_charge_in_flight_alone(self):
        self._save_card()
        bill = self._create_bill()
        run = self._create_run(bill)
        run.with_user(self.biller).action_start()
        _count, [(tx_id, _provider, call)] = run._reserve_batch(1)
        transactions = self.env["payment.transaction"]
        transactions._cron_post_process()
        tx = transactions.browse(tx_id)
        self.assertEqual(tx.state, "draft")
        self.assertFalse(tx.is_post_processed)
        self.assertEqual(bill._therapy_get_payable_amount(), 0.0)
        self.assertFalse(transactions._therapy_record_answers([(tx_id, call())]))
        run._post([tx_id])
        run._post([tx_id])  # Twice changes nothing.
        transactions._cron_post_process()
        self.assertEqual(len(bill.reconciled_payment_ids), 1)
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_a_call_that_was_made_twice_is_one_charge(self):
        self._save_card()
        run = self._create_run(self._create_bill())
        run.with_user(self.biller).action_start()
        _count, [(tx_id, _provider, call)] = run._reserve_batch(1)
        call()
        answer = call()
        self.env["payment.transaction"]._therapy_record_answers([(tx_id, answer)])
        self.assertEqual(self.sandbox.captured(), 10000)
        self.assertEqual(len(self.sandbox.intents()), 1)

    def test_a_bug_while_recording_loses_nothing(self):
        self._save_card()
        run = self._create_run(self._create_bill())
        Transaction = self.env.registry["payment.transaction"]

        def fail(tx, answer):
            raise ValueError("bug")

        with (
            patch.object(Transaction, "_therapy_record_answer", fail),
            self.assertLogs(WORK_LOG, "ERROR"),
        ):
            self._work(run)
        self.assertEqual(run.item_ids.state, "sent")
        with self._later(minutes=5):
            self.env["payment.transaction"]._cron_therapy_stripe_resolve()
        self.assertEqual(run.item_ids.state, "done")
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_a_card_removed_meanwhile_is_replaced_by_the_new_default(self):
        old = self._save_card()
        run = self._create_run(self._create_bill())
        new = self._save_card("pm_card_mastercard")
        old.sudo().active = False
        self._work(run)
        self.assertEqual(run.item_ids.state, "done")
        self.assertEqual(run.item_ids.token_id, new)

    @mute_logger("odoo.models.unlink")
    def test_a_run_that_charged_is_kept(self):
        self._save_card()
        run = self._charge_bills(self._create_bill())
        with self.assertRaisesRegex(Exception, "cannot be deleted"):
            run.unlink()
        self._create_run(self._create_bill()).unlink()
