import doctest

from odoo.tests import BaseCase, tagged

from odoo.addons.therapy_stripe.tools import (
    clock,
    declines,
    descriptor,
    log_mask,
    loopback,
)


@tagged("post_install", "-at_install")
class TestTools(BaseCase):
    def test_examples_in_docstrings_hold(self):
        for module in (clock, declines, descriptor, log_mask, loopback):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted, module.__name__)
            self.assertFalse(result.failed, module.__name__)
