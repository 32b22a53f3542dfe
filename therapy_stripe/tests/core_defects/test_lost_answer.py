from contextlib import suppress
from unittest.mock import patch

import requests

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install", "core_defect")
class TestLostAnswer(TransactionCase):
    """A connection that breaks after Stripe charged must not lead to a second charge.

    Core takes "no answer" for "not charged": the try is an error, its payment is
    cancelled, and the next try has a new reference and so a new idempotency key.
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
        self.payer = self.env["res.partner"].create({"name": "Dana Payer"})
        self.token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "partner_id": self.payer.id,
                "payment_details": "4242",
                "provider_ref": "cus_defect",
                "stripe_payment_method": "pm_defect",
            }
        )
        self.invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.payer.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Services", "price_unit": 100.0, "tax_ids": [(5,)]}
                    )
                ],
            }
        )
        self.invoice.action_post()

    def _charge_and_lose(self):
        """Charge the card from the invoice; Stripe gets the request, we no answer.

        :return: idempotency keys of the requests that charge
        :rtype: list
        """
        keys = []

        def send(session, prepared, **options):
            if prepared.method == "POST" and prepared.url.endswith("payment_intents"):
                keys.append(prepared.headers.get("Idempotency-Key"))
            raise requests.exceptions.ConnectionError("lost")

        lines = self.provider.journal_id.inbound_payment_method_line_ids
        method = lines.filtered(lambda x: x.payment_provider_id == self.provider)
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=self.invoice.ids)
            .create(
                {
                    "journal_id": self.provider.journal_id.id,
                    "payment_method_line_id": method[:1].id,
                    "payment_token_id": self.token.id,
                }
            )
        )
        with (
            patch.object(requests.sessions.Session, "send", send),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            wizard._create_payments()
        return keys

    def test_no_answer_is_not_taken_for_a_refusal(self):
        self._charge_and_lose()
        tx = self.env["payment.transaction"].search(
            [("partner_id", "=", self.payer.id)]
        )
        self.assertNotIn(tx.state, ("error", "cancel"))
        self.assertNotEqual(tx.payment_id.state, "canceled")

    def test_no_second_charge_while_the_first_is_unknown(self):
        keys = self._charge_and_lose()
        self.assertTrue(keys)
        with suppress(UserError):  # A refusal is just what is wanted.
            keys += self._charge_and_lose()
        self.assertEqual(len(set(keys)), 1)
