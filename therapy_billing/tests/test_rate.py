from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestRate(TherapyCommon):
    @classmethod
    def _create_rate(cls, rate, product=None, **vals):
        return cls.env["therapy.rate"].create(
            {"product_id": (product or cls.talk).id, "rate": rate, **vals}
        )

    def _rate(self, patient=None, **vals):
        return self._create_session(patient or self.ann, **vals).line_ids.rate

    def test_the_most_specific_rate_counts(self):
        cases = [
            {},
            {"provider_id": self.clinician.id},
            {"modifier": "95"},
            {"payer_id": self.insurer.id},
            {"payer_id": self.insurer.id, "modifier": "95"},
            {"patient_id": self.ann.id},
            {"patient_id": self.ann.id, "payer_id": self.insurer.id},
            {
                "patient_id": self.ann.id,
                "payer_id": self.insurer.id,
                "modifier": "95",
                "provider_id": self.clinician.id,
            },
        ]
        line = self._create_session(self.ann).line_ids
        line.modifiers = "GT, 95"
        for number, case in enumerate(cases, start=1):
            self._create_rate(100 + number, **case)
            self.assertEqual(line._get_rate(), 100 + number, case)
        line.modifiers = "GT"
        self.assertEqual(line.rate, 107)
        self.assertEqual(line.rate_note, "Ann Ober, Summit Mutual, 90837")
        self.assertEqual(self._rate(self.kim), 102)

    def test_without_a_rate_the_price_of_the_service_counts(self):
        self._create_rate(99, product=self.aba)
        line = self._create_session(self.kim).line_ids
        self.assertCents(line.rate, 175.25)
        self.assertEqual(line.rate_note, "Price of the service.")

    def test_the_rate_of_the_day_of_service_counts(self):
        self._create_rate(100, date_to="2026-11-09")
        self._create_rate(110, date_from="2026-11-10", date_to="2026-11-10")
        self._create_rate(120, date_from="2026-11-11")
        # 11 November, 2 o'clock in London, is the evening of the 10th in New York.
        session = self._create_session(self.kim, start="2026-11-11 02:00:00")
        self.assertEqual(session.line_ids.rate, 110)
        self.assertIn("since 2026-11-10", session.line_ids.rate_note)
        session.start = "2026-11-11 15:00:00"
        self.assertEqual(session.line_ids.rate, 120)
        session.start = "2026-11-09 15:00:00"
        self.assertEqual(session.line_ids.rate, 100)

    def test_a_guarantors_rate_counts_for_a_patient_without_coverage(self):
        self._create_rate(90, payer_id=self.mother.id)
        self._create_rate(80, payer_id=self.ann.id)
        self.assertEqual(self._rate(self.kim), 90)
        self.assertCents(self._rate(self.ann), 175.25)

    def test_a_new_rate_does_not_change_what_was_entered_before(self):
        session = self._create_session(self.ann)
        self._create_rate(1)
        self.env.flush_all()
        self.assertCents(session.amount_total, 175.25)

    def test_a_rate_entered_by_hand_stays_and_is_marked(self):
        line = self._create_session(self.ann).line_ids
        line.rate = 150
        self.assertEqual((line.rate_given, line.rate_note), (True, "Entered by hand."))
        line.session_id.start = "2026-11-12 15:00:00"
        self.assertEqual(line.rate, 150)
        line.rate = 175.25
        self.assertFalse(line.rate_given)
        line.rate = 150
        line.product_id = self.aba
        self.assertCents(line.rate, 17.33)

    def test_a_form_shows_the_rate_before_it_is_saved(self):
        self._create_rate(133, payer_id=self.insurer.id)
        with Form(self.env["therapy.session"]) as form:
            form.patient_id = self.ann
            form.start = "2026-11-10 15:00:00"
            with form.line_ids.new() as line:
                line.product_id = self.talk
                self.assertEqual(line.rate, 133)
        line = form.save().line_ids
        self.assertFalse(line.rate_given)
        self.assertEqual(line.rate_note, "Summit Mutual, 90837")

    def test_the_rate_of_what_was_billed_stays(self):
        session = self._create_session(self.kim)
        self._create_rate(90, provider_id=self.mother.id)
        self._bill(session)
        self.mother.is_provider = True
        session.provider_id = self.mother
        self.assertCents(session.line_ids.rate, 175.25)

    def test_two_rates_for_one_case_and_day_are_refused(self):
        self._create_rate(90, date_from="2026-01-01", modifier="95")
        self._create_rate(80, date_from="2026-01-01", modifier="GT")
        with self.assertRaises(ValidationError):
            self._create_rate(80, date_from="2026-06-01", modifier="95")
        self._create_rate(80, date_to="2025-12-31", modifier="95")

    def test_modifiers_of_rates_are_written_in_capitals_or_refused(self):
        self.assertEqual(self._create_rate(80, modifier=" gt ").modifier, "GT")
        with self.assertRaises(ValidationError):
            self._create_rate(80, modifier="95 GT")

    def test_looking_up_takes_as_many_queries_for_few_lines_as_for_many(self):
        patients = [
            self._create_patient(f"P{index}", "Q", "2010-01-01") for index in range(25)
        ]
        for patient in patients:
            self._add_guarantor(patient, self.mother, 100)
            self._create_rate(50, patient_id=patient.id)
        sessions = self.env["therapy.session"].create(
            [
                {
                    "patient_id": patient.id,
                    "start": "2026-11-10 15:00:00",
                    "line_ids": [Command.create({"product_id": self.talk.id})],
                }
                for patient in patients
            ]
        )
        counts = []
        for number in (1, 2, 20):  # the first fills the caches
            self.env.flush_all()
            self.env.invalidate_all()
            lines = self.env["therapy.session.line"].browse(
                sessions[:number].line_ids.ids
            )
            before = self.env.cr.sql_log_count
            found = lines._get_rates()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual({rate for rate, _note in found.values()}, {50})
        self.assertEqual(*counts[1:])
