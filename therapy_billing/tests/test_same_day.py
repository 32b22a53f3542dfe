from odoo import Command
from odoo.exceptions import ValidationError
from odoo.fields import Date
from odoo.tests import freeze_time, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestSameDay(TherapyCommon):
    """M10: nothing is charged before the day of service."""

    def _bill_of(self, start):
        bills = self._bill(self._create_session(self.kim, start=start))
        return bills.filtered(lambda bill: bill.partner_id == self.mother)

    def _charge(self, bill):
        return self._pay(bill, bill.amount_residual, operation="offline")

    def test_the_day_begins_at_midnight_in_the_practice(self):
        for day, expected in (
            ("2026-11-16", "2026-11-16 05:00:00"),
            ("2026-07-01", "2026-07-01 04:00:00"),
            ("2026-03-08", "2026-03-08 05:00:00"),  # clocks go forward at 2:00
            ("2026-03-09", "2026-03-09 04:00:00"),
            ("2026-11-01", "2026-11-01 04:00:00"),  # clocks go back at 2:00
            ("2026-11-02", "2026-11-02 05:00:00"),
        ):
            moment = self.practice._therapy_get_earliest_charge(Date.to_date(day))
            self.assertEqual(str(moment), expected)

    def test_where_the_clocks_change_at_midnight_the_day_has_one_first_moment(self):
        for zone, day, expected in (
            ("America/Havana", "2026-03-08", "2026-03-08 05:00:00"),  # no 0:00
            ("America/Havana", "2026-11-01", "2026-11-01 04:00:00"),  # 0:30 twice
            ("America/Sao_Paulo", "2018-02-18", "2018-02-18 03:00:00"),  # 23:30 twice
        ):
            self.practice.therapy_tz = zone
            moment = self.practice._therapy_get_earliest_charge(Date.to_date(day))
            self.assertEqual(str(moment), expected, (zone, day))
            local = self.practice._therapy_local_date
            self.assertEqual(str(local(moment)), day)

    def test_a_session_of_this_evening_can_be_charged_this_morning(self):
        bill = self._bill_of("2026-11-17 02:30:00")  # 21:30 in New York, still the 16th
        self.assertEqual(self._charge(bill).state, "draft")

    def test_a_session_of_tomorrow_is_not_charged_today(self):
        bill = self._bill_of("2026-11-17 15:00:00")
        with self.assertRaisesRegex(ValidationError, "11/17/2026"):
            self._charge(bill)
        self.assertFalse(bill.transaction_ids or bill.therapy_allocation_ids)

    def test_it_is_charged_from_midnight_in_the_practice_on(self):
        bill = self._bill_of("2026-11-17 15:00:00")
        with freeze_time("2026-11-17 04:59:59"), self.assertRaises(ValidationError):
            self._charge(bill)
        with freeze_time("2026-11-17 05:00:00"):
            self.assertTrue(self._charge(bill))

    def test_the_latest_day_on_a_bill_counts(self):
        self._create_session(self.kim, start="2026-11-12 15:00:00")
        bill = self._bill_of("2026-11-18 15:00:00")
        self.assertEqual(
            str(bill._therapy_get_earliest_charge()), "2026-11-18 05:00:00"
        )

    def test_a_payer_who_is_there_may_pay_any_bill(self):
        bill = self._bill_of("2026-11-17 15:00:00")
        self.assertTrue(self._pay(bill, bill.amount_residual))

    def test_a_bill_without_sessions_has_no_day_of_service(self):
        bill = self._create_bill(self.mother, 10.0)
        self.assertFalse(bill._therapy_get_earliest_charge())
        self.assertTrue(self._charge(bill))

    def test_a_prepayment_is_no_revenue(self):
        transaction = self._pay(
            self.env["account.move"],
            50.0,
            payer=self.mother,
            operation="offline",
            invoice_ids=[Command.clear()],
        )
        payment = self._succeed(transaction)
        types = payment.move_id.line_ids.account_id.mapped("internal_group")
        self.assertEqual(set(types), {"asset"})
        self.assertCents(self.mother.therapy_credit_amount, 50.0)
