import hashlib
import hmac
import json
import time

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

SECRET = "whsec_defect"


@tagged("post_install", "-at_install", "core_defect")
class TestRefundEvent(HttpCase):
    """A refund that Stripe tells of in today's form must not be answered with an error.

    Since API version 2022-11-15 a charge has no list of refunds. Core reads it all the
    same and answers 500; after some days of that Stripe switches the endpoint off, and
    no payment is reported any more (odoo/odoo#250996).
    """

    def test_a_signed_refund_event_is_taken(self):
        provider = self.env.ref("payment.payment_provider_stripe")
        provider.write(
            {
                "state": "test",
                "stripe_secret_key": "sk_test_defect",
                "stripe_publishable_key": "pk_test_defect",
                "stripe_webhook_secret": SECRET,
            }
        )
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": "refund-event",
                "amount": 100.0,
                "currency_id": self.env.ref("base.USD").id,
                "partner_id": self.env["res.partner"].create({"name": "Payer"}).id,
                "operation": "online_direct",
                "provider_reference": "pi_defect",
            }
        )
        tx._set_done()
        body = json.dumps(
            {
                "id": "evt_refund",
                "type": "charge.refunded",
                "created": int(time.time()),
                "livemode": False,
                "data": {
                    "object": {
                        "id": "ch_defect",
                        "object": "charge",
                        "description": tx.reference,
                        "payment_intent": "pi_defect",
                        "amount": 10000,
                        "amount_refunded": 10000,
                        "currency": "usd",
                    }
                },
            }
        )
        stamp = int(time.time())
        signed = f"{stamp}.{body}".encode()
        mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        self.env.flush_all()
        with mute_logger("odoo.http", "odoo.addons.payment_stripe.controllers.main"):
            answer = self.url_open(
                "/payment/stripe/webhook",
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "Stripe-Signature": f"t={stamp},v1={mac}",
                },
            )
        self.assertEqual(answer.status_code, 200)
