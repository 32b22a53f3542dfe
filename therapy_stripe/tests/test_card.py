from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestCard(TherapyStripeCommon):
    def test_staff_save_a_card_and_record_consent(self):
        wizard = (
            self.env["therapy.add.card"]
            .with_user(self.biller)
            .create({"partner_id": self.payer.id})
        )
        setup = wizard.action_get_setup()
        self.assertEqual(setup["publishable_key"], "pk_test_therapy")
        self.assertIn("Dana Payer", setup["consent"])
        secret = wizard.action_start("in_person", "Signed at the desk")
        self.assertTrue(secret["client_secret"].startswith("seti_"))
        self._confirm(wizard.transaction_id.sudo(), "pm_card_visa_debit")
        result = wizard.action_finish()
        self.assertTrue(result["saved"])
        self.assertIn("5556", result["message"])
        card = self.payer.therapy_card_ids
        self.assertRecordValues(
            card,
            [
                {
                    "partner_id": self.payer.id,
                    "payment_details": "5556",
                    "brand": "visa",
                    "funding": "debit",
                    "status": "active",
                    "is_default": True,
                    "consent_note": "Signed at the desk",
                    "consent_channel": "in_person",
                    "consent_user_id": self.biller.id,
                }
            ],
        )
        self.assertTrue(card.exp_month and card.exp_year and card.fingerprint)
        self.assertTrue(card.consent_date)
        self.assertRegex(card.display_name, r"^Visa •+ 5556$")

    def test_consent_is_required(self):
        wizard = self.env["therapy.add.card"].create({"partner_id": self.payer.id})
        for channel, note in (("", "x"), ("phone", "  "), ("portal", "x"), ("?", "x")):
            with self.assertRaisesRegex(UserError, "agreed"):
                wizard.action_start(channel, note)
        self.assertFalse(self.sandbox.requests())

    def test_a_card_number_is_not_kept_with_the_consent_or_as_a_name(self):
        wizard = self.env["therapy.add.card"].create({"partner_id": self.payer.id})
        note = "By phone: 4242 4242 4242 4242, 12/30"
        with self.assertRaisesRegex(ValidationError, "looks like a card number"):
            wizard.action_start("phone", note)
        self.assertFalse(wizard.transaction_id)
        self.assertFalse(self.sandbox.requests())
        card = self._save_card()
        with self.assertRaisesRegex(ValidationError, "looks like a card number"):
            self.env["therapy.card.edit"].create(
                {"token_id": card.id, "nickname": "4242424242424242"}
            )

    def test_declined_card_is_not_saved(self):
        wizard = self.env["therapy.add.card"].create({"partner_id": self.payer.id})
        wizard.action_start("phone", "Agreed")
        result = wizard.action_finish()
        self.assertFalse(result["saved"])
        self.assertFalse(self.payer.therapy_card_ids)

    def test_insurers_and_missing_stripe_are_refused(self):
        insurer = self.env["res.partner"].create({"name": "Plan", "is_insurer": True})
        with self.assertRaisesRegex(UserError, "Insurers"):
            insurer.action_therapy_add_card()
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "not set up"):
            self.payer.action_therapy_add_card()

    def test_only_billers_add_cards(self):
        clinician = new_test_user(
            self.env, "card_clinician", groups="therapy_billing.group_clinician"
        )
        with self.assertRaises(AccessError):
            self.payer.with_user(clinician).action_therapy_add_card()
        wizard = self.env["therapy.add.card"].with_user(self.biller)
        wizard = wizard.create({"partner_id": self.payer.id})
        with self.assertRaises(AccessError):
            wizard.with_user(clinician).action_start("phone", "x")

    def test_cards_are_not_saved_for_other_companies(self):
        company = self.env["res.company"].create({"name": "Southside Practice"})
        wizard = (
            self.env["therapy.add.card"]
            .with_user(self.biller)
            .create({"partner_id": self.payer.id, "company_id": company.id})
        )
        with self.assertRaises(AccessError):
            wizard.action_start("phone", "Agreed")

    def test_one_customer_per_payer_without_personal_data(self):
        self._save_card()
        self._save_card("pm_card_mastercard")
        posts = self.sandbox.requests("/v1/customers", "POST")
        self.assertEqual(len(posts), 1)
        self.assertEqual(set(posts[0]["params"]), {"metadata"})
        self.assertEqual(set(posts[0]["params"]["metadata"]), {"db", "payer"})
        for row in self.sandbox.requests():
            for word in ("Dana", "dana@", "Kim", "12345"):
                self.assertNotIn(word, str(row["params"]))
        self.assertEqual(
            self.env["therapy.stripe.customer"].search_count(
                [("partner_id", "=", self.payer.id)]
            ),
            1,
        )

    def test_first_card_is_the_default_until_another_is_chosen(self):
        first = self._save_card()
        second = self._save_card("pm_card_mastercard")
        self.assertTrue(first.is_default)
        self.assertFalse(second.is_default)
        second.with_user(self.biller).action_therapy_set_default()
        self.assertFalse(first.is_default)
        self.assertTrue(second.is_default)
        self.assertEqual(self.payer._therapy_get_default_card(), second)
        second.active = False
        self.assertTrue(first.is_default)

    def test_two_defaults_are_refused_by_the_database(self):
        first = self._save_card()
        second = self._save_card("pm_card_mastercard")
        self.assertTrue(first.is_default)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            second.is_default = True
            second.flush_recordset()

    def test_only_billers_choose_the_default(self):
        card = self._save_card()
        clinician = new_test_user(
            self.env, "default_clinician", groups="therapy_billing.group_clinician"
        )
        with self.assertRaises(AccessError):
            card.with_user(clinician).action_therapy_set_default()

    def test_status_follows_the_expiry(self):
        card = self._save_card()
        card.write({"exp_month": 6, "exp_year": 2027})
        self.company.therapy_tz = "America/New_York"
        for moment, status in (
            ("2027-05-01 12:00", "active"),
            ("2027-05-31 12:00", "expiring"),
            ("2027-06-30 12:00", "expiring"),
            # July in UTC, but not yet at the practice.
            ("2027-07-01 03:59", "expiring"),
            ("2027-07-01 04:00", "expired"),
        ):
            with freeze_time(moment):
                card.invalidate_recordset(["status"])
                self.assertEqual(card.status, status, moment)
        card.active = False
        self.assertEqual(card.status, "revoked")
        self.assertEqual(card.expiry, "06/27")

    def test_numbers_never_reach_odoo(self):
        self._save_card()
        for model in ("payment.token", "payment.transaction", "therapy.add.card"):
            rows = self.env[model].search([]).read()
            self.assertNotIn("4242424242424242", str(rows))
