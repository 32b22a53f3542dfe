from unittest.mock import patch

from odoo.tests import tagged

from .common_charge_run import ChargeRunCommon

DECLINE_LOG = "odoo.addons.therapy_billing.models.payment_transaction_decline"


@tagged("post_install", "-at_install")
class TestChargeRunDeclines(ChargeRunCommon):
    """What a run makes of declines (M9)."""

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
        twin.with_user(self.biller).action_therapy_unpause()
        self.assertFalse(token._therapy_get_charge_problem())

    def test_an_error_of_the_database_is_told_in_plain_words(self):
        self._save_card("pm_card_visa")
        run = self._create_run(self._create_bill())
        self.env["payment.transaction"].sudo().create(  # sudo: as the provider's code
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "reference": f"{run.item_ids.move_id.name}-C{run.item_ids.id}",
                "amount": 1.0,
                "currency_id": run.currency_id.id,
                "partner_id": self.payer.id,
                "operation": "offline",
            }
        )
        self._work(run)
        self.assertEqual(run.item_ids.state, "skipped")
        self.assertIn("unique", run.item_ids.message)
        self.assertNotIn("constraint", run.item_ids.message)

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
