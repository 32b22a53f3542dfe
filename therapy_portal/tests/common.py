import re
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.payment.tests.common import PaymentCommon

SECRETS = ["Zelda Fitzroy", "Dr. Quill Hartmann", "Psychotherapy", "90837"]


class TherapyPortalCommon(PaymentCommon, AccountTestInvoicingCommon):
    """A child with two parents (60/40), an insurer, a biller and the demo provider."""

    @classmethod
    def get_default_groups(cls):
        groups = super().get_default_groups()
        return groups | cls.quick_ref("therapy_billing.group_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enable_post_process_patcher = False
        cls.company = cls.env.company
        cls.company.write({"name": "Maple Street Practice", "phone": "555-0100"})
        cls.currency = cls.company.currency_id
        cls.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        Partner = cls.env["res.partner"]
        cls.patient = Partner.create({"name": "Zelda Fitzroy", "is_patient": True})
        cls.provider_person = Partner.create(
            {"name": "Dr. Quill Hartmann", "is_provider": True}
        )
        cls.mother = Partner.create({"name": "Ada Fitz", "email": "ada@example.com"})
        cls.father = Partner.create({"name": "Bob Roy", "email": "bob@example.com"})
        cls.aunt = Partner.create({"name": "Una Roy", "email": "una@example.com"})
        cls.insurer = Partner.create(
            {"name": "Blue Plan", "is_insurer": True, "email": "claims@example.com"}
        )
        cls.env["therapy.guarantor"].create(
            [
                {
                    "patient_id": cls.patient.id,
                    "partner_id": cls.mother.id,
                    "percent": 60,
                },
                {
                    "patient_id": cls.patient.id,
                    "partner_id": cls.father.id,
                    "percent": 40,
                },
            ]
        )
        cls.service = cls.env["product.product"].create(
            {
                "name": "Psychotherapy",
                "default_code": "PSY60",
                "therapy_code": "90837",
                "list_price": 200.0,
                "type": "service",
                "taxes_id": [Command.clear()],
            }
        )
        cls._set_up_users()
        cls._set_up_demo_provider()

    @classmethod
    def _set_up_users(cls):
        cls.mother_user = new_test_user(
            cls.env,
            "ada",
            groups="base.group_portal",
            partner_id=cls.mother.id,
            name="Ada Fitz",
            email="ada@example.com",
        )
        cls.father_user = new_test_user(
            cls.env,
            "bob",
            groups="base.group_portal",
            partner_id=cls.father.id,
            name="Bob Roy",
            email="bob@example.com",
        )
        cls.biller = new_test_user(
            cls.env,
            "biller",
            groups="therapy_billing.group_biller",
            name="Bea Biller",
            email="bea@practice.example",
        )
        cls.clinician = new_test_user(
            cls.env, "clinician", groups="therapy_billing.group_clinician"
        )

    @classmethod
    def _set_up_demo_provider(cls):
        providers = cls.env["payment.provider"].sudo()
        providers.search([("company_id", "=", cls.company.id)]).state = "disabled"
        demo = cls.env.ref("payment.payment_provider_demo").sudo()
        if demo.company_id != cls.company:
            demo = demo.copy({"company_id": cls.company.id})
        cls.demo = demo
        demo.write({"state": "test", "is_published": True, "allow_tokenization": True})
        demo.journal_id = cls.company_data["default_journal_bank"]
        cls.method = demo.payment_method_ids[:1]
        cls.method.sudo().active = True
        cls.card = cls._make_card(cls.mother, "4242")

    @classmethod
    def _make_card(cls, partner, last4, state="done"):
        return (
            cls.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": cls.demo.id,
                    "payment_method_id": cls.method.id,
                    "payment_details": last4,
                    "partner_id": partner.id,
                    "provider_ref": f"demo {last4}",
                    "demo_simulated_state": state,
                }
            )
        )

    @classmethod
    def _make_bill(cls, partner=None, amount=120.0, total=200.0, others=(), post=True):
        """Return a bill of one session: `amount` of `total` is this payer's.

        :param others: (partner, amount) of shares on bills of others
        """
        partner = partner or cls.mother
        session = cls.env["therapy.session"].create(
            {
                "patient_id": cls.patient.id,
                "provider_id": cls.provider_person.id,
                "start": datetime(2026, 10, 12, 15, 0),
                "state": "held",
                "line_ids": [
                    Command.create(
                        {"product_id": cls.service.id, "units": 1, "rate": total}
                    )
                ],
            }
        )
        move = cls._make_move(partner, amount, session)
        for other, part in others:
            cls._make_move(other, part, session).action_post()
        if post:
            move.action_post()
        return move

    @classmethod
    def _make_move(cls, partner, amount, session):
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "patient_id": cls.patient.id,
                "claim_session_id": partner.is_insurer and session.id,
                "invoice_date": "2026-10-31",
                "invoice_date_due": "2026-11-14",
                "invoice_payment_term_id": False,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Services on 10/12/2026",
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        cls.env["therapy.session.share"].sudo().create(
            {
                "session_line_id": session.line_ids.id,
                "partner_id": partner.id,
                "amount": amount,
                "move_id": move.id,
                "move_line_id": move.invoice_line_ids.id,
            }
        )
        return move

    def _share(self, *moves):
        """Share bills as the biller; return the dialog and its action."""
        records = self.env["account.move"].union(*moves).with_user(self.biller)
        action = records.action_therapy_share()
        wizard = self.env[action["res_model"]].with_user(self.biller)
        wizard = wizard.browse(action["res_id"])
        return wizard, wizard.action_send()

    @contextmanager
    def _handed_over(self):
        """Collect the addresses of mails that leave right after the commit."""
        emails = []
        Mail = type(self.env["mail.mail"])

        def note(mails):
            emails.extend(mails.mapped("email_to"))

        with patch.object(Mail, "_therapy_hand_over", note):
            yield emails

    def _now(self, text):
        return freeze_time(fields.Datetime.to_datetime(text))

    def assertAmounts(self, first, second):
        self.assertEqual(
            self.currency.compare_amounts(first, second), 0, (first, second)
        )


