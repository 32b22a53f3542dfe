from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestAuthorization(TherapyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authorization = cls._create_authorization("A-1", units=10, rate=15.5)
        cls.row = cls.authorization.line_ids

    @classmethod
    def _create_authorization(cls, name, units, rate=0.0, period="all", **vals):
        return cls.env["therapy.authorization"].create(
            {
                "name": name,
                "patient_id": cls.ann.id,
                "payer_id": cls.insurer.id,
                "date_from": "2026-11-01",
                "date_to": "2026-11-30",
                "line_ids": [
                    Command.create(
                        {
                            "product_id": cls.aba.id,
                            "units": units,
                            "rate": rate,
                            "period": period,
                        }
                    )
                ],
                **vals,
            }
        )

    def _hold(self, units, **vals):
        return self._create_session(
            vals.pop("patient", self.ann), [(self.aba, units)], **vals
        )

    def test_a_session_takes_its_units_and_its_rate_from_the_authorization(self):
        line = self._hold(4).line_ids
        self.assertEqual(line.authorization_line_id, self.row)
        self.assertEqual((self.row.used, self.row.left), (4, 6))
        self.assertCents(line.rate, 15.5)
        self.assertEqual(line.rate_note, "Authorization A-1")
        self.assertEqual(line.authorization_note, "4 of 10 units used")
        self.assertCents(line.amount, 62)

    def test_what_moves_is_cancelled_or_deleted_gives_its_units_back(self):
        held = self._hold(4)
        scheduled = self._hold(3, state="scheduled", start="2026-11-20 15:00:00")
        self.assertEqual(self.row.used, 7)
        for state in ("cancelled", "late_cancelled", "missed"):
            scheduled.state = state
            self.assertEqual(self.row.used, 4, state)
        scheduled.state = "scheduled"
        self.assertEqual(self.row.used, 7)
        scheduled.start = "2026-12-02 15:00:00"
        self.assertFalse(scheduled.line_ids.authorization_line_id)
        self.assertEqual(self.row.used, 4)
        scheduled.start = "2026-11-21 15:00:00"
        self.assertEqual(self.row.used, 7)
        scheduled.unlink()
        self.assertEqual(self.row.used, 4)
        held.line_ids.units = 1
        self.assertEqual(self.row.left, 9)

    def test_a_level_is_warned_of(self):
        self.assertEqual(self.row.level, "ok")
        session = self._hold(7)
        self.assertFalse(session.authorization_warning)
        self.assertFalse(self._find_running_out())
        session.line_ids.units = 8
        self.assertEqual(self.row.level, "low")
        self.assertIn("8 of 10 units", session.authorization_warning)
        self.assertEqual(self._find_running_out(), self.authorization)
        session.line_ids.units = 10
        self.assertEqual(self.row.level, "used")
        self.practice.therapy_authorization_warn = 0
        session.line_ids.units = 0
        self.assertEqual(self.row.level, "low")

    def _find_running_out(self):
        return self.env["therapy.authorization"].search([("running_out", "=", True)])

    def test_beyond_the_units_is_warned_of_or_refused_as_the_practice_says(self):
        self._hold(8)
        beyond = self._hold(3, start="2026-11-11 15:00:00")
        self.assertEqual(self.row.left, -1)
        beyond.unlink()
        self.practice.therapy_authorization_policy = "block"
        with self.assertRaises(ValidationError):
            self._hold(3, start="2026-11-11 15:00:00")
        last = self._hold(2, start="2026-11-11 15:00:00")
        with self.assertRaises(ValidationError):
            last.line_ids.units = 3
        last.state = "cancelled"
        other = self._hold(2, start="2026-11-12 15:00:00")
        with self.assertRaises(ValidationError):
            last.state = "scheduled"
        other.start = "2026-12-12 15:00:00"
        last.state = "scheduled"
        with self.assertRaises(ValidationError):
            other.start = "2026-11-13 15:00:00"

    def _create_pooled(self, code):
        """Create a service whose minutes are counted with others of the day."""
        service = self._create_service(code, 40.0, minutes=20, per_unit=15)
        service.therapy_unit_rule_id = self.env.ref("therapy_billing.unit_rule_cms")
        return service

    def _hold_minutes(self, product, minutes, start="2026-11-10 19:00:00"):
        line = Command.create({"product_id": product.id, "minutes": minutes})
        return self._create_session(self.ann, start=start, line_ids=[line])

    def test_minutes_that_fill_the_unit_of_another_service_count_for_it(self):
        self.practice.therapy_authorization_policy = "block"
        exercise, manual = map(self._create_pooled, ("97110", "97140"))
        row = self._create_authorization("C-1", units=1).line_ids
        row.product_id = exercise
        session = self._hold_minutes(exercise, 20)
        self.assertEqual(row.used, 1)
        short = Command.create({"product_id": manual.id, "minutes": 4})
        with self.assertRaises(ValidationError):
            session.line_ids = [short]
        with self.assertRaises(ValidationError):
            self._hold_minutes(manual, 4)
        later = self._hold_minutes(manual, 4, start="2026-11-11 15:00:00")
        with self.assertRaises(ValidationError):
            later.start = "2026-11-10 15:00:00"
        later.state = "cancelled"
        later.start = "2026-11-10 15:00:00"
        with self.assertRaises(ValidationError):
            later.state = "held"
        self.assertEqual((session.line_ids.units, row.used), (1, 1))
        row.units = 2
        later.state = "held"
        self.assertEqual((session.line_ids.units, row.used), (2, 2))

    def test_a_session_is_called_off_though_another_gets_its_minutes(self):
        self.practice.therapy_authorization_policy = "block"
        exercise, manual = map(self._create_pooled, ("97110", "97140"))
        row = self._create_authorization("C-1", units=0).line_ids
        row.product_id = exercise
        longer = self._hold_minutes(manual, 12)
        session = self._hold_minutes(exercise, 10, start="2026-11-10 21:00:00")
        self.assertEqual(row.used, 0)
        longer.state = "cancelled"
        self.assertEqual((session.line_ids.units, row.used), (1, 1))

    def test_units_of_a_week_are_counted_week_by_week(self):
        self.practice.therapy_authorization_policy = "block"
        row = self._create_authorization(
            "W-1", units=4, period="week", date_to="2026-11-29"
        ).line_ids
        self.row.units = 0
        # Monday, the 16th, is today; Sunday, the 15th, belongs to the week before.
        sunday = self._hold(4, start="2026-11-15 15:00:00")
        monday = self._hold(3, start="2026-11-16 15:00:00")
        self.assertEqual((sunday | monday).line_ids.authorization_line_id, row)
        self.assertEqual(row.used, 3)
        with self.assertRaises(ValidationError):
            self._hold(2, start="2026-11-19 15:00:00")
        self._hold(1, start="2026-11-19 15:00:00")

    def test_of_two_that_fit_the_one_ending_first_is_used_up_first(self):
        renewal = self._create_authorization("A-2", units=10, date_to="2026-12-31")
        first = self._hold(10)
        self.assertEqual(first.line_ids.authorization_line_id, self.row)
        second = self._hold(1, start="2026-11-11 15:00:00")
        self.assertEqual(second.line_ids.authorization_line_id, renewal.line_ids)
        self.assertCents(second.line_ids.rate, 17.33)

    def test_an_authorization_of_another_patient_is_refused(self):
        session = self._hold(1, patient=self.kim)
        self.assertFalse(session.line_ids.authorization_line_id)
        with self.assertRaises(ValidationError):
            session.line_ids.authorization_line_id = self.row
        own = self._hold(1)
        with self.assertRaises(ValidationError):
            self.row.product_id = self.talk
        with self.assertRaises(ValidationError):
            self.authorization.patient_id = self.kim
        with self.assertRaises(ValidationError):
            self.authorization.date_from = "2026-11-11"
        with self.assertRaises(ValidationError):
            own.line_ids.write(
                {"product_id": self.talk.id, "authorization_line_id": self.row.id}
            )
        other = self._create_session(self.ann)
        self.assertFalse(other.line_ids.authorization_line_id)

    def test_another_insurers_authorization_is_not_taken(self):
        other = self.insurer.copy({"name": "Harbor Health"})
        self.authorization.payer_id = other
        self.assertFalse(self._hold(1).line_ids.authorization_line_id)

    def test_sessions_entered_before_the_authorization_take_their_units(self):
        day = "2026-12-01 15:00:00"
        planned = self._hold(8, state="scheduled", start=day)
        by_hand = self._hold(1, start="2026-12-02 15:00:00")
        by_hand.line_ids.rate = 20
        billed = self._hold(1, start="2026-12-03 15:00:00")
        run = self._create_run(date_to="2026-12-03", date_from="2026-12-03")
        run.action_generate()
        self.assertTrue(billed.is_locked)
        self.assertCents(planned.amount_total, 138.64)
        dates = {"date_from": "2026-12-01", "date_to": "2026-12-31"}
        row = self._create_authorization("D-1", units=10, rate=15, **dates).line_ids
        lines = (planned | by_hand).line_ids
        self.assertEqual(lines.authorization_line_id, row)
        self.assertEqual((row.used, row.left), (9, 1))
        self.assertCents(planned.line_ids.rate, 15)
        self.assertEqual(planned.line_ids.rate_note, "Authorization D-1")
        self.assertCents(planned.amount_total, 120)
        self.assertCents(by_hand.line_ids.rate, 20)
        self.assertFalse(billed.line_ids.authorization_line_id)
        self.assertCents(billed.amount_total, 17.33)
        row.rate = 14
        self.assertCents(planned.amount_total, 112)
        self.assertCents(by_hand.line_ids.rate, 20)

    def test_an_authorization_that_is_changed_takes_in_the_sessions_that_fit(self):
        later = self._hold(1, start="2026-12-02 15:00:00").line_ids
        self.assertFalse(later.authorization_line_id)
        self.authorization.active = False
        self.authorization.date_to = "2026-12-31"
        self.assertFalse(later.authorization_line_id)
        self.authorization.active = True
        self.assertEqual(later.authorization_line_id, self.row)
        talk = self._create_session(self.ann).line_ids
        extra = {"authorization_id": self.authorization.id, "product_id": self.talk.id}
        new = self.env["therapy.authorization.line"].create({**extra, "units": 1})
        self.assertEqual(talk.authorization_line_id, new)
        other = self._hold(1, patient=self.kim).line_ids
        self.assertFalse(other.authorization_line_id)

    def test_units_that_do_not_last_go_to_the_oldest_sessions(self):
        self.practice.therapy_authorization_policy = "block"
        third, second, first = (
            self._hold(4, start=f"2026-12-0{day} 15:00:00").line_ids
            for day in (3, 2, 1)
        )
        dates = {"date_from": "2026-12-01", "date_to": "2026-12-31"}
        row = self._create_authorization("D-1", units=9, **dates).line_ids
        self.assertEqual((first | second).authorization_line_id, row)
        self.assertFalse(third.authorization_line_id)
        self.assertEqual(row.used, 8)
        note = row.authorization_id.message_ids[0].body
        self.assertIn(third.session_id.name, note)
        self.assertNotIn(first.session_id.name, note)
        row.units = 12
        self.assertEqual(third.authorization_line_id, row)

    def test_where_it_is_only_warned_of_all_sessions_take_their_units(self):
        sessions = [self._hold(6, start=f"2026-12-0{day} 15:00:00") for day in (1, 2)]
        dates = {"date_from": "2026-12-01", "date_to": "2026-12-31"}
        row = self._create_authorization("D-1", units=9, **dates).line_ids
        self.assertEqual(row.used, 12)
        self.assertIn("12 of 9 units", sessions[1].authorization_warning)

    def test_few_and_many_sessions_take_units_in_as_many_queries(self):
        counts = []
        for month, many in (("01", 2), ("02", 2), ("03", 12)):
            for day in range(1, many + 1):
                self._hold(1, start=f"2027-{month}-{day:02} 15:00:00")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            row = self._create_authorization(
                f"Q-{month}",
                units=20,
                rate=15,
                date_from=f"2027-{month}-01",
                date_to=f"2027-{month}-28",
            ).line_ids
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(row.used, many)
        self.assertLessEqual(counts[2], counts[1])

    def test_what_was_billed_keeps_its_authorization(self):
        session = self._hold(4)
        self._bill(session)
        earlier = self._create_authorization("A-0", units=10, date_to="2026-11-12")
        session.line_ids.invalidate_recordset()
        self.assertEqual(session.line_ids.authorization_line_id, self.row)
        with self.assertRaises(UserError):
            self.row.unlink()
            self.env.flush_all()
        self.assertEqual(earlier.line_ids.used, 0)

    def test_a_clinician_uses_units_and_sees_no_rate(self):
        user = new_test_user(self.env, "june", groups="therapy_billing.group_clinician")
        user.write(
            {
                "company_ids": [Command.set(self.practice.ids)],
                "company_id": self.practice.id,
            }
        )
        user.partner_id.is_provider = True
        session = (
            self.env["therapy.session"]
            .with_user(user)
            .create(
                {
                    "patient_id": self.ann.id,
                    "provider_id": user.partner_id.id,
                    "start": "2026-11-10 15:00:00",
                    "line_ids": [Command.create({"product_id": self.aba.id})],
                }
            )
        )
        session.invalidate_recordset()
        self.assertEqual(session.line_ids.authorization_note, "8 of 10 units used")
        self.assertIn("8 of 10", session.authorization_warning)
        self.assertEqual(self.row.used, 8)
        self.assertFalse(self.row.with_user(user).has_access("read"))

    def test_a_form_tells_the_units_left(self):
        with Form(self.env["therapy.session"]) as form:
            form.patient_id = self.ann
            form.start = "2026-11-10 15:00:00"
            with form.line_ids.new() as line:
                line.product_id = self.aba
                self.assertEqual(line.authorization_line_id, self.row)
                self.assertCents(line.rate, 15.5)
        self.assertEqual(form.save().line_ids.authorization_line_id, self.row)

    def test_companies_and_numbers_are_apart(self):
        other = self.env["res.company"].create({"name": "Other practice"})
        user = new_test_user(self.env, "bo", groups="therapy_billing.group_manager")
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        for model in (
            "therapy.authorization",
            "therapy.authorization.line",
            "therapy.rate",
        ):
            self.assertFalse(self.env[model].with_user(user).search([]), model)
        copy = self.authorization.copy()
        self.assertEqual(copy.name, "A-1 (copy)")
        self.assertEqual(copy.line_ids.units, 10)

    def test_counting_takes_as_many_queries_for_few_rows_as_for_many(self):
        self._hold(4)
        rows = self.row
        for number in range(12):
            patient = self._create_patient(f"P{number}", "Q", "2010-01-01")
            rows |= self._create_authorization(
                f"B-{number}", units=3, patient_id=patient.id
            ).line_ids
        counts = []
        for some in (rows[:1], rows[:2], rows):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("left")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[2], counts[1])
