import itertools
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_charge_run import ChargeRunCommon

WORK_LOG = "odoo.addons.therapy_billing.models.therapy_charge_run_work"


@tagged("post_install", "-at_install")
class TestChargeRunStorms(ChargeRunCommon):
    """Pace, storms, stop and resume: no charge lost or doubled (M8, M9)."""

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
