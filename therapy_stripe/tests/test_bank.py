from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import TherapyStripeCommon

PROVEN = "pm_usBankAccount_success"


@tagged("post_install", "-at_install")
class TestBank(TherapyStripeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.method = cls.env.ref("payment.payment_method_ach_direct_debit")
        cls.method.active = True
        cls.provider.payment_method_ids = [Command.link(cls.method.id)]

    # === HELPERS === #

    def _confirm_bank(self, tx, method=None):
        """Confirm as stripe.js does, with the payer's acceptance of the mandate."""
        adapter = self.provider._therapy_stripe_get_adapter()
        params = {
            "mandate_data": {
                "customer_acceptance": {
                    "type": "online",
                    "online": {"ip_address": "192.0.2.1", "user_agent": "test"},
                }
            }
        }
        params["payment_method"] = method or self._type_account(adapter, tx)
        path = f"setup_intents/{tx.provider_reference}/confirm"
        return adapter.raw("POST", path, params, f"confirm {tx.id}")

    def _type_account(self, adapter, tx):
        """Return the payment method of an account whose numbers the payer types."""
        params = {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "individual",
                "routing_number": "110000000",
                "account_number": "000123456789",
            },
            "billing_details": {"name": "Account Holder"},
        }
        return adapter.raw("POST", "payment_methods", params, f"typed {tx.id}")["id"]

    def _save_bank(self, method=None):
        wizard = self.env["therapy.add.card"].with_user(self.biller)
        wizard = wizard.create({"partner_id": self.payer.id})
        wizard.action_start("phone", "Agreed by phone", "us_bank_account")
        tx = wizard.transaction_id.sudo()
        self._confirm_bank(tx, method)
        result = wizard.action_finish()
        self.assertTrue(result["saved"], result["message"])
        return tx.token_id

    def _verify(self, token, **vals):
        action = token.with_user(self.biller).action_therapy_verify()
        wizard = self.env[action["res_model"]].with_user(self.biller)
        wizard.browse(action["res_id"]).write(vals)
        wizard.browse(action["res_id"]).action_verify()

    # === SAVING === #

    def test_a_bank_account_is_offered_only_where_it_is_switched_on(self):
        wizard = self.env["therapy.add.card"].create({"partner_id": self.payer.id})
        kinds = [row["value"] for row in wizard.action_get_setup()["kinds"]]
        self.assertEqual(kinds, ["card", "us_bank_account"])
        self.provider.payment_method_ids = [Command.unlink(self.method.id)]
        kinds = [row["value"] for row in wizard.action_get_setup()["kinds"]]
        self.assertEqual(kinds, ["card"])
        with self.assertRaisesRegex(UserError, "cannot be saved"):
            wizard.action_start("phone", "Agreed", "us_bank_account")

    def test_a_proven_account_can_be_debited_at_once(self):
        token = self._save_bank(PROVEN)
        self.assertRecordValues(
            token,
            [
                {
                    "method_kind": "us_bank_account",
                    "payment_details": "6789",
                    "funding": False,
                    "status": "active",
                    "expiry": "",
                    "consent_user_id": self.biller.id,
                }
            ],
        )
        self.assertTrue(token.stripe_mandate.startswith("mandate_"))
        self.assertRegex(token.display_name, r"STRIPE TEST BANK •+ 6789")

    def test_an_unproven_account_waits_for_its_deposits(self):
        token = self._save_bank()
        self.assertEqual(token.status, "verifying")
        self.assertFalse(self.payer._therapy_get_default_card())
        found = self.env["payment.token"]._get_available_tokens(
            self.provider.ids, self.payer.id
        )
        self.assertNotIn(token, found)
        self._verify(token, code="sm11aa")
        self.assertEqual(token.status, "active")
        self.assertTrue(token.stripe_mandate)
        self.assertEqual(self.payer.therapy_card_ids, token, "and is saved once")
        self.assertEqual(self.payer._therapy_get_default_card(), token)

    def test_the_amounts_of_the_deposits_prove_it_too(self):
        token = self._save_bank()
        self._verify(token, amount_1=32, amount_2=45)
        self.assertEqual(token.status, "active")

    def test_wrong_values_are_explained_and_may_be_corrected(self):
        token = self._save_bank()
        with self.assertRaisesRegex(UserError, "begins with SM"):
            self._verify(token, amount_1=32)
        with self.assertRaisesRegex(UserError, "statement again"):
            self._verify(token, amount_1=1, amount_2=2)
        self.assertEqual(token.status, "verifying")
        self._verify(token, code="SM11AA")
        self.assertEqual(token.status, "active")

    def test_a_provider_that_may_not_be_asked_is_said_in_words(self):
        token = self._save_bank()
        self.provider.therapy_stripe_api_base = False
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with self.assertRaisesRegex(UserError, "copy"):
            self._verify(token, code="SM11AA")

    def test_after_too_many_tries_the_account_is_gone_and_the_biller_knows(self):
        token = self._save_bank()
        # Not assertRaises: it rolls back what was read at Stripe.
        try:
            self._verify(token, code="SM33CC")
        except UserError as error:
            message = str(error)
        self.assertIn("Too many tries", message)
        self.assertFalse(token.active)
        self.assertEqual(token.status, "revoked")
        summary = self.payer.activity_ids.mapped("summary")
        self.assertTrue(any("not verified" in text for text in summary), summary)

    def test_the_event_about_the_verification_does_the_same(self):
        token = self._save_bank()
        tx = token.transaction_ids
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.verify_setup_intent(
            tx.provider_reference, {"descriptor_code": "SM11AA"}, "elsewhere"
        )
        event = {
            "id": "evt_bank",
            "type": "setup_intent.succeeded",
            "created": 1793404800,
            "data": {"object": {"id": tx.provider_reference}},
        }
        self.env["therapy.stripe.event"]._receive(self.provider, event)
        self.env["therapy.stripe.event"]._cron_process()
        self.assertEqual(token.status, "active")

    # === CHARGING === #

    def test_a_debit_is_pending_for_days_and_then_done(self):
        token = self._save_bank(PROVEN)
        bill = self._create_bill()
        tx = self._charge(bill, token)
        self.assertEqual(tx.state, "pending")
        sent = self.sandbox.requests("/v1/payment_intents", "POST")[0]["params"]
        self.assertEqual(sent["mandate"], token.stripe_mandate)
        self.assertEqual(sent["allowed_payment_method_types"], {"0": "us_bank_account"})
        self.sandbox.control(
            "POST", "ach/settle", {"payment_intent": tx.provider_reference}
        )
        tx._therapy_stripe_refresh()
        self.assertEqual(tx.state, "done")

    def test_an_account_with_a_debit_under_way_is_kept(self):
        token = self._save_bank(PROVEN)
        self._charge(self._create_bill(), token)
        with self.assertRaisesRegex(UserError, "under way"):
            token.active = False

    def test_a_mandate_that_ended_revokes_the_account(self):
        token = self._save_bank(PROVEN)
        token._therapy_on_mandate("active")
        self.assertEqual(token.status, "active")
        token._therapy_on_mandate("inactive")
        self.assertEqual(token.status, "revoked")
        self.assertTrue(self.payer.activity_ids)
