from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import NOW, TherapyCommon


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCheck(TherapyCommon):
    """The nightly check: nothing to say about good books, a row for each difference."""

    def setUp(self):
        super().setUp()
        self.checks = self.env["therapy.check"].sudo()  # sudo: the job
        self.bill = self._create_bill(self.mother, 100.0)

    def check(self):
        return self.checks._run(self.practice)

    def activities(self):
        checks = self.checks.search([("company_id", "=", self.practice.id)])
        return checks.activity_ids

    def test_good_books_have_no_rows(self):
        self._succeed(self._pay(self.bill, 40.0))
        check = self.check()
        self.assertEqual((check.state, check.line_count), ("good", 0))
        self.assertIn("open bills", check.note)
        self.assertFalse(self.activities())

    def test_money_of_one_payer_on_anothers_bill_is_found(self):
        payment = self._succeed(self._pay(self.bill, 100.0))
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = %s WHERE id IN %s",
            [self.father.id, payment._therapy_receivable_lines()._ids],
        )
        self.env.invalidate_all()
        check = self.check()
        self.assertIn("crossed", check.line_ids.mapped("kind"))
        self.assertEqual(check.state, "differs")

    def test_a_part_of_anothers_money_is_found_too(self):
        payment = self._succeed(self._pay(self.bill, 40.0))
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = %s WHERE id IN %s",
            [self.father.id, payment._therapy_receivable_lines()._ids],
        )
        self.env.invalidate_all()
        row = self.check().line_ids.filtered(lambda row: row.kind == "crossed")
        self.assertEqual(row.res_id, self.mother.id)
        self.assertCents(row.found, 40.0)

    def test_an_open_amount_that_does_not_follow_is_found(self):
        line = self.bill._therapy_terms()
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = 90 WHERE id = %s", line._ids
        )
        self.env.invalidate_all()
        [row] = self.check().line_ids
        self.assertEqual(row.kind, "receivable")
        self.assertCents(row.difference, 10.0)
        self.assertEqual(row.action_open()["res_id"], self.mother.id)

    def test_money_received_and_not_posted_is_found_after_an_hour(self):
        tx = self._pay(self.bill, 40.0)
        tx._set_done()
        self.assertEqual(self.check().state, "good")
        with freeze_time("2026-11-16 17:00:00"):
            check = self.check()
        self.assertEqual(check.line_ids.mapped("kind"), ["unposted"])
        self.assertEqual(check.line_ids.res_id, tx.id)

    def test_a_manager_is_told_once_and_again_after_it_was_done(self):
        self._pay(self.bill, 40.0)._set_done()
        with freeze_time("2026-11-16 17:00:00"):
            self.check()
            self.check()
            activity = self.activities()
            self.assertEqual(len(activity), 1)
            activity.action_feedback("looked at")
            self.check()
        self.assertEqual(len(self.activities()), 1)

    def test_a_name_with_a_sign_of_html_is_told_as_it_is(self):
        self.mother.name = "Rosa <Ives>"
        self.env.cr.execute(
            "UPDATE account_move_line SET amount_residual = 90 WHERE id = %s",
            self.bill._therapy_terms()._ids,
        )
        self.env.invalidate_all()
        self.check()
        self.assertIn("Rosa &lt;Ives&gt;", self.activities().note)

    def test_the_job_checks_each_practice(self):
        before = self.checks.search_count([])
        self.checks._cron_check()
        companies = self.env["res.company"].search_count([])
        self.assertEqual(self.checks.search_count([]) - before, companies)

    def test_a_manager_checks_now_and_a_biller_cannot(self):
        names = {}
        for role in ("manager", "biller"):
            names[role] = new_test_user(
                self.env, f"check_{role}", groups=f"therapy_billing.group_{role}"
            )
        action = self.checks.with_user(names["manager"]).action_check_now()
        self.assertEqual(action["res_model"], "therapy.check")
        with self.assertRaises(AccessError):
            self.checks.with_user(names["biller"]).action_check_now()
