from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestChargeWizard(TherapyStripeCommon):
    def setUp(self):
        super().setUp()
        self.bill = self._create_bill(100.0)

    def _open(self, bill=None):
        action = (bill or self.bill).with_user(self.biller).action_therapy_charge_card()
        wizards = self.env["therapy.charge.wizard"].with_user(self.biller)
        return wizards.browse(action["res_id"])

    def test_biller_charges_what_is_due_with_the_default_card(self):
        token = self._save_card()
        wizard = self._open()
        self.assertEqual(wizard.partner_id, self.payer)
        self.assertEqual(wizard.token_id, token)
        self.assertAlmostEqual(wizard.amount, 100.0)
        action = wizard.action_charge()
        self.assertEqual(action["res_id"], wizard.id)
        self.assertEqual(wizard.result, "done")
        self.assertIn("$\xa0100.00", wizard.message)
        self.assertIn("4242", wizard.message)
        self.assertIn("paid", wizard.message)
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)

    def test_part_of_a_bill(self):
        self._save_card()
        wizard = self._open()
        with Form(wizard) as form:
            form.amount = 30.0
        wizard.action_charge()
        self.assertIn("70.00", wizard.message)
        self.assertAlmostEqual(self.bill.amount_residual, 70.0)

    def test_repeated_request_charges_once(self):
        self._save_card()
        wizard = self._open()
        wizard.amount = 30.0
        wizard.action_charge()
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 3000)
        self.assertAlmostEqual(self.bill.amount_residual, 70.0)

    def test_decline_is_told_and_another_card_may_be_used(self):
        self._save_card("pm_card_chargeCustomerFail")
        wizard = self._open()
        wizard.action_charge()
        self.assertEqual(wizard.result, "declined")
        self.assertIn("declined", wizard.message)
        good = self._save_card()
        wizard.action_try_again()
        self.assertFalse(wizard.result)
        wizard.invalidate_recordset()
        wizard.token_id = good
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")

    def test_unknown_is_told_and_not_tried_again(self):
        self._save_card()
        wizard = self._open()
        self.sandbox.fault("drop_after")
        wizard.action_charge()
        self.sandbox.heal()
        self.assertEqual(wizard.result, "unknown")
        self.assertIn("may or may not", wizard.message)
        wizard.action_try_again()
        self.assertEqual(wizard.result, "unknown")
        with self.assertRaises(UserError):
            self._open().action_charge()
        self.assertEqual(self.sandbox.captured(), 10000)

    def test_too_much_is_refused_in_plain_words(self):
        self._save_card()
        wizard = self._open()
        wizard.amount = 100.01
        with self.assertRaises(UserError):
            wizard.action_charge()
        wizard.amount = 0
        with self.assertRaises(UserError):
            wizard.action_charge()
        self.assertFalse(self.sandbox.captured())

    def test_card_of_a_stranger_is_refused(self):
        stranger = self.env["res.partner"].create({"name": "Sam Stranger"})
        token = self._save_card(partner=stranger)
        wizard = self._open()
        wizard.token_id = token
        with self.assertRaisesRegex(UserError, "card of the payer"):
            wizard.action_charge()
        wizard.partner_id = stranger
        wizard.token_id = token
        with self.assertRaisesRegex(UserError, "does not pay"):
            wizard.action_charge()

    def test_other_guarantor_of_the_patient_may_pay(self):
        other = self.env["res.partner"].create({"name": "Alex Parent"})
        self.env["therapy.guarantor"].create(
            [
                {"patient_id": self.patient.id, "partner_id": payer.id, "percent": 50}
                for payer in (self.payer, other)
            ]
        )
        token = self._save_card(partner=other)
        wizard = self._open()
        wizard.partner_id = other
        self.assertEqual(wizard.token_id, token)
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")
        payment = wizard.transaction_id.sudo().payment_id
        self.assertEqual(payment.partner_id, self.payer)
        self.assertEqual(payment.paid_by_partner_id, other)

    def test_no_card_no_charge(self):
        wizard = self._open()
        self.assertFalse(wizard.token_id)
        with self.assertRaisesRegex(UserError, "Choose a card"):
            wizard.action_charge()

    def test_new_card_is_chosen_when_it_was_added_from_here(self):
        wizard = self._open()
        action = wizard.action_add_card()
        adding = self.env["therapy.add.card"].browse(action["params"]["add_card_id"])
        self.assertEqual(action["params"]["next"]["res_id"], wizard.id)
        adding.action_start("phone", "Agreed")
        self._confirm(adding.transaction_id.sudo())
        adding.action_finish()
        wizard.invalidate_recordset()
        self.assertEqual(wizard.token_id.payment_details, "4242")

    def test_bills_that_cannot_be_charged(self):
        insurer = self.env["res.partner"].create({"name": "Plan", "is_insurer": True})
        for bill in (self._create_bill(10.0, insurer), self.bill.copy()):
            self.assertFalse(bill.therapy_can_charge)
            with self.assertRaises(UserError):
                bill.action_therapy_charge_card()

    def test_only_billers_charge(self):
        clinician = new_test_user(
            self.env, "charge_clinician", groups="therapy_billing.group_clinician"
        )
        with self.assertRaises(AccessError):
            self.env["therapy.charge.wizard"].with_user(clinician).create(
                {"move_id": self.bill.id}
            )

    # === SEVERAL COMPANIES === #

    def _open_from(self, company):
        """Open the dialog while the biller's first company is another one."""
        context = {"allowed_company_ids": [company.id, self.company.id]}
        wizards = self.env(user=self.biller, context=context)["therapy.charge.wizard"]
        return wizards.create({"move_id": self.bill.id})

    def test_a_new_card_is_saved_at_the_bills_company(self):
        action = self._open_from(self._create_company()).action_add_card()
        adding = self.env["therapy.add.card"].browse(action["params"]["add_card_id"])
        self.assertEqual(adding.company_id, self.company)

    def test_the_card_of_the_bills_company_is_proposed(self):
        card = self._save_card()
        second = self._create_company()
        self._create_token(self._create_company_provider(second))
        self.assertEqual(self._open_from(second).token_id, card)

    def test_credits_of_the_bills_company_are_used(self):
        journal = self.env["account.journal"].search(
            [("type", "=", "cash"), ("company_id", "=", self.company.id)], limit=1
        )
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "amount": 40.0,
                "partner_id": self.payer.id,
                "journal_id": journal.id,
            }
        )
        payment.action_post()
        self.company.therapy_use_credits = True
        wizard = self._open_from(self._create_company())
        self.assertEqual((wizard.credit_amount, wizard.amount), (40.0, 60.0))
