import time

from odoo.tests import tagged

from .common import MOTHERS, Story


@tagged("post_install", "-at_install")
class TestWebhooks(Story):
    """Stripe's messages come twice, backwards and before anybody expects them.

    Whatever the order, the payment is posted once.
    """

    def setUp(self):
        super().setUp()
        self.provider.action_therapy_stripe_replace_webhook()
        self.endpoint = self.provider.therapy_stripe_webhook_ref
        self.sandbox.control("POST", "deliver", {"mode": "hold"})
        self.ada = self.open_browser("ada@example.com")
        self.url = f"/my/therapy/bill/{self.mothers.id}/pay?amount=100"

    def deliver(self, times=1, backwards=False):
        """Post what the sandbox has signed so far, in the order wanted."""
        rows = self.sandbox.control("GET", "deliveries")["deliveries"]
        numbers = [row["event"] for row in rows if row["endpoint"] == self.endpoint]
        self.assertTrue(numbers)
        for number in (numbers[::-1] if backwards else numbers) * times:
            signed = self.sandbox.control(
                "GET", f"events/{number}/signed?endpoint={self.endpoint}"
            )
            answer = self.post_signed(signed["body"], signed["headers"])
            self.assertEqual(answer.status_code, 200)
        return numbers

    def post_signed(self, body, headers):
        self.ada._use()
        return self.url_open(
            "/payment/stripe/webhook", data=body.encode(), headers=headers
        )

    def work(self):
        """Run the jobs that work off the inbox and post."""
        self.env["therapy.stripe.event"]._cron_process()
        self.env["payment.transaction"]._cron_post_process()
        self.env.invalidate_all()

    def assertPostedOnce(self, left, cents):
        self.assertDue(self.mothers, left)
        self.assertEqual(self.sandbox.captured(), cents)
        inbox = self.env["therapy.stripe.event"].search([])
        self.assertLessEqual(set(inbox.mapped("state")), {"done", "ignored"})
        self.assertBooks()

    def test_events_twice_and_backwards_before_the_payer_comes_back(self):
        started = self.ada.open_form(self.url).submit()
        intent = self._confirm(self.find_transaction(started))
        numbers = self.deliver(times=2, backwards=True)
        self.assertEqual(
            self.env["therapy.stripe.event"].search_count([]), len(numbers)
        )
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)
        page = self.ada.come_back(started, intent)
        self.assertIn("Thank you", page.text)
        self.deliver()
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)

    def test_events_after_the_payer_came_back(self):
        self.ada.pay_new_card(self.ada.open_form(self.url))
        self.assertPostedOnce(MOTHERS - 100, 10000)
        self.deliver(times=3)
        self.work()
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)

    def test_a_payer_who_closes_the_browser_has_paid_all_the_same(self):
        started = self.ada.open_form(self.url).submit()
        self._confirm(self.find_transaction(started))
        self.deliver(backwards=True)
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)

    def test_an_event_about_a_charge_whose_answer_was_lost(self):
        self.add_card(self.mother)
        self.sandbox.fault("drop_after")
        wizard = self.charge(self.mothers)
        self.sandbox.heal()
        self.assertEqual(wizard.result, "unknown")
        self.deliver(times=2, backwards=True)
        self.work()
        self.assertEqual(wizard.transaction_id.state, "done")
        self.resolve(minutes=5)
        self.assertPostedOnce(0, round(MOTHERS * 100))

    def _wait_for_delivery(self, kind):
        """Wait until the sandbox has sent an event: a busy machine takes longer."""
        for _turn in range(100):
            rows = self.sandbox.control("GET", "deliveries")["deliveries"]
            if (kind, "delivered") in [(row["type"], row["status"]) for row in rows]:
                return
            time.sleep(0.1)
        self.fail(f"The sandbox did not deliver {kind}.")

    def test_an_event_that_comes_while_the_charge_waits_for_its_answer(self):
        """The first answer is lost on the way; before the library asks again, the
        event is there: sent by the sandbox itself, twice, to the real route."""
        self.add_card(self.mother)
        self.sandbox.control("POST", "deliver", {"mode": "immediate", "duplicate": 2})
        self.sandbox.fault("drop_after", times=1)
        bill = self.mothers.with_user(self.biller)
        action = bill.action_therapy_charge_card()
        wizard = self.env[action["res_model"]].with_user(self.biller)
        wizard = wizard.browse(action["res_id"])
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            wizard.action_charge()
            self._wait_for_delivery("payment_intent.succeeded")
        self.assertEqual(wizard.result, "done")
        first, second = self.sandbox.requests("/v1/payment_intents", "POST")
        self.assertEqual((first["fault"], second["replayed"]), ("drop_after", True))
        stored = self.env["therapy.stripe.event"].search([])
        self.assertIn("payment_intent.succeeded", stored.mapped("event_type"))
        self.work()
        self.assertPostedOnce(0, round(MOTHERS * 100))

    def test_an_event_of_a_declined_card_takes_nothing_back(self):
        started = self.ada.open_form(self.url).submit()
        tx = self.find_transaction(started)
        with self.assertRaisesRegex(Exception, "declined"):
            self._confirm(tx, "pm_card_chargeDeclined")
        intent = self._confirm(tx)
        self.ada.come_back(started, intent)
        self.deliver(times=2, backwards=True)
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)

    def test_a_forged_event_is_refused_and_posts_nothing(self):
        started = self.ada.open_form(self.url).submit()
        self._confirm(self.find_transaction(started))
        [number, *_more] = [
            row["event"]
            for row in self.sandbox.control("GET", "deliveries")["deliveries"]
        ]
        signed = self.sandbox.control(
            "GET", f"events/{number}/signed?endpoint={self.endpoint}"
        )
        answer = self.post_signed(signed["body"] + " ", signed["headers"])
        self.assertEqual(answer.status_code, 400)
        self.work()
        self.assertEqual(self.find_transaction(started).state, "draft")
        self.assertFalse(self.env["therapy.stripe.event"].search_count([]))
        self.deliver()
        self.work()
        self.assertPostedOnce(MOTHERS - 100, 10000)
