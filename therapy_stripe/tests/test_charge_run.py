from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.therapy_billing.models import therapy_charge_run_settle as settle

from .common_charge_run import ChargeRunCommon


@tagged("post_install", "-at_install")
class TestChargeRun(ChargeRunCommon):
    """Many bills at once: which bills, and credits first (M4)."""

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

    def test_a_bill_left_out_is_looked_at_again_with_the_new_default_card(self):
        old = self._save_card()
        old._therapy_pause("The bank refused it.")
        run = self._create_run(self._create_bill())
        self._work(run)
        self.assertEqual(run.item_ids.state, "skipped")
        run.with_user(self.biller).action_retry_left_out()
        self._run_job()
        self.assertEqual(run.item_ids.message, "The bank refused it.")
        new = self._save_card("pm_card_mastercard")
        new._therapy_set_role("is_default")
        run.with_user(self.biller).action_retry_left_out()
        self._run_job()
        self.assertEqual((run.item_ids.state, run.item_ids.token_id), ("done", new))

    def test_no_item_charges_the_card_of_somebody_else(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        card = self._save_card("pm_card_mastercard", stranger)
        self._save_card()
        bill = self._create_bill()
        run = self._create_run(bill)
        item = run.item_ids.with_user(self.biller)
        for vals in ({"token_id": card.id}, {"partner_id": stranger.id}):
            with self.assertRaises(AccessError):
                item.write(vals)
        with self.assertRaises(AccessError):
            item.create({"run_id": run.id, "move_id": bill.id, "amount": 1.0})
        with self.assertRaises(AccessError):
            item.unlink()
        run.item_ids.token_id = card
        self._work(run)
        self.assertEqual(run.item_ids.state, "skipped")
        self.assertIn("somebody else", run.item_ids.message)
        with self.assertRaisesRegex(ValidationError, "somebody else"):
            self._charge(bill, card)
        self.assertFalse(self.sandbox.captured())

    def test_a_run_that_fails_stops_and_lets_the_next_one_go_on(self):
        self._save_card()
        first, second = self._create_bill(), self._create_bill()
        runs = self._create_run(first) | self._create_run(second)
        runs.with_user(self.biller).action_start()
        Item = self.env.registry["therapy.charge.item"]
        original = Item._reserve_one

        def fail_in_the_first(item):
            if item.move_id == first:
                raise ValueError("a defect")
            return original(item)

        with (
            patch.object(Item, "_reserve_one", fail_in_the_first),
            self.assertLogs(settle.__name__, "ERROR"),
        ):
            self._run_job()
        self.assertEqual(runs.mapped("state"), ["stopped", "done"])
        self.assertEqual(second.amount_residual, 0.0)
        reason = runs[0].pause_reason
        self.assertIn("administrator", reason)
        self.assertNotIn("defect", reason)
        runs[0].with_user(self.biller).action_go_on()
        self._run_job()
        self.assertEqual(runs.mapped("state"), ["done", "done"])
        self.assertEqual(self.sandbox.captured(), 20000)

    def test_a_run_takes_the_card_saved_at_its_company(self):
        card = self._save_card()
        second = self._create_company()
        self._create_token(self._create_company_provider(second))
        companies = [self.company.id, second.id]
        bill = self._create_bill().with_context(allowed_company_ids=companies)
        run = self._create_run(bill)
        self.assertEqual(run.item_ids.token_id, card)
        run.item_ids.token_id = False
        self._work(run)
        self.assertEqual(run.item_ids.state, "done", run.item_ids.message)

    def test_bills_are_found_by_due_date(self):
        self._save_card()
        bill, later = self._create_bill(), self._create_bill()
        later.invoice_date_due = fields.Date.add(self._today(), days=40)
        bill.invoice_date_due = self._today()
        run = self.env["therapy.charge.run"].with_user(self.biller).create({})
        run.action_find_bills()
        self.assertIn(bill, run.item_ids.move_id)
        self.assertNotIn(later, run.item_ids.move_id)
        run.action_find_bills()
        self.assertEqual(len(run.item_ids.move_id), len(run.item_ids))

    def test_a_run_that_nobody_started_is_not_charged(self):
        self._save_card("pm_card_visa")
        run = self._create_run(self._create_bill(), state="running")
        self._run_job()
        self.assertEqual(run.item_ids.state, "todo")
        self.assertFalse(self.sandbox.intents())

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
