from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestPageQueries(TherapyPortalHttpCommon):
    """What a page asks the database for does not grow with the payer's bills."""

    def _count(self, path):
        """Return the queries of a page that was opened before."""
        self.env.flush_all()
        self.assertEqual(self._get(path).status_code, 200)
        start = self.env.cr.sql_log_count
        self.assertEqual(self._get(path).status_code, 200)
        return self.env.cr.sql_log_count - start

    def test_pages_take_the_same_queries_for_three_bills_and_for_forty(self):
        bills = [self._make_bill(amount=60, total=100) for _index in range(3)]
        self.authenticate("ada", "ada")
        pages = (
            "/my/therapy",
            "/my/therapy/bills?filterby=all",
            f"/my/therapy/bill/{bills[0].id}",
            "/my/therapy/pay",
            "/my/therapy/payments",
        )
        few = {path: self._count(path) for path in pages}
        for _index in range(37):
            self._make_bill(amount=60, total=100)
        for path in pages:
            self.assertLessEqual(self._count(path), few[path], path)
