"""Defects of Odoo's own payment pages, written against core's routes only.

Each test passes with our addons and fails on Odoo alone. It imports and names nothing
of ours, so that it can be run there.
"""

import re

from odoo import Command
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.payment.tests.common import PaymentCommon


@tagged("post_install", "-at_install", "core_defect")
class TestPortalPayments(PaymentCommon, AccountTestInvoicingCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enable_post_process_patcher = False
        cls.payer = cls.env["res.partner"].create(
            {"name": "Payer", "email": "payer@example.com"}
        )
        cls.user = new_test_user(
            cls.env, "payer", groups="base.group_portal", partner_id=cls.payer.id
        )
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        providers = cls.env["payment.provider"].sudo()
        providers.search([("company_id", "=", cls.env.company.id)]).state = "disabled"
        demo = cls.env.ref("payment.payment_provider_demo").sudo()
        if demo.company_id != cls.env.company:
            demo = demo.copy({"company_id": cls.env.company.id})
        demo.write({"state": "test", "is_published": True, "allow_tokenization": True})
        demo.journal_id = cls.company_data["default_journal_bank"]
        demo.payment_method_ids.active = True
        cls.demo = demo
        cls.method = demo.payment_method_ids[:1]

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self.invoice = self._make_invoice(100.0)

    def _make_invoice(self, amount):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.payer.id,
                "invoice_date": "2026-01-05",
                "invoice_date_due": "2026-01-20",
                "invoice_payment_term_id": False,
                "currency_id": self.env.company.currency_id.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Item",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        invoice.action_post()
        return invoice

    def _pay(self, amount, **values):
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            "access_token": self.invoice._portal_ensure_token(),
            **values,
        }
        url = f"/invoice/transaction/{self.invoice.id}"
        reference = self.make_jsonrpc_request(url, params)["reference"]
        return (
            self.env["payment.transaction"]
            .sudo()  # sudo: payers may not read transactions
            .search([("reference", "=", reference)])
        )

    def _succeed(self, tx):
        tx._process("demo", {"reference": tx.reference, "simulated_state": "done"})
        tx._post_process()

    def _make_card(self):
        return (
            self.env["payment.token"]
            .sudo()  # sudo: as a provider saves cards
            .create(
                {
                    "provider_id": self.demo.id,
                    "payment_method_id": self.method.id,
                    "payment_details": "4242",
                    "partner_id": self.payer.id,
                    "provider_ref": "card",
                    "demo_simulated_state": "done",
                }
            )
        )

    @mute_logger("odoo.http")
    def test_run_a_nobody_pays_more_than_what_is_left(self):
        with self.assertRaises(JsonRpcException):
            self._pay(250.0)

    @mute_logger("odoo.http")
    def test_run_a_no_fractions_of_a_cent(self):
        with self.assertRaises(JsonRpcException):
            self._pay(10.001)

    @mute_logger("odoo.http")
    def test_run_b_two_tabs_do_not_pay_twice(self):
        self._pay(100.0)
        with self.assertRaises(JsonRpcException):
            self._pay(100.0)

    @mute_logger("odoo.http")
    def test_run_b_a_paid_invoice_takes_no_payment(self):
        self._succeed(self._pay(100.0))
        self.assertEqual(self.invoice.payment_state, "paid")
        with self.assertRaises(JsonRpcException):
            self._pay(100.0)

    def test_run_c_overdue_asks_for_what_is_left(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.invoice.ids
        ).create({"amount": 60.0}).action_create_payments()
        self.authenticate("payer", "payer")
        html = self.url_open("/my/invoices/overdue").text
        amount = float(re.search(r'data-amount="([^"]*)"', html).group(1))
        self.assertAlmostEqual(amount, 40.0)

    def test_run_d_the_payment_is_booked_on_the_invoices_partner(self):
        new_test_user(self.env, "guardian", groups="base.group_portal")
        self.authenticate("guardian", "guardian")
        tx = self._pay(100.0)
        self._succeed(tx)
        self.assertEqual(tx.payment_id.partner_id, self.payer)
        receivable = tx.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        self.assertEqual(receivable.partner_id, self.payer)

    def test_run_i_a_link_shows_no_saved_cards(self):
        self._make_card()
        token = self.invoice._portal_ensure_token()
        html = self.url_open(
            f"/my/invoices/{self.invoice.id}?access_token={token}&payment=True"
        ).text
        self.assertIn(self.invoice.name, html)
        self.assertNotIn("4242", html)

    @mute_logger("odoo.http")
    def test_run_i_a_link_charges_no_saved_card(self):
        card = self._make_card()
        with self.assertRaises(JsonRpcException):
            self._pay(100.0, flow="token", token_id=card.id, payment_method_id=None)

    @mute_logger("odoo.http")
    def test_run_i_a_link_saves_no_card(self):
        with self.assertRaises(JsonRpcException):
            self._pay(100.0, tokenization_requested=True)

    @mute_logger("odoo.http")
    def test_a_provider_that_no_page_offers_takes_no_payment(self):
        hidden = self.demo.copy({"name": "Forgotten test account"})
        hidden.write({"state": "test", "is_published": False})
        with self.assertRaises(JsonRpcException):
            self._pay(100.0, provider_id=hidden.id)