class TherapyPortalHttpCommon(TherapyPortalCommon, HttpCase):
    """Requests as a browser makes them."""

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _get(self, path, **kwargs):
        return self.url_open(path, **kwargs)

    def _look_up(self, number, code, **kwargs):
        """Type number and code on /pay and return the page that follows."""
        data = {
            "csrf_token": Request.csrf_token(self),
            "bill_number": number,
            "access_code": code,
        }
        return self.url_open("/pay", data=data, **kwargs)

    def _form_value(self, html, name):
        found = re.search(rf'data-{name}="([^"]*)"', html)
        return found and found.group(1)

    def _pay(self, html, **values):
        """Press the pay button of a page with core's payment form."""
        params = {
            "provider_id": self.demo.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": float(self._form_value(html, "amount") or 0.0),
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": self._form_value(html, "landing-route"),
            "is_validation": False,
            "access_token": self._form_value(html, "access-token"),
            **values,
        }
        route = self._form_value(html, "transaction-route")
        return self.make_jsonrpc_request(route, params)

    def _finish(self, processing_values, state="done"):
        """Let the demo provider answer, wait on the status page, and come back."""
        self.make_jsonrpc_request(
            "/payment/demo/simulate_payment",
            {
                "reference": processing_values["reference"],
                "payment_details": "1111",
                "simulated_state": state,
            },
        )
        self._get("/payment/status")
        values = self.make_jsonrpc_request("/payment/status/poll", {})
        return self._get(values["landing_route"])

    def _tx(self, processing_values):
        return (
            self.env["payment.transaction"]
            .sudo()
            .search([("reference", "=", processing_values["reference"])])
        )
