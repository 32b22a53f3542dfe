from odoo.tests import new_test_user, tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestAnalytic(TherapyCommon):
    """Revenue by provider, service and place."""

    def _accounts(self, line):
        [key] = line.analytic_distribution
        ids = [int(number) for number in key.split(",")]
        return self.env["account.analytic.account"].browse(ids)

    def test_each_line_of_revenue_carries_provider_service_and_place(self):
        self.practice.therapy_analytic = True
        session = self._create_session(self.kim, [(self.talk, 1), (self.aba, 8)])
        session.line_ids.pos = "11"
        lines = self._bill().invoice_line_ids
        self.assertEqual(len(lines), 4)
        plans = {
            self.env.ref(f"therapy_billing.analytic_plan_{name}")
            for name in ("provider", "service", "place")
        }
        for line in lines:
            accounts = self._accounts(line)
            self.assertEqual({*accounts.plan_id}, plans)
            self.assertIn("June Blake", accounts.mapped("name"))
            self.assertIn("11", accounts.mapped("name"))
        entries = lines.analytic_line_ids
        self.assertCents(sum(entries.mapped("amount")), session.amount_total)

    def test_accounts_are_made_once_by_whoever_bills(self):
        self.practice.therapy_analytic = True
        biller = new_test_user(
            self.env, "bill plans", groups="therapy_billing.group_biller"
        )
        found = []
        for day in (10, 12):
            self._create_session(self.kim, start=f"2026-11-{day} 19:00:00")
            run = self._create_run()
            run.with_user(biller).action_generate()
            found.append(self._accounts(run.move_ids.invoice_line_ids[:1]))
        self.assertEqual(*found)
        self.assertEqual(len(found[0]), 2, "no place was entered")

    def test_without_the_switch_there_is_no_distribution(self):
        self._create_session(self.kim)
        lines = self._bill().invoice_line_ids
        self.assertFalse(any(lines.mapped("analytic_distribution")))

    def test_a_credit_note_takes_the_analysis_back(self):
        self.practice.therapy_analytic = True
        self._create_session(self.kim)
        bill = self._bill()[0]
        bill.is_move_sent = True
        bill.action_therapy_retract()
        note = bill.voided_by_move_id
        self.assertEqual(
            note.invoice_line_ids.analytic_distribution,
            bill.invoice_line_ids.analytic_distribution,
        )
