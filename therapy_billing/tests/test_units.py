from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestUnits(TherapyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cms = cls.env.ref("therapy_billing.unit_rule_cms")
        cls.midpoint = cls.env.ref("therapy_billing.unit_rule_midpoint")
        cls.exercise = cls._create_timed("97110")
        cls.gait = cls._create_timed("97116")

    @classmethod
    def _create_timed(cls, code):
        service = cls._create_service(code, 40.0, minutes=30, per_unit=15)
        service.therapy_unit_rule_id = cls.cms
        return service

    @classmethod
    def _create_minutes(cls, patient, *services, **vals):
        """Create a session of (service, minutes); the units are left to the rules."""
        vals["line_ids"] = [
            Command.create({"product_id": product.id, "minutes": minutes})
            for product, minutes in services
        ]
        return cls._create_session(patient, **vals)

    def _units(self, *sessions):
        return [line.units for session in sessions for line in session.line_ids]

    def test_ten_and_ten_minutes_are_one_unit_for_cms_and_two_for_the_ama(self):
        services = ((self.exercise, 10), (self.gait, 10))
        self.assertEqual(self._units(self._create_minutes(self.kim, *services)), [1, 0])
        self.coverage.unit_rule_id = self.midpoint
        session = self._create_minutes(self.ann, *services)
        self.assertEqual(self._units(session), [1, 1])
        self.assertIn("AMA midpoint", session.line_ids[0].unit_note)

    def test_the_rule_of_the_insurer_counts_unless_its_plan_has_one(self):
        self.insurer.therapy_unit_rule_id = self.env.ref(
            "therapy_billing.unit_rule_whole"
        )
        session = self._create_minutes(self.ann, (self.aba, 29))
        self.assertEqual(self._units(session), [1])
        self.coverage.unit_rule_id = self.midpoint
        session = self._create_minutes(self.ann, (self.aba, 29))
        self.assertEqual(self._units(session), [2])
        session = self._create_minutes(self.ann, (self.talk, 29))
        self.assertEqual(self._units(session), [1], "untimed whatever the payer's rule")

    def test_the_sessions_of_a_day_are_counted_together(self):
        morning = self._create_minutes(self.kim, (self.exercise, 10))
        self.assertEqual(self._units(morning), [1])
        other = self._create_minutes(
            self.kim, (self.gait, 12), start="2026-11-10 21:00:00", state="scheduled"
        )
        self.assertEqual(self._units(morning, other), [0, 1])
        self.assertIn("12 of the day's 22", other.line_ids.unit_note)
        self.assertCents(morning.amount_total, 0)
        other.state = "cancelled"
        self.assertEqual(self._units(morning), [1])
        other.state = "held"
        self.assertEqual(self._units(morning), [0])
        other.start = "2026-11-11 21:00:00"
        self.assertEqual(self._units(morning, other), [1, 1])
        other.start = "2026-11-10 22:00:00"
        self.assertEqual(self._units(morning, other), [0, 1])
        other.unlink()
        self.assertEqual(self._units(morning), [1])
        self.assertCents(morning.amount_total, 40)

    def test_a_session_explains_its_units_and_rates(self):
        session = self._create_minutes(self.kim, (self.exercise, 33), (self.gait, 7))
        first, second = session.units_explained.split("\n")
        self.assertEqual(
            first,
            "97110: CMS 8-minute rule: 33 of the day's 40 timed minutes, which give "
            "3 units; 2 of them here.",
        )
        self.assertIn("97116: CMS 8-minute rule: 7 of the day's 40", second)
        self.assertIn("1 of them here", second)
        self.assertEqual(
            session.rates_explained.split("\n"),
            ["97110: Price of the service.", "97116: Price of the service."],
        )

    def test_other_patients_and_plans_are_counted_apart(self):
        sessions = [
            self._create_minutes(patient, (self.exercise, 10))
            for patient in (self.kim, self.ann)
        ]
        self.assertEqual(self._units(*sessions), [1, 1])

    def test_what_was_billed_stays_and_is_taken_off_the_day(self):
        morning = self._create_minutes(self.kim, (self.exercise, 10))
        self._bill(morning)
        later = self._create_minutes(
            self.kim, (self.gait, 12), start="2026-11-10 21:00:00"
        )
        self.assertEqual(self._units(morning, later), [1, 0])
        with self.assertRaises(UserError):
            morning.line_ids.minutes = 40

    def test_units_entered_by_hand_stand_and_the_note_says_so(self):
        session = self._create_minutes(self.kim, (self.exercise, 30), (self.gait, 7))
        first, second = session.line_ids
        self.assertEqual(self._units(session), [2, 0])
        first.units = 1
        self.assertTrue(first.units_given)
        self.assertEqual(
            first.unit_note,
            "30 minutes would give 2 units (CMS 8-minute rule); 1 were entered.",
        )
        second.minutes = 22
        self.assertEqual(first.units, 1)
        first.minutes = 45
        self.assertFalse(first.units_given)
        self.assertEqual(self._units(session), [3, 1])

    def test_a_form_counts_while_it_is_filled_in(self):
        with Form(self.env["therapy.session"]) as form:
            form.patient_id = self.kim
            form.start = "2026-11-10 15:00:00"
            with form.line_ids.new() as line:
                line.product_id = self.exercise
                line.minutes = 10
                self.assertEqual(line.units, 1)
            with form.line_ids.new() as line:
                line.product_id = self.gait
                line.minutes = 12
        session = form.save()
        self.assertEqual(self._units(session), [0, 1])
        self.assertFalse(any(session.line_ids.mapped("units_given")))

    def test_a_psychotherapy_code_fits_its_time_or_gives_nothing(self):
        short = self._create_service("90832", 90.0, minutes=30)
        short.write(
            {
                "therapy_unit_rule_id": self.env.ref(
                    "therapy_billing.unit_rule_psychotherapy"
                ).id,
                "therapy_minutes_min": 16,
                "therapy_minutes_max": 37,
            }
        )
        for minutes, count in ((15, 0), (16, 1), (37, 1), (38, 0)):
            session = self._create_minutes(self.kim, (short, minutes))
            self.assertEqual(self._units(session), [count], minutes)
        self.assertIn("38 minutes do not fit 90832", session.line_ids.unit_note)

    def test_a_clinician_counts_a_day_shared_with_a_colleague(self):
        morning = self._create_minutes(self.kim, (self.exercise, 10))
        user = new_test_user(self.env, "june", groups="therapy_billing.group_clinician")
        user.write(
            {
                "company_ids": [Command.set(self.practice.ids)],
                "company_id": self.practice.id,
            }
        )
        user.partner_id.is_provider = True
        Session = self.env["therapy.session"].with_user(user)
        later = Session.create(
            {
                "patient_id": self.kim.id,
                "provider_id": user.partner_id.id,
                "start": "2026-11-10 21:00:00",
                "state": "held",
                "line_ids": [
                    Command.create({"product_id": self.gait.id, "minutes": 12})
                ],
            }
        )
        self.assertEqual(self._units(morning, later.sudo()), [0, 1])
        later.line_ids.minutes = 8
        self.assertEqual(self._units(morning, later.sudo()), [1, 0])

    def test_modifiers_and_place_are_written_in_one_way(self):
        line = self._create_session(self.kim).line_ids
        line.write({"modifiers": "95;gt", "pos": "2"})
        self.assertEqual((line.modifiers, line.pos), ("95, GT", "02"))
        for vals in (
            {"modifiers": "TELE"},
            {"modifiers": "95 GT HO HN HM"},
            {"pos": "00"},
            {"pos": "office"},
        ):
            with self.assertRaises(ValidationError):
                line.write(vals)

    def test_a_service_proposes_its_place(self):
        self.talk.therapy_pos = "2"
        self.assertEqual(self._create_session(self.kim).line_ids.pos, "02")
        with self.assertRaises(ValidationError):
            self.talk.therapy_pos = "98"

    def test_rules_that_cannot_work_are_refused(self):
        with self.assertRaises(ValidationError):
            self.talk.therapy_unit_rule_id = self.cms
        with self.assertRaises(ValidationError):
            self.coverage.unit_rule_id = self.env.ref(
                "therapy_billing.unit_rule_untimed"
            )

    def test_known_codes_become_services_once_and_without_a_price(self):
        codes = self.env["therapy.service.code"].search(
            [("code", "in", ("90837", "97530"))]
        )
        action = codes.action_create_services()
        services = self.env["product.template"].search(action["domain"])
        self.assertEqual(len(services), 2)
        new = services - self.talk.product_tmpl_id
        self.assertEqual(
            (new.therapy_code, new.therapy_minutes_per_unit, new.list_price),
            ("97530", 15, 0.0),
        )
        self.assertEqual(new.therapy_unit_rule_id, self.cms)
        codes.action_create_services()
        found = self.env["product.template"].search([("therapy_code", "=", "97530")])
        self.assertEqual(found, new)

    def test_a_code_typed_on_a_service_brings_its_minutes_and_rule(self):
        with Form(self.env["product.template"]) as form:
            form.type = "service"
            form.therapy_code = "97535"
        service = form.save()
        self.assertEqual(service.name, "Home skills")
        self.assertEqual(service.therapy_unit_rule_id, self.cms)

    def test_counting_takes_as_many_queries_for_few_sessions_as_for_many(self):
        counts = []
        for number in (1, 2, 20):  # the first fills the caches
            patients = [
                self._create_patient(f"P{number}-{index}", "Q", "2010-01-01")
                for index in range(number)
            ]
            for patient in patients:
                self._add_guarantor(patient, self.mother, 100)
            sessions = self.env["therapy.session"].create(
                [
                    {
                        "patient_id": patient.id,
                        "start": "2026-11-10 15:00:00",
                        "line_ids": [
                            Command.create(
                                {"product_id": self.exercise.id, "minutes": 20}
                            )
                        ],
                    }
                    for patient in patients
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            sessions.line_ids._get_expected_units()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts[1:])
