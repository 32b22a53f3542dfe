import json

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install", "core_defect")
class TestUnsignedEvent(HttpCase):
    """An event that nobody signed must not make a payment of itself.

    Core logs that it ignores the event, then processes it: the transaction is done
    and its invoice paid (odoo/odoo: `_verify_signature` returns when no secret is set).
    """

    def setUp(self):
        super().setUp()
        self.provider = self.env.ref("payment.payment_provider_stripe")
        self.provider.write(
            {
                "state": "test",
                "stripe_secret_key": "sk_test_defect",
                "stripe_publishable_key": "pk_test_defect",
                "stripe_webhook_secret": False,
            }
        )
        self.tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": "unsigned-event",
                "amount": 100.0,
                "currency_id": self.env.ref("base.USD").id,
                "partner_id": self.env["res.partner"].create({"name": "Payer"}).id,
                "operation": "online_direct",
            }
        )

    def test_unsigned_event_is_refused_and_changes_nothing(self):
        event = {
            "id": "evt_forged",
            "type": "payment_intent.succeeded",
            "data": {
                "object": {
                    "id": "pi_forged",
                    "object": "payment_intent",
                    "description": self.tx.reference,
                    "amount": 10000,
                    "currency": "usd",
                    "status": "succeeded",
                }
            },
        }
        self.env.flush_all()
        # Core logs a warning before it does what this test forbids.
        with mute_logger("odoo.addons.payment_stripe.controllers.main"):
            answer = self.url_open(
                "/payment/stripe/webhook",
                data=json.dumps(event),
                headers={"Content-Type": "application/json"},
            )
        self.env.invalidate_all()
        self.assertEqual(self.tx.state, "draft")
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertLess(answer.status_code, 500)
