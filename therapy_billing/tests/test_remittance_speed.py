from odoo.tests import freeze_time, tagged

from odoo.addons.therapy_billing.tests.common import NOW
from odoo.addons.therapy_billing.tests.test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceSpeed(RemittanceCommon):
    """What posting costs per line does not grow with the remittance."""

    def _count_queries(self, number):
        starts = [
            f"2026-11-{day:02d} {hour:02d}:00:00"
            for day in range(1, 10)
            for hour in range(14, 23)
        ]
        Session = self.env["therapy.session"]
        sessions = Session.browse(
            self._create_session(self.ann, start=starts[index]).id
            for index in range(number)
        )
        self._bill(*sessions)
        remittance = self._create_remittance(
            [self._answer(session, 85.0, 55.25, 35.0) for session in sessions]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        remittance.action_post()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries_per_line_do_not_grow(self):
        self._count_queries(2)
        few, many = self._count_queries(5), self._count_queries(25)
        # Most are core's: the number of the credit note, the analytic of a line.
        self.assertLess((many - few) / 20, 7)
        self.assertLess(many / 25, few / 5)
