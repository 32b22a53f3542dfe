from odoo.tests import tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestTour(TherapyPortalHttpCommon):
    def test_a_stranger_pays_a_part_in_a_browser(self):
        bill = self._make_bill()
        bill._therapy_rotate_access_code("012345")
        self.start_tour(f"/pay?bill={bill.name}", "therapy_portal_pay", login=None)
        self.assertAmounts(bill.amount_residual, 70)
