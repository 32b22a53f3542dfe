import json
from unittest.mock import patch
from urllib.parse import unquote_plus

import requests

from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install", "core_defect")
class TestSavedCards(TransactionCase):
    """What is asked of Stripe when cards are saved, paid with and removed.

    Core leaves a removed card at Stripe, sends its requests without idempotency key
    and asks for an Indian mandate for every card that is saved in dollars.
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
        self.card = self.env.ref("payment.payment_method_card")
        self.payer = self.env["res.partner"].create({"name": "Payer"})
        self.sent = []

    def _answer(self, prepared):
        """Stand in for Stripe below `requests`, which core and the library use."""
        body = prepared.body or b""
        text = body.decode() if isinstance(body, bytes) else body
        self.sent.append((prepared, unquote_plus(text)))
        path = prepared.url.split("?")[0]
        kind = "setup_intent" if "setup_intents" in path else "payment_intent"
        if "customers" in path:
            kind = "customer"
        elif "payment_methods" in path:
            kind = "payment_method"
        answer = requests.Response()
        answer.status_code = 200
        answer.url = prepared.url
        answer.request = prepared
        answer.headers["Content-Type"] = "application/json"
        answer._content = json.dumps(
            {
                "id": f"{kind}_{len(self.sent)}",
                "object": kind,
                "client_secret": "secret",
                "customer": None,
                "status": "requires_payment_method",
            }
        ).encode()
        return answer

    def _at_stripe(self):
        """Return a context in which nothing leaves this machine."""
        return patch.object(
            requests.sessions.Session,
            "send",
            lambda session, prepared, **options: self._answer(prepared),
        )

    def _start(self, operation, amount):
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "reference": f"cards-{operation}",
                "amount": amount,
                "currency_id": self.env.ref("base.USD").id,
                "partner_id": self.payer.id,
                "operation": operation,
                "tokenize": True,
            }
        )
        with (
            self._at_stripe(),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            tx._get_processing_values()
        self.assertTrue(self.sent)

    def test_a_removed_card_is_removed_at_stripe(self):
        token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "partner_id": self.payer.id,
                "provider_ref": "cus_1",
                "stripe_payment_method": "pm_1",
                "payment_details": "4242",
            }
        )
        with self._at_stripe():
            token.active = False
        urls = [prepared.url for prepared, _body in self.sent]
        self.assertTrue([url for url in urls if "pm_1/detach" in url])

    def test_every_post_has_an_idempotency_key(self):
        self._start("online_direct", 100.0)
        keys = [
            prepared.headers.get("Idempotency-Key")
            for prepared, _body in self.sent
            if prepared.method == "POST"
        ]
        self.assertTrue(all(keys), "a repeated request would be another customer")

    def test_a_card_saved_in_dollars_needs_no_indian_mandate(self):
        self._start("validation", 0)
        for prepared, body in self.sent:
            self.assertNotIn("mandate_options", body, prepared.url)
