import json
from unittest.mock import patch
from urllib.parse import unquote_plus

import requests

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install", "core_defect")
class TestPaymentPayload(TransactionCase):
    """What is sent to Stripe must not name the payer, and must not repeat itself.

    Core makes a new customer for every payment, with name, e-mail, phone and address
    and "Odoo Partner: ..." as its description (odoo/odoo#276497).
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
        self.payer = self.env["res.partner"].create(
            {
                "name": "Jane Patient",
                "email": "jane.patient@example.com",
                "phone": "+1 555 0100",
                "street": "12 Elm Street",
                "city": "Springfield",
                "zip": "12345",
            }
        )

    def _send(self, _session, prepared, **_options):
        """Stand in for Stripe: note the request, answer with a plausible object."""
        body = prepared.body or b""
        text = body.decode() if isinstance(body, bytes) else body
        self.sent.append((prepared.url, unquote_plus(text)))
        number = len(self.sent)
        kind = "customer" if "/customers" in prepared.url else "payment_intent"
        answer = requests.Response()
        answer.status_code = 200
        answer.url = prepared.url
        answer.request = prepared
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps(
            {
                "id": f"{kind[:2]}_{number}",
                "object": kind,
                "client_secret": "secret",
                "status": "requires_payment_method",
            }
        ).encode()
        return answer

    def _start_payments(self, count):
        """Return the requests made when a payer starts some payments.

        The address of Stripe is fixed in core, and only this machine can be reached
        in tests: hence the stand-in below `requests`, which both core and the library
        of Stripe use.
        """
        self.sent = []
        transactions = self.env["payment.transaction"].create(
            [
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.env.ref("payment.payment_method_card").id,
                    "reference": f"payload-{number}",
                    "amount": 100.0,
                    "currency_id": self.env.ref("base.USD").id,
                    "partner_id": self.payer.id,
                    "operation": "online_direct",
                }
                for number in range(count)
            ]
        )

        def send(session, prepared, **options):
            return self._send(session, prepared, **options)

        with (
            patch.object(requests.sessions.Session, "send", send),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            for tx in transactions:
                tx._get_processing_values()
        self.assertTrue(self.sent)
        return self.sent

    def test_payer_is_not_named(self):
        for url, body in self._start_payments(1):
            for word in (
                "Jane",
                "Patient",
                "jane.patient@",
                "555 0100",
                "Elm Street",
                "Springfield",
                "Odoo Partner",
            ):
                self.assertNotIn(word, body, url)

    def test_payer_is_one_customer(self):
        customers = [
            url for url, _body in self._start_payments(3) if "/customers" in url
        ]
        self.assertEqual(len(customers), 1)
