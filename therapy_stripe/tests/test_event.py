import hashlib
import hmac
import json
import time
from itertools import permutations
from queue import Queue
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import LockError
from odoo.tests import HttpCase, tagged

from odoo.addons.therapy_stripe import const
from odoo.addons.therapy_stripe.models import therapy_stripe_event as event_module

from .common import WEBHOOK_SECRET, TherapyStripeCommon

PREVIOUS = "whsec_therapy_previous"


@tagged("post_install", "-at_install")
class TestEvent(TherapyStripeCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.provider.therapy_stripe_webhook_secret_previous = PREVIOUS
        self.events = self.env["therapy.stripe.event"]
        self.number = 0

    # === HELPERS === #

    def _build(self, kind, object_ref, **values):
        self.number += 1
        event = {
            "id": f"evt_test_{self.number}",
            "object": "event",
            "type": kind,
            "api_version": const.API_VERSION,
            "created": int(time.time()),
            "livemode": False,
            "request": {"id": None, "idempotency_key": "key"},
            "data": {"object": {"id": object_ref, "status": "succeeded"}},
            **values,
        }
        return json.dumps(event).encode()

    def _sign(self, body, secret=WEBHOOK_SECRET, age=0):
        stamp = int(time.time()) - age
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
        return f"t={stamp},v1={mac.hexdigest()}"

    def _send(self, body, header):
        self.env.flush_all()
        headers = {"Content-Type": "application/json"}
        if header is not None:
            headers["Stripe-Signature"] = header
        answer = self.url_open("/payment/stripe/webhook", data=body, headers=headers)
        self.env.invalidate_all()
        return answer.status_code

    def _receive(self, kind, object_ref, **values):
        body = self._build(kind, object_ref, **values)
        self.assertEqual(self._send(body, self._sign(body)), 200)
        return self.events.search([("event_ref", "=", json.loads(body)["id"])])

    def _process(self):
        self.events._cron_process()
        self.env.invalidate_all()

    def _pay(self, **vals):
        tx = self._create_tx(self._create_bill(100.0), **vals)
        tx._get_processing_values()
        self._confirm(tx)
        return tx

    # === INTAKE === #

    def test_unsigned_and_forged_events_are_refused(self):
        tx = self._pay()
        body = self._build("payment_intent.succeeded", tx.provider_reference)
        other = self._build("payment_intent.succeeded", "pi_other")
        for header in (
            None,
            "",
            "t=1",
            "nonsense",
            "t=x,v1=00",
            self._sign(body, "whsec_wrong"),
            self._sign(other),
            self._sign(body, age=const.WEBHOOK_TOLERANCE + 30),
        ):
            self.assertEqual(self._send(body, header), 400, header)
        self.assertFalse(self.events.search_count([]))
        self.assertEqual(tx.state, "draft")

    def test_without_secret_everything_is_refused(self):
        self.provider.write(
            {
                "stripe_webhook_secret": False,
                "therapy_stripe_webhook_secret_previous": False,
            }
        )
        body = self._build("payment_intent.succeeded", "pi_x")
        self.assertEqual(self._send(body, None), 400)
        self.assertEqual(self._send(body, self._sign(body, "")), 400)
        self.assertFalse(self.events.search_count([]))

    def test_an_event_makes_the_job_due_and_wakes_it_once_after_the_answer(self):
        cron = self.env.ref("therapy_stripe.ir_cron_stripe_events")
        triggers = self.env["ir.cron.trigger"]
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        woken = Queue()
        self.patch(self.registry["ir.cron"], "_notifydb", lambda jobs: woken.put(jobs))
        body = self._build("payment_intent.succeeded", "pi_x")
        self._send(body, self._sign(body))
        self.assertEqual(woken.get(timeout=10).env.cr.dbname, self.env.cr.dbname)
        due = triggers.search([("cron_id", "=", cron.id)])
        self.assertEqual(len(due), 1)
        self.assertLessEqual(due.call_at, fields.Datetime.now())
        self._send(body, self._sign(body))
        self.assertTrue(woken.empty())

    def test_current_previous_and_double_signatures_are_accepted(self):
        for secret in (WEBHOOK_SECRET, PREVIOUS):
            body = self._build("payment_intent.succeeded", "pi_x")
            self.assertEqual(self._send(body, self._sign(body, secret)), 200)
        for order in (1, -1):
            body = self._build("payment_intent.succeeded", "pi_x")
            good = self._sign(body).split(",")
            both = [good[1], "v1=" + "0" * 64][::order]
            self.assertEqual(self._send(body, ",".join([good[0], *both])), 200)
        self.assertEqual(self.events.search_count([]), 4)

    def test_signed_nonsense_is_refused(self):
        for body in (b"not json", b"[1]"):
            self.assertEqual(self._send(body, self._sign(body)), 400)

    def test_live_events_are_refused_in_test_mode(self):
        body = self._build("payment_intent.succeeded", "pi_x", livemode=True)
        self.assertEqual(self._send(body, self._sign(body)), 400)

    def test_an_event_is_stored_once_and_keeps_no_payload(self):
        tx = self._pay()
        body = self._build("payment_intent.succeeded", tx.provider_reference)
        for _number in range(3):
            self.assertEqual(self._send(body, self._sign(body)), 200)
        event = self.events.search([])
        self.assertEqual(len(event), 1)
        self.assertEqual(event.state, "new")
        self.assertEqual(event.object_ref, tx.provider_reference)
        self.assertNotIn("succeeded'", str(event.read(["object_ref", "error"])))
        self.assertEqual(tx.state, "draft", "nothing is processed while answering")

    # === PROCESSING === #

    def test_success_is_booked_and_reconciled(self):
        tx = self._pay()
        event = self._receive("payment_intent.succeeded", tx.provider_reference)
        self._process()
        self.assertEqual((event.state, event.transaction_id), ("done", tx))
        self.assertEqual(tx.state, "done")
        self._post_process(tx)
        self.assertIn(tx.invoice_ids.payment_state, ("paid", "in_payment"))

    def test_the_payload_is_not_believed(self):
        tx = self._create_tx(self._create_bill(100.0))
        tx._get_processing_values()
        event = self._receive("payment_intent.succeeded", tx.provider_reference)
        self._process()
        self.assertEqual(event.state, "done")
        self.assertEqual(tx.state, "draft", "Stripe itself says: not paid")

    def test_any_order_and_number_of_events_gives_one_payment(self):
        kinds = (
            "payment_intent.processing",
            "payment_intent.succeeded",
            "payment_intent.payment_failed",
        )
        for order in permutations(kinds):
            tx = self._pay()
            for kind in (*order, *order):
                self._receive(kind, tx.provider_reference)
            self._process()
            self._process()
            self.assertEqual(tx.state, "done")
            self._post_process(tx)
            self.assertEqual(
                self.env["account.payment"].search_count(
                    [("payment_transaction_id", "=", tx.id)]
                ),
                1,
            )

    def test_failed_event_leaves_the_payer_on_the_page(self):
        tx = self._create_tx(self._create_bill(100.0))
        tx._get_processing_values()
        with self.assertRaisesRegex(Exception, "declined"):
            self._confirm(tx, "pm_card_visa_chargeDeclined")
        self._receive("payment_intent.payment_failed", tx.provider_reference)
        self._process()
        self.assertEqual(tx.state, "draft")
        self.assertTrue(tx.therapy_allocation_ids.filtered("live"))

    def test_events_of_a_payment_known_to_have_succeeded_ask_nothing(self):
        tx = self._charge(self._create_bill(100.0), self._save_card())
        self.assertEqual(tx.state, "done")
        charge = tx.therapy_stripe_charge_ref
        self.sandbox.control("DELETE", "requests")
        for kind, ref in (
            ("payment_intent.succeeded", tx.provider_reference),
            ("charge.succeeded", charge),
            ("charge.updated", charge),
        ):
            event = self._receive(kind, ref)
            self._process()
            self.assertEqual((event.state, event.transaction_id), ("done", tx), kind)
        self.assertFalse(self.sandbox.requests())
        self._receive("charge.refunded", charge)
        self._process()
        self.assertTrue(self.sandbox.requests("/v1/charges/"))

    def test_event_settles_a_charge_whose_answer_was_lost(self):
        token = self._save_card()
        bill = self._create_bill(100.0)
        self.sandbox.fault("drop_after")
        tx = self._charge(bill, token)
        self.sandbox.heal()
        self.assertFalse(tx.provider_reference)
        self._receive("payment_intent.succeeded", self.sandbox.intents()[-1]["id"])
        self._process()
        self.assertEqual((tx.state, tx.therapy_stripe_result), ("done", "done"))
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_event_saves_a_card_when_the_browser_was_closed(self):
        wizard = self.env["therapy.add.card"].create({"partner_id": self.payer.id})
        wizard.action_start("phone", "Agreed")
        tx = wizard.transaction_id
        self._confirm(tx)
        self._receive("setup_intent.succeeded", tx.provider_reference)
        self._receive("setup_intent.succeeded", tx.provider_reference)
        self._process()
        self.assertEqual(tx.state, "done")
        self.assertEqual(len(self.payer.therapy_card_ids), 1)
        self.assertTrue(wizard.action_finish()["saved"])
        self.assertEqual(len(self.payer.therapy_card_ids), 1)

    def test_event_before_the_payment_is_committed_is_tried_again(self):
        adapter = self.provider._therapy_stripe_get_adapter()
        metadata = {**self.provider._therapy_stripe_get_metadata(), "tx": "not-yet"}
        intent = adapter.create_payment_intent(
            {"amount": 100, "currency": "usd", "metadata": metadata}, "early"
        )
        event = self._receive("payment_intent.succeeded", intent["id"])
        self._process()
        self.assertEqual((event.state, event.tries), ("failed", 1))
        self._process()
        self.assertEqual(event.tries, 1, "not before its time")
        with self._later(minutes=5):
            self._process()
        self.assertEqual(event.tries, 2)

    def test_event_of_a_payment_being_recorded_waits_a_little(self):
        tx = self._pay()
        event = self._receive("payment_intent.succeeded", tx.provider_reference)
        busy = patch.object(
            type(tx), "_therapy_stripe_apply", side_effect=LockError("busy")
        )
        with busy, patch.object(event_module.time, "sleep") as sleep:
            self._process()
        self.assertGreater(sleep.call_count, 1)
        self.assertEqual((event.state, event.tries), ("new", 0))
        self.assertGreater(event.next_try_at, event.create_date)
        with self._later(minutes=1):
            self._process()
        self.assertEqual((event.state, tx.state), ("done", "done"))

    def test_objects_of_others_are_ignored(self):
        adapter = self.provider._therapy_stripe_get_adapter()
        foreign = adapter.create_payment_intent(
            {"amount": 100, "currency": "usd", "metadata": {"tx": "x", "db": "y"}}, "f"
        )
        for kind, ref in (
            ("payment_intent.succeeded", foreign["id"]),
            ("payment_method.updated", "pm_foreign"),
            ("customer.updated", "cus_foreign"),
        ):
            event = self._receive(kind, ref)
            self._process()
            self.assertEqual(event.state, "ignored", kind)

    def test_silence_is_tried_again_and_ends_with_a_person(self):
        tx = self._pay()
        event = self._receive("payment_intent.succeeded", tx.provider_reference)
        silence = {"match": {"method": "GET"}, "do": "status", "status": 503}
        self.sandbox.control("POST", "faults", {**silence, "times": 999})
        self._process()
        self.assertEqual(event.state, "failed")
        self.assertTrue(event.error)
        event.tries = const.EVENT_TRIES - 1
        with self._later(hours=9):
            self._process()
        self.assertEqual(event.state, "dead")
        self.sandbox.heal()
        event.action_process_again()
        with self._later(hours=10):
            self._process()
        self.assertEqual((event.state, tx.state), ("done", "done"))

    def test_card_replaced_by_the_network_is_read_again(self):
        token = self._save_card()
        token.write({"exp_year": 2020, "exp_month": 1})
        kind = "payment_method.automatically_updated"
        event = self._receive(kind, token.stripe_payment_method)
        self._process()
        self.assertEqual(event.state, "done")
        self.assertGreater(token.exp_year, 2020)

    def test_card_detached_at_stripe_is_revoked(self):
        token = self._save_card()
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.raw(
            "POST",
            f"payment_methods/{token.stripe_payment_method}/detach",
            {},
            "detach",
        )
        self._receive("payment_method.detached", token.stripe_payment_method)
        self._process()
        self.assertFalse(token.active)
        self.assertEqual(token.status, "revoked")

    def test_refund_of_ours_is_updated(self):
        tx = self._pay()
        tx._therapy_stripe_refresh()
        refund_tx = tx._refund(10.0)
        event = self._receive("refund.updated", refund_tx.provider_reference)
        self._process()
        self.assertEqual((event.state, event.transaction_id), ("done", refund_tx))
        self.assertEqual(refund_tx.state, "done")

    def test_events_of_the_sandbox_are_understood(self):
        """The endpoint made by the button, and what the sandbox signs for it."""
        self.provider.action_therapy_stripe_replace_webhook()
        self.sandbox.control("POST", "deliver", {"mode": "hold"})
        tx = self._pay()
        endpoint = self.provider.therapy_stripe_webhook_ref
        deliveries = self.sandbox.control("GET", "deliveries")["deliveries"]
        sent = [row for row in deliveries if row["endpoint"] == endpoint]
        self.assertTrue(sent)
        for row in sent:
            signed = self.sandbox.control(
                "GET", f"events/{row['event']}/signed?endpoint={endpoint}"
            )
            header = signed["headers"]["Stripe-Signature"]
            self.assertEqual(self._send(signed["body"].encode(), header), 200)
        self._process()
        self.assertEqual(tx.state, "done")
