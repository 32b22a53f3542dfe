from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestCeiling(TherapyPortalHttpCommon):
    """Wrong codes over all bills: an alarm that locks no payer out (P3)."""

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].sudo().set_param(
            "therapy_portal.max_wrong_codes", "20"
        )
        self.Attempt = self.env["therapy.access.attempt"].sudo()
        self.bill = self._make_bill()
        self.bill._therapy_rotate_access_code("012345")

    def _attack(self, tries, first=0):
        """Try one wrong code on each of many bills, each from another address."""
        for number in range(first, first + tries):
            self.Attempt._open_bill(f"INV/1999/{number}", "999999", f"10.1.{number}.1")

    def _activities(self):
        return self.company.partner_id.activity_ids.filtered(
            lambda activity: activity.summary == "Many wrong access codes"
        )

    def test_many_wrong_codes_over_all_bills_alarm_the_managers_once(self):
        self._attack(19)
        self.assertFalse(self._activities())
        self._attack(1, 19)
        told = self._activities().user_id
        self.assertIn(self.env.user, told)
        self.assertNotIn(self.biller, told)
        self.assertEqual(len(self._activities()), len(told))
        self._attack(25, 30)
        self.assertEqual(len(self._activities()), len(told))

    def test_during_an_alarm_payers_still_pay(self):
        self._attack(20)
        self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)
        self.assertIn("therapy_pay", self._look_up(self.bill.name, "999999").text)
        self.assertIn("/pay/bill", self._look_up(self.bill.name, "012345").url)

    def test_during_an_alarm_a_bill_takes_two_wrong_codes_a_day(self):
        with self._now("2026-11-22 10:00:00"):
            self._attack(20)
            for number in range(2):
                self.Attempt._open_bill(self.bill.name, "999999", f"10.2.0.{number}")
            self.assertTrue(self.bill.therapy_access_locked)
        self.bill.invalidate_recordset()
        with self._now("2026-11-22 20:00:00"):
            self.assertFalse(
                self.Attempt._open_bill(self.bill.name, "012345", "10.3.0.1")
            )
            self.Attempt._gc_attempts()
            self.assertTrue(self.Attempt._is_bill_locked(self.bill.name))
            self.bill.with_user(self.biller).action_therapy_unlock()
            self.assertTrue(
                self.Attempt._open_bill(self.bill.name, "012345", "10.3.0.1")
            )
        with self._now("2026-11-23 10:00:01"):
            for number in range(4):
                self.Attempt._open_bill(self.bill.name, "999999", f"10.4.0.{number}")
            self.assertTrue(
                self.Attempt._open_bill(self.bill.name, "012345", "10.3.0.1"),
                "the alarm is over",
            )

    def test_slow_tries_are_no_alarm(self):
        for hour in range(4):
            with self._now(f"2026-11-22 {10 + hour}:00:00"):
                self._attack(10, hour * 10)
        self.assertFalse(self._activities())

    def test_guessed_links_count_too(self):
        for number in range(20):
            self.Attempt._open_link("x" * 43, f"10.5.{number}.1")
        self.assertTrue(self._activities())
