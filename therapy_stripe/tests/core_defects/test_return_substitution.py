import json
from unittest.mock import patch

import requests

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install", "core_defect")
class TestReturnSubstitution(HttpCase):
    """A payment must not become done by the PaymentIntent of another one.

    Core takes the intent from the public return address and only compares amount and
    currency: whoever paid once can have every other payment of that amount.
    """

    def setUp(self):
        super().setUp()
        self.provider = self.env.ref("payment.payment_provider_stripe")
        self.provider.write(
            {
                "state": "test",
                "stripe_secret_key": "sk_test_defect",
                "stripe_publishable_key": "pk_test_defect",
            }
        )
        self.payer = self.env["res.partner"].create({"name": "Payer"})

    def _create_tx(self, reference):
        return self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": reference,
                "amount": 100.0,
                "currency_id": self.env.ref("base.USD").id,
                "partner_id": self.payer.id,
                "operation": "online_direct",
            }
        )

    def test_intent_of_another_payment_is_refused(self):
        """The intent of "first" succeeded; "second" was never paid.

        The address of Stripe is fixed in core, and only this machine can be reached
        in tests: hence a stand-in below `requests` for everything but Odoo itself.
        """
        self._create_tx("first").provider_reference = "pi_of_first"
        second = self._create_tx("second")
        real_send = requests.sessions.Session.send
        own_server = self.base_url()

        def send(session, prepared, **options):
            if prepared.url.startswith(own_server):
                return real_send(session, prepared, **options)
            answer = requests.Response()
            answer.status_code = 200
            answer.url = prepared.url
            answer.request = prepared
            answer.headers["Content-Type"] = "application/json"
            answer._content = json.dumps(
                {
                    "id": "pi_of_first",
                    "object": "payment_intent",
                    "description": "first",
                    "amount": 10000,
                    "currency": "usd",
                    "status": "succeeded",
                    "created": 1793404800,
                }
            ).encode()
            return answer

        self.env.flush_all()
        with (
            patch.object(requests.sessions.Session, "send", send),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self.url_open(
                "/payment/stripe/return?reference=second&payment_intent=pi_of_first",
                allow_redirects=False,
            )
        self.env.invalidate_all()
        self.assertEqual(second.state, "draft")
