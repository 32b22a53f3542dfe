from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.therapy_billing.models.payment_token import PaymentToken

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestCardManage(TherapyStripeCommon):
    def _dialog(self, card, method):
        """Return the wizard that a button of a card opens for the biller."""
        action = getattr(card.with_user(self.biller), method)()
        return (
            self.env[action["res_model"]]
            .with_user(self.biller)
            .browse(action["res_id"])
        )

    def _at_stripe(self, card):
        adapter = self.provider._therapy_stripe_get_adapter()
        return adapter.retrieve_payment_method(card.stripe_payment_method)

    def _log_lines(self):
        return " ".join(self.payer.message_ids.mapped("body"))

    # === DEFAULT AND BACKUP === #

    def test_default_and_backup_change_places(self):
        first = self._save_card()
        second = self._save_card("pm_card_mastercard")
        third = self._save_card("pm_card_visa_debit")
        second.with_user(self.biller).action_therapy_set_backup()
        self.assertTrue(second.is_backup)
        second.with_user(self.biller).action_therapy_set_default()
        self.assertEqual((first.is_default, first.is_backup), (False, True))
        self.assertEqual((second.is_default, second.is_backup), (True, False))
        third.with_user(self.biller).action_therapy_set_backup()
        self.assertFalse(first.is_backup)
        self.assertTrue(third.is_backup)
        with self.assertRaisesRegex(UserError, "is the default card"):
            third.is_backup = False
            second.with_user(self.biller).action_therapy_set_backup()

    def test_a_removed_default_leaves_its_role_to_the_backup(self):
        first = self._save_card()
        second = self._save_card("pm_card_mastercard")
        self._save_card("pm_card_visa_debit")
        second.with_user(self.biller).action_therapy_set_backup()
        self._dialog(first, "action_therapy_remove").action_remove()
        self.assertEqual((second.is_default, second.is_backup), (True, False))

    def test_the_badge_says_how_a_card_is(self):
        card = self._save_card().sudo()
        self.assertEqual(card._therapy_get_badge(), ("ok", "OK"))
        card.write({"exp_month": 3, "exp_year": 2020})
        self.assertEqual(card._therapy_get_badge(), ("expires", "expires 03/20"))
        card.write({"exp_year": 2099, "last_result": "declined"})
        self.assertEqual(card._therapy_get_badge()[0], "declined")
        card.active = False
        self.assertEqual(card._therapy_get_badge()[0], "none")

    # === CHANGE === #

    def test_expiry_and_zip_are_changed_at_stripe_the_rest_here(self):
        card = self._save_card()
        wizard = self._dialog(card, "action_therapy_edit")
        wizard.write(
            {
                "nickname": "Joint card",
                "is_benefit_card": True,
                "exp_month": 4,
                "exp_year": 2031,
                "zip": "54321",
                "country_id": self.env.ref("base.us").id,
            }
        )
        wizard.action_save()
        self.assertRecordValues(
            card,
            [{"nickname": "Joint card", "is_benefit_card": True, "expiry": "04/31"}],
        )
        method = self._at_stripe(card)
        self.assertEqual(method["card"]["exp_year"], 2031)
        self.assertEqual(method["billing_details"]["address"]["postal_code"], "54321")
        sent = self.sandbox.requests("/v1/payment_methods/", "POST")[-1]
        self.assertTrue(sent["idempotency_key"])
        self.assertNotIn("Joint", str(sent["params"]), "the nickname is not for Stripe")

    def test_a_nickname_is_not_sent_at_all(self):
        card = self._save_card()
        before = len(self.sandbox.requests())
        wizard = self._dialog(card, "action_therapy_edit")
        wizard.nickname = "Mine"
        wizard.action_save()
        self.assertEqual(len(self.sandbox.requests()), before)
        self.assertIn("was changed", self._log_lines())

    def test_dates_that_cannot_be_on_a_card_are_refused(self):
        wizard = self._dialog(self._save_card(), "action_therapy_edit")
        for month, year in ((13, 2031), (0, 2031), (4, 31), (1, 2020)):
            with self.assertRaises(ValidationError):
                wizard.write({"exp_month": month, "exp_year": year})

    def test_a_change_that_stripe_does_not_answer_changes_nothing(self):
        card = self._save_card()
        known = card.expiry
        wizard = self._dialog(card, "action_therapy_edit")
        wizard.write({"exp_month": 4, "exp_year": 2031})
        self.sandbox.fault("drop_before", "/v1/payment_methods/")
        with self.assertRaisesRegex(UserError, "could not be reached"):
            wizard.action_save()
        self.assertEqual(card.expiry, known)

    def test_only_billers_manage_cards(self):
        card = self._save_card()
        clinician = new_test_user(
            self.env, "manage_clinician", groups="therapy_billing.group_clinician"
        )
        for method in (
            "action_therapy_edit",
            "action_therapy_remove",
            "action_therapy_set_backup",
        ):
            with self.assertRaises(AccessError):
                getattr(card.with_user(clinician), method)()

    # === REMOVE === #

    def test_removing_detaches_archives_and_logs(self):
        card = self._save_card()
        self._dialog(card, "action_therapy_remove").action_remove()
        self.assertFalse(card.active)
        self.assertEqual(card.status, "revoked")
        self.assertFalse(self._at_stripe(card)["customer"])
        self.assertRegex(self._log_lines(), r"Visa •+ 4242 was removed")
        with self.assertRaisesRegex(UserError, "cannot come back"):
            card.active = True

    def test_a_card_is_kept_when_stripe_does_not_answer(self):
        card = self._save_card()
        self.sandbox.fault("drop_before", "/detach$")
        with self.assertRaisesRegex(UserError, "could not be reached"):
            self._dialog(card, "action_therapy_remove").action_remove()
        self.assertTrue(card.active)
        self.assertFalse(card.is_revoked)

    def test_a_card_that_stripe_lost_can_still_be_removed(self):
        card = self._save_card()
        card.stripe_payment_method = "pm_unknown"
        self._dialog(card, "action_therapy_remove").action_remove()
        self.assertFalse(card.active)

    def test_a_card_with_a_payment_under_way_is_kept(self):
        card = self._save_card()
        bill = self._create_bill()
        self.sandbox.fault("drop_after")
        tx = self._charge(bill, card)
        self.sandbox.heal()
        self.assertEqual(tx.state, "pending")
        wizard = self._dialog(card, "action_therapy_remove")
        self.assertTrue(wizard.is_blocked)
        self.assertIn("$\xa0100.00", wizard.uses)
        with self.assertRaisesRegex(UserError, "under way"):
            wizard.action_remove()
        with self.assertRaisesRegex(UserError, "under way"):
            card.active = False
        self.assertTrue(card.active)
        self.assertTrue(self._at_stripe(card)["customer"])

    def test_what_uses_a_card_goes_on_with_another_one(self):
        """The hook for automatic payments and plans, with a use of the test's own."""
        card = self._save_card()
        other = self._save_card("pm_card_mastercard")
        using = [card]

        def uses(token):
            found = token == using[0]
            return [{"text": "Automatic payment", "replaceable": True}] * found

        def replace(token, new):
            using[0] = new

        with (
            patch.object(PaymentToken, "_get_uses", uses),
            patch.object(PaymentToken, "_therapy_replace_uses", replace),
        ):
            wizard = self._dialog(card, "action_therapy_remove")
            self.assertTrue(wizard.needs_other)
            self.assertEqual(wizard.other_ids.sudo(), other)
            with self.assertRaisesRegex(UserError, "takes over"):
                wizard.action_remove()
            wizard.other_id = other
            wizard.action_remove()
        self.assertEqual(using, [other])
        self.assertFalse(card.active)

    def test_switching_the_provider_off_removes_no_card_at_stripe(self):
        card = self._save_card()
        self.provider.state = "disabled"
        self.assertFalse(card.active)
        self.assertFalse(card.is_revoked)
        self.assertFalse(self.sandbox.requests("/detach"))

    # === STATUS === #

    def test_a_decline_shows_on_the_card_until_it_works_again(self):
        card = self._save_card("pm_card_chargeCustomerFail")
        self._charge(self._create_bill(), card)
        self.assertEqual(card.status, "declined")
        self.assertTrue(card.last_result_text)
        self.assertFalse(self.payer._therapy_get_default_card())
        found = self.env["payment.token"].search([("status", "=", "declined")])
        self.assertIn(card, found)
        card._therapy_update({}, month=3, year=2032)
        self.assertEqual(card.status, "active", "a new date deserves a new try")

    def test_a_card_whose_bank_asks_the_payer_says_so(self):
        card = self._save_card("pm_card_authenticationRequired")
        self._charge(self._create_bill(), card)
        self.assertEqual(card.status, "needs_action")

    def test_the_bank_replaces_a_card(self):
        card = self._save_card()
        card.write({"last_result": "declined", "expiry_told": 30})
        method = card.stripe_payment_method
        self.sandbox.control(
            "POST", f"cards/{method}/update", {"card": "mastercard", "exp_year": 2034}
        )
        event = {
            "id": "evt_auto",
            "type": "payment_method.automatically_updated",
            "created": 1793404800,
            "data": {"object": {"id": method}},
        }
        self.env["therapy.stripe.event"]._receive(self.provider, event)
        self.env["therapy.stripe.event"]._cron_process()
        self.assertRecordValues(
            card,
            [
                {
                    "brand": "mastercard",
                    "payment_details": "4444",
                    "exp_year": 2034,
                    "expiry_told": 0,
                }
            ],
        )
        self.assertEqual(card.status, "active")
        self.assertIn("updated by the bank", self._log_lines())

    def test_a_card_removed_at_stripe_is_revoked_here(self):
        card = self._save_card()
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.detach_payment_method(card.stripe_payment_method)
        card._therapy_stripe_refresh()
        self.assertFalse(card.active)
        self.assertEqual(card.status, "revoked")
        self.assertIn("removed at Stripe", self._log_lines())

    def test_a_card_removed_at_stripe_charges_nothing(self):
        card = self._save_card()
        adapter = self.provider._therapy_stripe_get_adapter()
        adapter.detach_payment_method(card.stripe_payment_method)
        bill = self._create_bill()
        tx = self._charge(bill, card)
        self.assertEqual(tx.state, "error")
        self.assertEqual(self.sandbox.captured(), 0)
        self.assertEqual(bill._therapy_get_payable_amount(), 100.0)

    # === WHO IS TOLD === #

    def _activities(self):
        return self.payer.activity_ids.mapped("summary")

    def test_expiring_cards_are_announced_30_and_7_days_before_once_each(self):
        card = self._save_card()
        card.write({"exp_month": 6, "exp_year": 2027})
        announce = self.env["payment.token"]._cron_therapy_announce_expiry
        for today, count in (
            ("2027-05-30", 0),
            ("2027-05-31", 1),
            ("2027-06-01", 1),
            ("2027-06-22", 1),
            ("2027-06-23", 2),
            ("2027-06-30", 2),
            ("2027-07-01", 2),
        ):
            with freeze_time(today):
                announce()
                announce()
            self.assertEqual(len(self._activities()), count, today)
        self.assertRegex(self._activities()[0], r"Visa •+ 4242 expires 06/27")

    def test_the_biller_is_told_when_a_payer_adds_a_card(self):
        bill = self._create_bill()
        bill.invoice_user_id = self.biller
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_card").id,
                "reference": "V-own",
                "amount": 0,
                "currency_id": self.currency.id,
                "partner_id": self.payer.id,
                "operation": "validation",
                "tokenize": True,
            }
        )
        tx._stripe_create_intent()
        self._confirm(tx)
        tx._therapy_stripe_refresh()
        activity = self.payer.activity_ids
        self.assertEqual(activity.user_id, self.biller)
        self.assertRegex(activity.summary, r"New payment method: Visa •+ 4242")

    def test_staff_who_add_a_card_are_not_told(self):
        self._save_card()
        self.assertFalse(self.payer.activity_ids)
        self.assertIn("was saved", self._log_lines())
