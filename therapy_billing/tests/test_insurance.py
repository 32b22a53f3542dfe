from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tests.common import NOW, TherapyCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestInsurance(TherapyCommon):
    """What the insurer's part of a session is before the insurer has answered."""

    def _shares(self, session):
        return {
            share.partner_id: share.amount for share in session.share_ids if share.live
        }

    def test_the_insurers_part_is_on_the_receivable_account_of_insurers(self):
        session = self._create_session(self.ann)
        bills = self._bill(session)
        claim = bills.filtered("claim_session_id")
        account = self.practice.therapy_account_insurance_id
        self.assertEqual(account.account_type, "asset_receivable")
        self.assertEqual(claim._therapy_terms().account_id, account)
        self.assertNotEqual((bills - claim)._therapy_terms().account_id, account)

    def test_an_insurer_who_is_billed_on_receipt_is_in_no_ledger_yet(self):
        self.coverage.billing_policy = "on_receipt"
        session = self._create_session(self.ann)
        bills = self._bill(session)
        self.assertEqual(bills.partner_id, self.ann)
        self.assertCents(bills.amount_total, 30.0)
        self.assertEqual(session.billing_state, "waiting")
        self.assertEqual(self._shares(session), {self.ann: 30.0, self.insurer: 145.25})
        self.assertIn("Summit Mutual", session.billing_problem)
        self.assertTrue(session.is_locked)

    def test_a_session_that_waits_is_not_billed_again(self):
        self.coverage.billing_policy = "on_receipt"
        session = self._create_session(self.ann)
        self._bill(session)
        with self.assertRaises(UserError):
            self._create_run().action_generate()
        self.assertEqual(len(session.share_ids), 2)

    def test_a_waiting_session_is_no_forgotten_one(self):
        self.coverage.billing_policy = "on_receipt"
        self.coverage.copay = 0.0
        session = self._create_session(self.ann)
        self._create_run().action_generate()
        self.assertEqual(session.billing_state, "waiting")
        Session = self.env["therapy.session"]
        self.assertNotIn(session, Session.search(Session._get_unbilled_domain()))

    def test_who_stops_waiting_can_bill_anew(self):
        self.coverage.billing_policy = "on_receipt"
        self.coverage.copay = 0.0
        session = self._create_session(self.ann)
        self._create_run().action_generate()
        session.action_stop_waiting()
        self.assertEqual(session.billing_state, "unbilled")
        self.coverage.billing_policy = "none"
        self.assertCents(self._bill(session).amount_total, 175.25)

    def test_only_billers_stop_the_waiting(self):
        self.coverage.billing_policy = "on_receipt"
        session = self._create_session(self.ann)
        self._bill(session)
        for group in ("base.group_portal", "therapy_billing.group_clinician"):
            user = new_test_user(self.env, group, groups=group)
            with self.subTest(group=group), self.assertRaises(AccessError):
                session.with_user(user).action_stop_waiting()
        self.assertEqual(session.billing_state, "waiting")

    def test_a_bill_taken_back_frees_what_waited(self):
        self.coverage.billing_policy = "on_receipt"
        session = self._create_session(self.ann)
        self._bill(session).action_therapy_retract()
        self.assertEqual(session.billing_state, "unbilled")
        self.assertFalse(self._shares(session))

    def test_out_of_network_the_guarantors_owe_all(self):
        self.coverage.billing_policy = "none"
        session = self._create_session(self.ann)
        bill = self._bill(session)
        self.assertEqual(bill.partner_id, self.ann)
        self.assertCents(bill.amount_total, 175.25)
        self.assertEqual(session.patient_share_state, "final")
        self.assertEqual(bill.therapy_patient_state, "final")

    def test_coinsurance_is_a_percent_of_what_the_copay_leaves(self):
        self.coverage.coinsurance = 20.0
        session = self._create_session(self.ann)
        self._bill(session)
        self.assertEqual(self._shares(session), {self.ann: 59.05, self.insurer: 116.20})

    def test_a_second_plan_lowers_the_estimate(self):
        self.env["therapy.coverage"].create(
            {
                "patient_id": self.ann.id,
                "insurer_id": self.insurer.copy({"name": "Second"}).id,
                "coinsurance": 50.0,
                "sequence": 20,
            }
        )
        session = self._create_session(self.ann)
        self._bill(session)
        self.assertEqual(self._shares(session), {self.ann: 15.0, self.insurer: 160.25})

    def test_an_impossible_coinsurance_is_refused(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.coverage.coinsurance = 120.0
            self.env.flush_all()

    def test_the_share_is_estimated_until_the_insurer_answers(self):
        session = self._create_session(self.ann)
        bills = self._bill(session)
        own = bills.filtered(lambda bill: bill.partner_id == self.ann)
        self.assertEqual(session.patient_share_state, "estimated")
        self.assertEqual(own.therapy_patient_state, "estimated")
        Move = self.env["account.move"]
        domain = [("id", "in", bills.ids)]
        found = Move.search([*domain, ("therapy_patient_state", "=", "estimated")])
        self.assertEqual(found, own)
        self.assertFalse(
            Move.search([*domain, ("therapy_patient_state", "=", "final")])
        )

    def test_the_contract_rate_of_the_insurer_is_billed(self):
        self.env["therapy.rate"].create(
            {
                "product_id": self.talk.id,
                "payer_id": self.insurer.id,
                "rate": 120.0,
            }
        )
        session = self._create_session(self.ann)
        self._bill(session)
        self.assertEqual(self._shares(session), {self.ann: 30.0, self.insurer: 90.0})
