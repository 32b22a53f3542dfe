from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestCalendar(TherapyCommon):
    """Sessions in Odoo's calendar, which tells nothing about them (P1)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.practice.therapy_calendar = True
        cls.session = cls._create_session(cls.kim, state="scheduled")
        cls.event = cls.session.calendar_event_id

    def test_an_event_names_neither_patient_nor_service(self):
        values = self.event.read()[0]
        text = " ".join(str(value) for value in values.values())
        for word in ("Kim", "Ives", "90837", self.session.name):
            self.assertNotIn(word, text)
        self.assertEqual(self.event.partner_ids, self.clinician)
        self.assertFalse(self.event.message_ids.filtered("partner_ids"))
        self.assertEqual(self.event.start, self.session.start)
        self.assertEqual(self.event.stop, self.session.stop)

    def test_moving_one_moves_the_other(self):
        self.session.start = "2026-11-12 19:00:00"
        self.assertEqual(str(self.event.start), "2026-11-12 19:00:00")
        self.assertEqual(self.event.stop, self.session.stop)
        self.event.write(
            {"start": "2026-11-13 19:00:00", "stop": "2026-11-13 19:55:00"}
        )
        self.assertEqual(str(self.session.start), "2026-11-13 19:00:00")
        self.assertEqual(str(self.session.date), "2026-11-13")

    def test_an_event_of_a_billed_session_is_not_moved(self):
        self.session.action_set_held()
        self._bill()
        with self.assertRaises(UserError):
            self.event.write(
                {"start": "2026-11-13 19:00:00", "stop": "2026-11-13 19:55:00"}
            )

    def test_a_cancelled_session_leaves_the_calendar_and_may_come_back(self):
        self.session.state = "cancelled"
        self.assertFalse(self.event.active)
        self.session.action_set_scheduled()
        self.assertTrue(self.event.active)
        self.session.unlink()
        self.assertFalse(self.event.exists())

    def test_a_session_outlives_its_event(self):
        self.event.unlink()
        self.assertFalse(self.session.calendar_event_id)
        self.session.start = "2026-11-12 19:00:00"
        self.assertTrue(self.session.calendar_event_id)

    def test_a_clinician_puts_own_sessions_in_the_calendar(self):
        user = new_test_user(self.env, "cal", groups="therapy_billing.group_clinician")
        session = (
            self.env["therapy.session"]
            .with_user(user)
            .create(
                {
                    "patient_id": self.kim.id,
                    "provider_id": user.partner_id.id,
                    "start": "2026-11-17 19:00:00",
                }
            )
        )
        event = session.calendar_event_id
        self.assertEqual(event.user_id, user)
        event.with_user(user).write(
            {"start": "2026-11-18 19:00:00", "stop": "2026-11-18 19:55:00"}
        )
        self.assertEqual(str(session.start), "2026-11-18 19:00:00")

    def test_without_the_switch_the_calendar_stays_empty(self):
        self.practice.therapy_calendar = False
        self.assertFalse(self._create_session(self.kim).calendar_event_id)
