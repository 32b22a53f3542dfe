import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestSession(TherapyCommon):
    def test_an_amount_is_units_times_rate_rounded_once(self):
        self.talk.list_price = 0.33
        session = self._create_session(self.kim, [(self.talk, 2.5), (self.aba, 8)])
        self.assertCents(session.line_ids[0].amount, 0.83)
        self.assertCents(session.line_ids[1].amount, 138.64)
        self.assertCents(session.amount_total, 139.47)

    def test_minutes_propose_units_and_units_may_be_changed(self):
        session = self._create_session(self.kim, [(self.aba, 7)])
        self.assertAlmostEqual(session.line_ids.units, 7)
        line = self.env["therapy.session.line"].create(
            {"session_id": session.id, "product_id": self.aba.id, "minutes": 50}
        )
        self.assertAlmostEqual(line.units, 3)

    def test_a_new_price_of_the_service_does_not_change_old_sessions(self):
        session = self._create_session(self.kim)
        self.talk.list_price = 999.0
        self.assertCents(session.amount_total, 175.25)

    def test_the_date_is_that_of_the_practice(self):
        session = self._create_session(self.kim, start="2026-11-11 02:00:00")
        self.assertEqual(str(session.date), "2026-11-10")
        self.practice.therapy_tz = "UTC"
        self.assertEqual(str(session.date), "2026-11-11")

    def test_a_session_on_a_bill_keeps_its_date_in_another_time_zone(self):
        session = self._create_session(self.kim, start="2026-11-11 02:00:00")
        bills = self._bill()
        self.practice.therapy_tz = "UTC"
        self.assertEqual(str(session.date), "2026-11-10")
        bills.action_therapy_retract()
        session.start = "2026-11-11 03:00:00"
        self.assertEqual(str(session.date), "2026-11-11")

    def test_only_sessions_held_are_to_be_billed(self):
        session = self._create_session(self.kim)
        self.assertEqual(session.billing_state, "unbilled")
        for state in ("missed", "cancelled", "late_cancelled", "scheduled"):
            session.state = state
            self.assertEqual(session.billing_state, "nothing")

    def test_cancelling_less_than_a_day_before_is_late(self):
        soon = self._create_session(self.kim, start="2026-11-17 14:00:00")
        later = self._create_session(self.kim, start="2026-11-17 16:00:00")
        (soon | later).state = "scheduled"
        (soon | later).action_set_cancelled()
        self.assertEqual(soon.state, "late_cancelled")
        self.assertEqual(later.state, "cancelled")

    def test_an_external_id_is_unique_per_company(self):
        self._create_session(self.kim, external_id="X-1")
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_session(self.ann, external_id="X-1")
        self._create_session(self.kim, external_id="")
        self._create_session(self.ann, external_id="")

    def test_units_of_more_than_a_day_are_refused(self):
        with (
            self.assertRaises(psycopg2.errors.CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_session(self.kim, [(self.aba, 97)])

    def test_what_was_billed_cannot_be_changed(self):
        session = self._create_session(self.kim)
        self._bill(session)
        self.assertEqual(session.billing_state, "billed")
        for vals in (
            {"state": "missed"},
            {"patient_id": self.ann.id},
            {"start": "2026-11-01 10:00:00"},
        ):
            with self.assertRaises(UserError):
                session.write(vals)
        for vals in ({"units": 2}, {"amount": 1.0}, {"is_absence_fee": True}):
            with self.assertRaises(UserError):
                session.line_ids.write(vals)
        with self.assertRaises(UserError):
            session.line_ids.unlink()
        with self.assertRaises(UserError):
            session.copy().line_ids.copy({"session_id": session.id})
        with self.assertRaises(UserError):
            session.unlink()
        session.write({"state": "held", "start": session.start})
        session.line_ids.pos = "02"

    def test_a_session_is_numbered_neutrally(self):
        session = self._create_session(self.kim)
        self.assertRegex(session.name, r"^TS\d{6}$")
        self.assertNotIn("Kim", session.display_name)

    def test_a_service_code_has_no_blanks_and_is_used_once(self):
        with self.assertRaises(ValidationError):
            self._create_service("908 37", 10)
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self._create_service("90837", 10)
