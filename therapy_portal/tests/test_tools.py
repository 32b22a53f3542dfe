import doctest

from odoo.tests import TransactionCase, tagged

from odoo.addons.therapy_portal.tools import amounts, codes


@tagged("post_install", "-at_install")
class TestTools(TransactionCase):
    def test_examples_of_the_tools_are_true(self):
        for module in (amounts, codes):
            result = doctest.testmod(module)
            self.assertGreater(result.attempted, 0, module)
            self.assertEqual(result.failed, 0, module)

    def test_a_thousand_codes_are_six_digits_and_do_not_repeat_the_last(self):
        last = None
        for _number in range(1000):
            code = codes.new_code(other_than=last)
            self.assertRegex(code, r"\A[0-9]{6}\Z")
            self.assertNotEqual(code, last)
            last = code

    def test_codes_with_leading_zeros_occur(self):
        drawn = {codes.new_code() for _number in range(500)}
        self.assertTrue(any(code.startswith("0") for code in drawn))
