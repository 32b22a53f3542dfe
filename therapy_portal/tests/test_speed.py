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

    def test_the_public_pages_take_the_same_queries_for_three_bills_and_for_forty(self):
        bills = [self._make_bill(amount=60, total=100) for _index in range(3)]
        bills[0]._therapy_rotate_access_code("012345")
        self._look_up(bills[0].name, "012345")
        pages = ("/pay", "/pay/bill", "/pay/card?amount=10")
        few = {path: self._count(path) for path in pages}
        for _index in range(37):
            self._make_bill(amount=60, total=100)._therapy_rotate_access_code()
        for path in pages:
            self.assertLessEqual(self._count(path), few[path], path)

    def test_typing_number_and_code_takes_the_same_queries_for_many_bills(self):
        bills = [self._make_bill(amount=60, total=100) for _index in range(3)]
        bills[0]._therapy_rotate_access_code("012345")

        def count(number, code):
            self._look_up(number, code)  # Whatever the first one loads.
            self.env.flush_all()
            start = self.env.cr.sql_log_count
            page = self._look_up(number, code)
            self.assertEqual(page.url.endswith("/pay/bill"), code == "012345")
            return self.env.cr.sql_log_count - start

        cases = ((bills[0].name, "012345"), ("INV/2026/99999", "999999"))
        few = [count(*case) for case in cases]
        for _index in range(37):
            self._make_bill(amount=60, total=100)._therapy_rotate_access_code()
        self.env["therapy.access.attempt"].sudo().search([]).unlink()
        for case, queries in zip(cases, few, strict=True):
            self.assertLessEqual(count(*case), queries, case)
