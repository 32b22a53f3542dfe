from odoo.exceptions import AccessError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import NOW, TherapyCommon


@tagged("post_install", "-at_install")
class TestAbsenceFee(TherapyCommon):
    """Sessions that were missed or cancelled late, and those nobody bills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.company_data["default_account_revenue"].copy()
        cls.fee_product = cls._create_service(False, 0.0, minutes=0)
        cls.fee_product.property_account_income_id = cls.account
        cls.policy = cls.env["therapy.absence.fee"].create(
            {
                "name": "Missed hour",
                "hours": 48,
                "fee_type": "percent",
                "percent": 50,
                "fee_product_id": cls.fee_product.id,
            }
        )

    def _miss(self, patient, state="missed", **vals):
        session = self._create_session(patient, state="scheduled", **vals)
        session.state = state
        return session

    def test_a_missed_session_costs_its_fee_and_nothing_else(self):
        session = self._miss(self.kim)
        self.assertCents(session.amount_total, 87.63)
        self.assertEqual(session.billing_state, "unbilled")
        bills = self._bill()
        self.assertCents(sum(bills.mapped("amount_total")), 87.63)
        self.assertEqual(bills.invoice_line_ids.account_id, self.account)
        self.assertEqual(session.billing_state, "billed")
        for name in bills.invoice_line_ids.mapped("name"):
            self.assertEqual(name, "Fee for the appointment on 11/10/2026")

    def test_without_a_policy_a_missed_session_costs_nothing(self):
        self.policy.active = False
        session = self._miss(self.kim)
        self.assertEqual(session.billing_state, "nothing")
        self.assertEqual(len(session.line_ids), 1)

    def test_a_policy_is_for_its_services_and_absences_and_the_first_counts(self):
        self.policy.product_ids = self.aba
        self.assertEqual(self._miss(self.kim).billing_state, "nothing")
        session = self._miss(self.kim, lines=[(self.aba, 8)])
        self.assertCents(session.amount_total, 69.32)
        self.policy.on_missed = False
        other = self._miss(self.kim, lines=[(self.aba, 8)])
        self.assertEqual(other.billing_state, "nothing")
        first = self.policy.copy(
            {"sequence": 1, "fee_type": "amount", "amount": 25, "on_missed": True}
        )
        self.assertTrue(first)
        self.assertCents(self._miss(self.kim, lines=[(self.aba, 1)]).amount_total, 25.0)

    @freeze_time(NOW)
    def test_a_cancellation_is_late_below_the_hours_of_the_policy(self):
        early = self._create_session(
            self.kim, start="2026-11-18 16:00:00", state="scheduled"
        )
        late = self._create_session(
            self.kim, start="2026-11-18 14:00:00", state="scheduled"
        )
        (early | late).action_set_cancelled()
        self.assertEqual((early.state, late.state), ("cancelled", "late_cancelled"))
        self.assertEqual(early.billing_state, "nothing")
        self.assertEqual(late.billing_state, "unbilled")
        self.policy.active = False
        third = self._create_session(
            self.kim, start="2026-11-18 14:00:00", state="scheduled"
        )
        third.action_set_cancelled()
        self.assertEqual(third.state, "cancelled")

    def test_an_insurer_is_never_asked_for_a_fee(self):
        self._miss(self.ann)
        bills = self._bill()
        self.assertEqual(bills.partner_id, self.ann)
        self.assertCents(bills.amount_total, 87.63)

    def test_medicaid_forbids_the_fee_even_when_marked_later(self):
        session = self._miss(self.ann)
        self.insurer.is_medicaid = True
        run = self._create_run()
        run.action_preview()
        self.assertEqual(run.problem_ids.session_id, session)
        self.assertIn("Medicaid", run.problem_ids.reason)
        self.assertEqual(self._miss(self.ann).billing_state, "nothing")
        self.coverage.date_to = "2026-11-09"
        self.assertEqual(self._miss(self.ann).billing_state, "unbilled")
        self.mother.is_medicaid = True
        self.assertEqual(self._miss(self.kim).billing_state, "nothing")

    def test_the_screen_explains_the_fee_by_its_name(self):
        session = self._miss(self.kim)
        fee = session.line_ids.filtered("is_absence_fee")
        self.assertEqual(fee.unit_note, self.policy.name)
        words = f"{fee.product_id.name}: {self.policy.name}"
        self.assertIn(words, session.units_explained)
        for text in (session.units_explained, session.rates_explained):
            self.assertNotIn("\nFalse:", text)
            self.assertIn(f"{fee.product_id.name}: ", text)

    def _set_amount(self, amount, **vals):
        self.policy.write({"fee_type": "amount", "amount": amount, **vals})

    def test_the_fee_follows_the_kind_of_absence(self):
        self._set_amount(100, on_late_cancelled=False)
        session = self._miss(self.kim)
        self.assertCents(session.amount_total, 100)
        session.action_set_cancelled()
        self.assertEqual(session.state, "late_cancelled")
        self.assertFalse(session.line_ids.filtered("is_absence_fee"))
        self.assertEqual(session.billing_state, "nothing")
        late = self.policy.copy(
            {"name": "Late", "amount": 40, "on_missed": False}
            | {"on_late_cancelled": True}
        )
        session.state = "missed"
        self.assertCents(session.amount_total, 100)
        session.state = "late_cancelled"
        self.assertCents(session.amount_total, 40)
        fee = session.line_ids.filtered("is_absence_fee")
        self.assertEqual(fee.unit_note, late.name)

    def test_a_fee_that_was_taken_back_follows_the_kind_of_absence(self):
        self._set_amount(100, on_late_cancelled=False)
        session = self._miss(self.kim)
        bills = self._bill()
        bills.action_therapy_retract()
        session.action_set_cancelled()
        self.assertEqual(session.billing_state, "nothing")
        self.assertTrue(session.line_ids.filtered("is_absence_fee"), "it was billed")
        session.state = "missed"
        self.assertCents(session.amount_total, 100)
        self.assertEqual(session.billing_state, "unbilled")
        self.assertEqual(len(session.line_ids), 2)

    def test_a_percentage_follows_the_services(self):
        session = self._miss(self.kim)
        service = session.line_ids.filtered(lambda line: not line.is_absence_fee)
        service.write({"product_id": self.aba.id, "units": 8})
        self.assertCents(session.amount_total, 69.32)
        service.rate = 20.0
        self.assertCents(session.amount_total, 80.0)
        extra = service.copy({"session_id": session.id, "units": 1})
        self.assertCents(session.amount_total, 90.0)
        extra.unlink()
        self.assertCents(session.amount_total, 80.0)
        self.assertEqual(len(session.line_ids.filtered("is_absence_fee")), 1)

    def test_a_clinician_changes_the_service_and_with_it_the_fee(self):
        user = new_test_user(self.env, "june", groups="therapy_billing.group_clinician")
        session = self._miss(self.kim, provider_id=user.partner_id.id)
        service = session.line_ids.filtered(lambda line: not line.is_absence_fee)
        service.with_user(user).write({"product_id": self.aba.id, "units": 8})
        self.assertCents(session.amount_total, 69.32)

    def test_the_fee_of_a_bill_stays_until_it_is_taken_back(self):
        session = self._miss(self.kim)
        bills = self._bill()
        service = session.line_ids.filtered(lambda line: not line.is_absence_fee)
        service.units = 0.5
        self.assertCents(session.amount_total, 87.63)
        bills.action_therapy_retract()
        service.units = 0.8
        self.assertCents(session.amount_total, 70.1)

    def test_a_fee_changed_by_hand_stays(self):
        session = self._miss(self.kim)
        fee = session.line_ids.filtered("is_absence_fee")
        self.assertFalse(fee.rate_given)
        fee.rate = 25.0
        self.assertTrue(fee.rate_given)
        (session.line_ids - fee).units = 0.5
        session.state = "late_cancelled"
        self.assertCents(session.amount_total, 25)
        self.policy.on_late_cancelled = False
        session.state = "late_cancelled"
        self.assertEqual(session.billing_state, "nothing", "no fee is asked for it")

    def test_a_waived_fee_stays_waived_when_the_services_change(self):
        session = self._miss(self.kim)
        session._set_exempt("waived", "First time")
        session.line_ids.filtered(lambda line: not line.is_absence_fee).units = 0.5
        session.state = "late_cancelled"
        self.assertEqual(session.billing_state, "nothing")
        self.assertEqual(session.billing_problem, "First time")

    def test_a_copy_of_a_session_has_no_fee(self):
        self._set_amount(100)
        copy = self._miss(self.kim).copy()
        self.assertEqual((copy.state, len(copy.line_ids)), ("scheduled", 1))
        self.policy.active = False
        copy.state = "missed"
        self.assertEqual(copy.billing_state, "nothing")

    def test_a_session_held_after_all_has_no_fee(self):
        session = self._miss(self.kim)
        session.action_set_held()
        self.assertFalse(session.line_ids.filtered("is_absence_fee"))
        self.assertCents(session.amount_total, 175.25)

    def test_a_fee_that_was_billed_and_taken_back_is_no_worth_of_the_session_held(self):
        session = self._miss(self.kim)
        self._bill().action_therapy_retract()
        session.action_set_held()
        self.assertTrue(session.line_ids.filtered("is_absence_fee"), "it was billed")
        self.assertCents(session.amount_total, 175.25)
        self.assertCents(sum(self._bill().mapped("amount_total")), 175.25)

    def test_a_clinician_marks_a_session_as_missed_and_sees_no_fee(self):
        user = new_test_user(self.env, "june", groups="therapy_billing.group_clinician")
        session = self._create_session(
            self.kim, state="scheduled", provider_id=user.partner_id.id
        )
        session.with_user(user).action_set_missed()
        self.assertEqual(session.billing_state, "unbilled")
        with self.assertRaises(AccessError):
            session.with_user(user).line_ids.read(["amount"])

    def test_a_fee_is_waived_with_a_reason(self):
        session = self._miss(self.kim)
        with self.assertRaises(ValidationError):
            session._set_exempt("waived", " ")
        wizard = self.env["therapy.session.exempt.wizard"].create(
            {"session_ids": [(6, 0, session.ids)], "reason": "First time"}
        )
        wizard.action_apply()
        self.assertEqual(session.billing_state, "nothing")
        self.assertEqual(session.billing_problem, "First time")
        session.action_unexempt()
        self.assertEqual(session.billing_state, "unbilled")

    def test_a_waived_fee_is_no_waived_session(self):
        user = new_test_user(self.env, "june", groups="therapy_billing.group_clinician")
        sessions = self._miss(self.kim, provider_id=user.partner_id.id)
        sessions |= self._miss(self.kim, provider_id=user.partner_id.id)
        sessions._set_exempt("waived", "Snow")
        sessions.with_user(user).write({"state": "late_cancelled"})
        self.assertEqual(set(sessions.mapped("exempt")), {"waived"})
        # The other one is put right in two steps.
        sessions[1].with_user(user).write({"state": "scheduled"})
        sessions.with_user(user).action_set_held()
        self.assertFalse(any(sessions.mapped("exempt")))
        self.assertFalse(any(sessions.mapped("exempt_reason")))
        self.assertEqual(set(sessions.mapped("billing_state")), {"unbilled"})
        Session = self.env["therapy.session"]
        self.assertEqual(Session.search(Session._get_unbilled_domain()), sessions)

    def test_a_waived_session_is_no_waived_fee(self):
        session = self._create_session(self.kim)
        session._set_exempt("waived", "First visit")
        session.action_set_missed()
        self.assertFalse(session.exempt)
        self.assertEqual(session.billing_state, "unbilled")

    def test_every_session_held_is_billed_or_decided_about(self):
        Session = self.env["therapy.session"]
        billed = self._create_session(self.kim)
        self._bill()
        open_one = self._create_session(self.kim)
        empty = self._create_session(self.kim, [(self.talk, 0)])
        waived = self._create_session(self.kim)
        waived._set_exempt("excluded", "Billed by the school")
        undecided = Session.search(Session._get_unbilled_domain())
        self.assertEqual(undecided, open_one | empty)
        self.assertEqual(open_one.billing_problem, "Can be billed.")
        self.assertIn("no service", empty.billing_problem)
        self.assertEqual(billed.billing_state, "billed")
        self.assertEqual(self._bill().session_share_ids.session_id, open_one)

    def test_a_billed_session_is_not_left_out(self):
        session = self._create_session(self.kim)
        self._bill()
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            session._set_exempt("waived", "Too late")
        self.assertIn("on a bill", str(caught.exception))
