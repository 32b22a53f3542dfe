from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestChargePeople(TherapyStripeCommon):
    """Several people, several bills, credits and fees in one dialog (F14, F17, F49)."""

    def setUp(self):
        super().setUp()
        self.other = self.env["res.partner"].create({"name": "Alex Parent"})
        self.env["therapy.guarantor"].create(
            [
                {"patient_id": self.patient.id, "partner_id": payer.id, "percent": part}
                for payer, part in ((self.payer, 70), (self.other, 30))
            ]
        )
        self.bill = self._create_bill(100.01)

    def _open(self, bills=None):
        bills = (bills or self.bill).with_user(self.biller)
        action = bills.action_therapy_charge_cards()
        self.assertEqual(action["res_model"], "therapy.charge.wizard")
        wizards = self.env["therapy.charge.wizard"].with_user(self.biller)
        return wizards.browse(action["res_id"])

    def _open_split(self, *cards):
        for payer, card in zip((self.payer, self.other), cards, strict=False):
            self._save_card(card, payer)
        wizard = self._open()
        wizard.action_split()
        return wizard

    # === SEVERAL PEOPLE === #

    def test_a_bill_is_collected_from_two_people_in_one_go(self):
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        self.assertTrue(wizard.can_split)
        self.assertEqual(wizard.line_ids.partner_id, self.payer | self.other)
        self.assertEqual(wizard.line_ids.mapped("amount"), [70.01, 30.0])
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")
        self.assertEqual(wizard.line_ids.mapped("result"), ["done", "done"])
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)
        payments = self.bill.sudo().reconciled_payment_ids
        self.assertEqual(payments.partner_id, self.payer)
        self.assertEqual(payments.paid_by_partner_id, self.payer | self.other)
        self.assertEqual(self.sandbox.captured(), 10001)

    def test_each_person_is_charged_once_however_often_it_is_pressed(self):
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        wizard.action_charge()
        wizard.action_charge()
        self.assertEqual(len(self.sandbox.intents()), 2)

    def test_one_card_that_fails_stops_nobody_else_and_can_be_replaced(self):
        wizard = self._open_split("pm_card_chargeCustomerFail", "pm_card_visa")
        wizard.action_charge()
        self.assertEqual(wizard.result, "declined")
        self.assertEqual(wizard.line_ids.mapped("result"), ["declined", "done"])
        self.assertIn("70.01", wizard.message)
        good = self._save_card(partner=self.payer)
        wizard.action_try_again()
        first = wizard.line_ids[0]
        self.assertFalse(first.result)
        first.invalidate_recordset()
        first.token_id = good
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")
        self.assertEqual(self.sandbox.captured(), 10001)

    def test_an_answer_that_was_lost_keeps_one_part_only(self):
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        self.sandbox.fault("drop_after", times=3)
        wizard.action_charge()
        self.sandbox.heal()
        self.assertEqual(wizard.line_ids.mapped("result"), ["unknown", "done"])
        self.assertEqual(wizard.result, "unknown")
        wizard.action_try_again()
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10001)

    def test_parts_that_are_too_much_charge_nobody(self):
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        wizard.line_ids[1].amount = 30.01
        with self.assertRaisesRegex(UserError, "add up to more"):
            wizard.action_charge()
        self.assertFalse(self.sandbox.captured())

    def test_a_person_without_a_card_stops_all_before_the_first_charge(self):
        wizard = self._open_split("pm_card_visa")
        self.assertFalse(wizard.line_ids[1].token_id)
        with self.assertRaisesRegex(UserError, "Choose a card"):
            wizard.action_charge()
        self.assertFalse(self.sandbox.captured())

    def test_a_card_can_be_added_for_a_person_on_the_spot(self):
        wizard = self._open_split("pm_card_visa")
        line = wizard.line_ids[1]
        action = line.action_add_card()
        adding = self.env["therapy.add.card"].browse(action["params"]["add_card_id"])
        self.assertEqual(adding.partner_id, self.other)
        adding.action_start("phone", "Agreed")
        self._confirm(adding.transaction_id.sudo())
        adding.action_finish()
        wizard.invalidate_recordset()
        self.assertTrue(wizard.line_ids[1].token_id)
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")

    def test_one_person_again(self):
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        wizard.action_join()
        self.assertFalse(wizard.line_ids)
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10001)

    # === SEVERAL BILLS === #

    def test_several_bills_of_a_payer_are_one_charge(self):
        self._save_card()
        bills = self.bill | self._create_bill(50.0)
        wizard = self._open(bills)
        self.assertEqual(wizard.bill_count, 2)
        self.assertAlmostEqual(wizard.amount, 150.01)
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")
        self.assertIn("2 bills", wizard.message)
        self.assertFalse(any(bills.mapped("amount_residual")))
        self.assertEqual(len(self.sandbox.intents()), 1)

    def test_a_part_pays_the_bill_due_first(self):
        self._save_card()
        later = self._create_bill(50.0)
        self.bill.invoice_date_due = "2026-01-01"
        later.invoice_date_due = "2027-01-01"
        wizard = self._open(later | self.bill)
        with Form(wizard) as form:
            form.amount = 110.0
        wizard.action_charge()
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)
        self.assertAlmostEqual(later.amount_residual, 40.01)

    def test_bills_of_several_payers_become_a_run(self):
        self._save_card()
        bills = self.bill | self._create_bill(50.0, self.other)
        action = bills.with_user(self.biller).action_therapy_charge_cards()
        self.assertEqual(action["res_model"], "therapy.charge.run")

    # === CREDITS, FEES === #

    def _give_credit(self, amount):
        journal = self.env["account.journal"].search(
            [("type", "=", "cash"), ("company_id", "=", self.company.id)], limit=1
        )
        self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.payer.id,
                "amount": amount,
                "journal_id": journal.id,
            }
        ).action_post()

    def test_credits_are_used_first_and_shown_before(self):
        self._save_card()
        self._give_credit(40.0)
        self.company.therapy_use_credits = True
        wizard = self._open()
        self.assertAlmostEqual(wizard.credit_amount, 40.0)
        self.assertAlmostEqual(wizard.amount, 60.01)
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 6001)
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)

    def test_credits_that_pay_all_charge_no_card(self):
        self._give_credit(200.0)
        self.company.therapy_use_credits = True
        wizard = self._open()
        self.assertAlmostEqual(wizard.amount, 0.0)
        wizard.action_charge()
        self.assertEqual(wizard.result, "done")
        self.assertIn("credit", wizard.message)
        self.assertFalse(self.sandbox.intents())

    def test_the_fee_is_shown_before_and_charged_once(self):
        self._save_card()
        Rule = self.env.registry["therapy.fee.rule"]
        fee_class = type(
            self.env["therapy.fee.rule"]._get_fee(
                1.0, self.currency, self.company, self.payer, "debit"
            )
        )

        def get_fee(rules, base, *args, **kwargs):
            return fee_class(3.0, base + 3.0, text="A fee of 3.00 is added.")

        with patch.object(Rule, "_get_fee", get_fee):
            wizard = self._open()
            self.assertAlmostEqual(wizard.fee_amount, 3.0)
            self.assertAlmostEqual(wizard.total_amount, 103.01)
            self.assertIn("3.00", wizard.fee_text)
            wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10301)
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)

    def _take_fees(self, percent):
        """Switch the card fee on, in a state that allows it."""
        self.company.partner_id.write(
            {
                "state_id": self.env.ref("base.state_us_44").id,
                "country_id": self.env.ref("base.us").id,
            }
        )
        self.company.write(
            {
                "therapy_fee_enabled": True,
                "therapy_fee_percent": percent,
                "therapy_fee_told_on": self._today() - timedelta(days=40),
            }
        )
        self.env.invalidate_all()

    def _charge_refused(self, wizard):
        """Return why nobody was charged; the dialog is shown again."""
        action = wizard.action_charge()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(action["params"]["next"]["res_id"], wizard.id)
        self.assertFalse(self.sandbox.intents())
        self.assertFalse(wizard.result)
        return action["params"]["message"]

    def test_no_higher_fee_is_charged_than_was_shown(self):
        self._take_fees(1.0)
        self._save_card()
        wizard = self._open()
        self.assertAlmostEqual(wizard.total_amount, 101.01)
        self._take_fees(3.0)
        self.assertIn("103.01", self._charge_refused(wizard))
        self.assertAlmostEqual(wizard.total_amount, 103.01, msg="shown now")
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10301)

    def test_a_fee_that_became_lower_is_charged_lower(self):
        self._take_fees(3.0)
        self._save_card()
        wizard = self._open()
        self.assertAlmostEqual(wizard.total_amount, 103.01)
        self._take_fees(1.0)
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10101)

    def test_a_form_keeps_the_fee_that_it_showed(self):
        self._take_fees(1.0)
        self._save_card()
        wizard = self._open()
        with Form(wizard) as form:
            form.amount = 50.0
            self.assertAlmostEqual(form.total_amount, 50.5)
            self._take_fees(3.0)
        self.assertIn("look at the total again", self._charge_refused(wizard))

    def test_no_one_of_several_people_pays_a_higher_fee_than_was_shown(self):
        self._take_fees(1.0)
        wizard = self._open_split("pm_card_visa", "pm_card_mastercard")
        self.assertEqual(wizard.line_ids.mapped("fee_amount"), [0.7, 0.3])
        self._take_fees(3.0)
        self.assertIn("103.01", self._charge_refused(wizard))
        self.assertEqual(wizard.line_ids.mapped("fee_amount"), [2.1, 0.9])
        wizard.action_charge()
        self.assertEqual(self.sandbox.captured(), 10301)

    # === A SECOND CLICK === #

    def test_a_second_click_while_the_first_is_at_work_gets_its_result(self):
        self._save_card()
        wizard = self._open()
        Transaction = self.env.registry["payment.transaction"]
        original, clicks = Transaction._therapy_send, []

        def send(transactions, tx_id):
            if not clicks:
                clicks.append(tx_id)
                wizard._find_transaction()
                found = wizard._charge_once(wizard)
                clicks.append(found.id)
            return original(transactions, tx_id)

        with patch.object(Transaction, "_therapy_send", send):
            wizard.action_charge()
        self.assertEqual(clicks[0], clicks[1])
        self.assertEqual(len(self.sandbox.intents()), 1)
        self.assertAlmostEqual(self.bill.amount_residual, 0.0)

    # === FROM A SESSION === #

    def _create_session(self):
        product = self.env["product.product"].create(
            {
                "name": "Talk",
                "type": "service",
                "therapy_code": "90837",
                "therapy_minutes": 55,
                "list_price": 120.0,
                "taxes_id": [Command.clear()],
            }
        )
        return self.env["therapy.session"].create(
            {
                "patient_id": self.patient.id,
                "provider_id": self.env["res.partner"]
                .create({"name": "June", "is_provider": True})
                .id,
                "start": "2026-11-10 19:00:00",
                "state": "held",
                "line_ids": [Command.create({"product_id": product.id, "units": 1})],
            }
        )

    def test_a_session_is_billed_and_charged_in_one_step(self):
        self.patient.guarantor_ids[1].unlink()
        self.patient.guarantor_ids.percent = 100
        self._save_card()
        session = self._create_session()
        action = session.with_user(self.biller).action_bill_and_charge()
        self.assertEqual(session.billing_state, "billed")
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        self.assertAlmostEqual(wizard.amount, 120.0)
        wizard.with_user(self.biller).action_charge()
        self.assertEqual(self.sandbox.captured(), 12000)
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            session.with_user(self.biller).action_bill_and_charge()

    def test_a_card_that_fails_leaves_the_sessions_bill_open(self):
        self.patient.guarantor_ids[1].unlink()
        self.patient.guarantor_ids.percent = 100
        self._save_card("pm_card_chargeCustomerFail")
        session = self._create_session()
        action = session.with_user(self.biller).action_bill_and_charge()
        wizard = self.env[action["res_model"]].browse(action["res_id"])
        wizard.with_user(self.biller).action_charge()
        self.assertEqual(wizard.result, "declined")
        bill = session.share_ids.move_id
        self.assertAlmostEqual(bill.amount_residual, 120.0)
        again = session.with_user(self.biller).action_bill_and_charge()
        self.assertEqual(
            self.env[again["res_model"]].browse(again["res_id"]).move_id, bill
        )

    def test_a_session_of_two_payers_opens_a_run_with_both_bills(self):
        session = self._create_session()
        action = session.with_user(self.biller).action_bill_and_charge()
        run = self.env["therapy.charge.run"].browse(action["res_id"])
        self.assertEqual(len(run.item_ids), 2)

    def test_a_session_that_was_not_held_is_not_billed(self):
        session = self._create_session()
        session.state = "scheduled"
        with self.assertRaises(UserError):
            session.with_user(self.biller).action_bill_and_charge()
