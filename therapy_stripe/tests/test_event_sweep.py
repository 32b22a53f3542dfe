from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.therapy_stripe import const

from .money import MoneyCommon

# What a practice must hear of, whatever happens to its payments.
KINDS = """
    payment_intent.succeeded payment_intent.processing payment_intent.payment_failed
    payment_intent.canceled payment_intent.requires_action
    payment_intent.amount_capturable_updated
    setup_intent.succeeded setup_intent.setup_failed setup_intent.canceled
    setup_intent.requires_action
    charge.succeeded charge.updated charge.refunded charge.expired
    refund.created refund.updated refund.failed
    charge.dispute.created charge.dispute.updated charge.dispute.closed
    charge.dispute.funds_withdrawn charge.dispute.funds_reinstated
    payment_method.attached payment_method.detached payment_method.updated
    payment_method.automatically_updated
    mandate.updated
    payout.created payout.paid payout.failed payout.canceled payout.updated
    payout.reconciliation_completed
    radar.early_fraud_warning.created radar.early_fraud_warning.updated
    review.opened review.closed
""".split()


@tagged("post_install", "-at_install")
class TestEventSweep(MoneyCommon):
    """Messages that never came, those that failed, and all kinds of them."""

    def setUp(self):
        super().setUp()
        self.events = self.env["therapy.stripe.event"]

    def process(self):
        self.events._cron_process()
        self.env.invalidate_all()

    def test_the_endpoint_hears_of_all_that_matters(self):
        self.assertEqual(set(KINDS), set(const.WEBHOOK_EVENTS))
        self.assertEqual(len(const.WEBHOOK_EVENTS), len(set(const.WEBHOOK_EVENTS)))

    def test_each_kind_of_event_is_looked_at(self):
        """An object that does not exist at Stripe is a failure, not a shrug."""
        for kind in const.WEBHOOK_EVENTS:
            with self.subTest(kind=kind):
                event = self.event(kind, f"{kind.split('.')[0]}_nothing")
                silent = kind.startswith(("payment_method", "mandate"))
                self.assertEqual(event.state, "ignored" if silent else "failed")

    def test_events_that_never_came_are_fetched_and_worked_off(self):
        tx = self._create_tx(self.bill)
        tx._get_processing_values()
        self._confirm(tx)
        self.assertEqual(tx.state, "draft")
        self.events._cron_sweep()
        self.assertTrue(self.events.search([]))
        self.assertTrue(all(self.events.search([]).mapped("is_swept")))
        self.process()
        self.assertEqual(tx.state, "done")
        count = self.events.search_count([])
        self.events._cron_sweep()
        self.assertEqual(self.events.search_count([]), count)

    def test_stripe_not_answering_leaves_the_sweep_for_later(self):
        self.sandbox.control(
            "POST",
            "faults",
            {
                "match": {"method": "GET", "path_regex": "/v1/events"},
                "do": "status",
                "status": 500,
                "times": 9,
            },
        )
        self.events._cron_sweep()
        self.assertFalse(self.events.search([]))

    def test_a_copy_that_may_not_reach_stripe_fetches_nothing(self):
        self.provider.therapy_stripe_api_base = False
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.events._cron_sweep()
        self.assertFalse(self.events.search([]))

    def test_a_dispute_of_what_pays_no_bill_ends_with_a_person_who_knows_why(self):
        tx = self._create_tx(self.bill, invoice_ids=False, amount=20.0)
        tx._get_processing_values()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
        body = {"charge": tx.therapy_stripe_charge_ref}
        data = self.sandbox.control("POST", "disputes/create", body)
        event = self.event("charge.dispute.created", data.get("dispute", data)["id"])
        self.assertEqual(event.state, "failed")
        event.tries = const.EVENT_TRIES - 1
        event._process()
        self.assertEqual(event.state, "dead")
        self.assertIn(tx.reference, event.error)

    def test_old_events_are_forgotten_and_open_ones_kept(self):
        done = self.event("payment_method.updated", "pm_nothing")
        dead = self.event("payout.paid", "po_nothing")
        dead.write({"state": "dead"})
        self.env.flush_all()
        old = fields.Datetime.now() - timedelta(days=const.EVENT_KEEP_DAYS + 1)
        self.env.cr.execute(
            "UPDATE therapy_stripe_event SET create_date = %s WHERE id IN %s",
            [old, (done | dead)._ids],
        )
        self.env.invalidate_all()
        self.events._cron_sweep()
        self.assertEqual(self.events.search([]), dead)

    def test_a_manager_runs_a_dead_event_again(self):
        event = self.event("payout.paid", "po_nothing")
        for _round in range(const.EVENT_TRIES):
            event.next_try_at = fields.Datetime.now() - timedelta(minutes=1)
            event._process()
        self.assertEqual(event.state, "dead")
        with self.assertRaises(AccessError):
            event.with_user(self.biller).action_process_again()
        event.with_user(self.new_manager()).action_process_again()
        self.assertEqual((event.state, event.tries), ("new", 0))

    def test_companies_that_share_an_account_each_get_its_events(self):
        second = self._create_company_provider(self._create_company())
        _tx, data = self.disputed()
        sent = {
            "id": "evt_shared",
            "type": "charge.dispute.created",
            "created": 1790000000,
            "livemode": False,
            "data": {"object": {"id": data["id"]}},
        }
        for provider in (second, self.provider):
            self.assertTrue(self.events._receive(provider, sent))
            self.assertFalse(self.events._receive(provider, sent))
        found = self.events.search([("event_ref", "=", "evt_shared")], order="id")
        self.assertEqual(found.provider_id, second | self.provider)
        for event in found:
            event._process()
        self.assertEqual(found.mapped("state"), ["ignored", "done"])
        dispute = self.env["therapy.dispute"].search([("dispute_ref", "=", data["id"])])
        self.assertEqual(dispute.company_id, self.company)
