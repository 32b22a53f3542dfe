from odoo.tests import tagged

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestRace(TherapyCommon):
    def test_placeholder(self):
        self.assertTrue(self.mother)
