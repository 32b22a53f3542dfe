from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

from odoo.addons.therapy_stripe.calls import one_time_key

from .sandbox import SandboxProcess

SECRET_KEY = "sk_test_therapy"
WEBHOOK_SECRET = "whsec_therapy_current"


class TherapyStripeCommon(TransactionCase):
    """A practice with a biller, a payer, and Stripe's sandbox behind the provider.

    Requests really go out: through the SDK, over HTTP, to a sandbox process.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = SandboxProcess()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.company = cls.env.company
        cls.currency = cls.company.currency_id
        cls.provider = cls._create_provider()
        cls.payer = cls.env["res.partner"].create(
            {"name": "Dana Payer", "email": "dana@example.com", "zip": "12345"}
        )
        cls.patient = cls.env["res.partner"].create(
            {"name": "Kim Patient", "is_patient": True}
        )
        cls.biller = new_test_user(
            cls.env, "stripe_biller", groups="therapy_billing.group_biller"
        )

    def setUp(self):
        super().setUp()
        self.sandbox.reset()

    @classmethod
    def _create_provider(cls):
        journal = cls.env["account.journal"].create(
            {"name": "Stripe Test", "code": "STT", "type": "bank"}
        )
        provider = cls.env.ref("payment.payment_provider_stripe")
        provider.write(
            {
                "state": "test",
                "is_published": True,
                "stripe_secret_key": SECRET_KEY,
                "stripe_publishable_key": "pk_test_therapy",
                "stripe_webhook_secret": WEBHOOK_SECRET,
                "therapy_stripe_api_base": cls.sandbox.url,
                "therapy_stripe_js_url": f"{cls.sandbox.url}/endive/stripe.js",
                "journal_id": journal.id,
            }
        )
        lines = journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        lines.payment_account_id = cls.env["account.account"].create(
            {
                "name": "Stripe clearing test",
                "code": "101799",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        return provider

    # === ANOTHER COMPANY === #

    def _create_company(self):
        """Return a second company, which the biller may choose.

        :rtype: res.company
        """
        company = self.env["res.company"].create(
            {
                "name": "Second Practice",
                "currency_id": self.currency.id,
                "country_id": self.company.country_id.id,
            }
        )
        self.biller.company_ids |= company
        return company

    def _create_company_provider(self, company):
        """Return the provider of a second company, at the same Stripe account.

        :rtype: payment.provider
        """
        provider = self.provider.copy(
            {"company_id": company.id, "name": "Second", "journal_id": False}
        )
        provider.write(
            {
                "state": "test",
                "stripe_secret_key": SECRET_KEY,
                "stripe_publishable_key": "pk_test_therapy",
                "stripe_webhook_secret": "whsec_second",
                "therapy_stripe_api_base": self.sandbox.url,
                "therapy_stripe_js_url": f"{self.sandbox.url}/endive/stripe.js",
            }
        )
        return provider

    def _create_token(self, provider, **vals):
        """Return a card of the payer that is saved at a provider.

        :rtype: payment.token
        """
        return self.env["payment.token"].create(
            {
                "provider_id": provider.id,
                "partner_id": self.payer.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "provider_ref": "cus_second",
                "stripe_payment_method": "pm_second",
                "payment_details": "1111",
                "exp_month": 12,
                "exp_year": 2034,
                "brand": "visa",
                **vals,
            }
        )

    # === BILLS === #

    @classmethod
    def _today(cls):
        """Return today's date at the practice, which may not be that of UTC."""
        return cls.company._therapy_local_date()

    @classmethod
    def _create_bill(cls, amount=100.0, partner=None):
        """Return a posted therapy bill.

        :rtype: account.move
        """
        bill = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.payer).id,
                "patient_id": cls.patient.id,
                "invoice_date": cls._today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Services",
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        return bill

    # === CARDS === #

    def _save_card(self, card="pm_card_visa", partner=None):
        """Return the token of a card that staff saved, typed in as a browser would.

        :rtype: payment.token
        """
        wizard = self.env["therapy.add.card"].create(
            {"partner_id": (partner or self.payer).id}
        )
        wizard.action_start("phone", "Agreed by phone")
        self._confirm(wizard.transaction_id, card)
        result = wizard.action_finish()
        self.assertTrue(result["saved"], result["message"])
        return wizard.transaction_id.token_id

    def _confirm(self, tx, card="pm_card_visa"):
        """Confirm the intent of a transaction at Stripe, as the payer's browser does.

        :return: the intent
        :rtype: dict
        """
        kind = "setup_intents" if tx.operation == "validation" else "payment_intents"
        adapter = self.provider._therapy_stripe_get_adapter()
        intent = adapter.raw(
            "POST",
            f"{kind}/{tx.provider_reference}/confirm",
            {"payment_method": card, "return_url": "http://127.0.0.1/back"},
            one_time_key("confirm"),
        )
        if intent["status"] == "requires_action":
            self.sandbox.approve(intent)
        return intent

    # === PAYMENTS === #

    def _create_tx(self, bill, amount=None, operation="online_direct", **vals):
        """Return a draft transaction for a bill.

        :rtype: payment.transaction
        """
        transactions = self.env["payment.transaction"]
        return transactions.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": transactions._compute_reference("stripe", prefix="T"),
                "amount": amount or bill.amount_residual,
                "currency_id": self.currency.id,
                "partner_id": bill.partner_id.id,
                "operation": operation,
                "invoice_ids": [Command.set(bill.ids)],
                **vals,
            }
        )

    def _charge(self, bill, token, amount=None):
        """Charge a saved card for a bill through the one entry for that.

        :rtype: payment.transaction
        """
        transactions = self.env["payment.transaction"]
        tx_id = transactions._therapy_charge(
            token, [(bill.id, amount or bill.amount_residual)], paid_by=bill.partner_id
        )
        self.env.invalidate_all()
        return transactions.browse(tx_id)

    def _post_process(self, tx):
        """Book a done transaction as the job does."""
        tx._post_process()
        self.env.invalidate_all()

    @staticmethod
    def _later(**delta):
        """Return a context in which our code sees a later time.

        :param delta: arguments of a timedelta
        """
        moment = fields.Datetime.add(fields.Datetime.now(), **delta)
        return freeze_time(moment)
