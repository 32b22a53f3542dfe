from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from .common import TherapyPortalCommon


@tagged("post_install", "-at_install")
class TestAccessCode(TherapyPortalCommon):
    def test_a_code_is_text_and_each_share_makes_another(self):
        bill = self._make_bill()
        first = bill._therapy_rotate_access_code()
        second = bill._therapy_rotate_access_code()
        self.assertRegex(second, r"\A[0-9]{6}\Z")
        self.assertNotEqual(first, second)
        self.assertEqual(bill.access_code, second)
        self.assertTrue(bill.therapy_shared_at)

    def test_number_and_code_open_the_bill_exactly(self):
        bill = self._make_bill()
        bill._therapy_rotate_access_code("012345")
        find = self.env["account.move"]._therapy_find_by_code
        self.assertEqual(find(bill.name, "012345"), bill)
        for number, code in (
            (bill.name, "12345"),
            (bill.name, "0123456"),
            (bill.name, ""),
            (bill.name.lower(), "012345"),
            (bill.name[:-1], "012345"),
            ("", "012345"),
        ):
            self.assertFalse(find(number, code), (number, code))

    def test_a_bill_that_was_never_shared_cannot_be_opened(self):
        bill = self._make_bill()
        for code in ("", "False", "000000", "\0" * 6):
            self.assertFalse(
                self.env["account.move"]._therapy_find_by_code(bill.name, code)
            )

    def test_the_code_dies_for_ever_when_the_bill_is_paid(self):
        bill = self._make_bill()
        code = bill._therapy_rotate_access_code()
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({})
        )
        wizard.action_create_payments()
        self.assertFalse(bill.access_code)
        bill.line_ids.remove_move_reconcile()
        self.assertAmounts(bill.amount_residual, 120)
        self.assertFalse(
            self.env["account.move"]._therapy_find_by_code(bill.name, code)
        )

    def test_the_code_lives_on_after_a_part_is_paid(self):
        bill = self._make_bill()
        code = bill._therapy_rotate_access_code()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=bill.ids
        ).create({"amount": 50}).action_create_payments()
        self.assertEqual(
            self.env["account.move"]._therapy_find_by_code(bill.name, code), bill
        )

    def test_the_code_dies_when_the_bill_is_cancelled(self):
        bill = self._make_bill(self.aunt)
        bill.sudo().access_code = "123456"
        bill.button_draft()
        self.assertFalse(bill.access_code)
        bill.sudo().access_code = "123456"
        bill.button_cancel()
        self.assertFalse(bill.access_code)

    def test_a_shared_bill_was_seen_and_is_not_cancelled(self):
        bill = self._make_bill(self.aunt)
        bill._therapy_rotate_access_code()
        with self.assertRaises(UserError):
            bill.button_draft()

    def test_the_code_dies_when_a_credit_note_settles_the_bill(self):
        bill = self._make_bill()
        code = bill._therapy_rotate_access_code()
        bill._reverse_moves([{"invoice_date": bill.invoice_date}], cancel=True)
        self.assertFalse(
            self.env["account.move"]._therapy_find_by_code(bill.name, code)
        )

    def test_a_credit_note_has_no_code(self):
        bill = self._make_bill()
        bill._therapy_rotate_access_code()
        note = bill._reverse_moves([{"invoice_date": "2026-10-31"}])
        self.assertFalse(note.access_code)
        self.assertFalse(note.therapy_shared_at)

    def test_a_neutralized_copy_has_no_codes(self):
        bill = self._make_bill()
        bill._therapy_rotate_access_code()
        self.env["therapy.access.attempt"].sudo().create(
            {"at": "2026-11-22", "bill_key": "x", "address_key": "y"}
        )
        Change = self.env["therapy.contact.change"]
        Change._therapy_start(self.mother, "new@example.com")
        self.env.flush_all()
        for query in get_neutralization_queries(["therapy_portal"]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(bill.access_code)
        self.assertFalse(self.env["therapy.access.attempt"].sudo().search([]))
        self.assertFalse(Change.search([("state", "=", "waiting")]))

    def test_an_insurers_bill_never_opens(self):
        claim = self._make_bill(self.insurer, 150)
        claim.access_code = "123456"
        self.assertFalse(
            self.env["account.move"]._therapy_find_by_code(claim.name, "123456")
        )

    def test_only_billers_read_the_code(self):
        bill = self._make_bill()
        bill._therapy_rotate_access_code()
        self.assertTrue(bill.with_user(self.biller).access_code)
        with self.assertRaises(AccessError):
            bill.with_user(self.mother_user).read(["access_code"])
        with self.assertRaises(AccessError):
            bill.with_user(self.clinician).read(["access_code"])

    def test_a_number_is_found_however_many_practices_have_it(self):
        bill = self._make_bill()
        Move = self.env["account.move"]
        for number in range(5):
            company = self.setup_other_company(name=f"Practice {number}")["company"]
            other = Move.with_company(company).create(
                {
                    "move_type": "out_invoice",
                    "name": bill.name,
                    "partner_id": self.aunt.id,
                    "patient_id": self.patient.id,
                    "invoice_date": "2026-11-01",
                    "invoice_line_ids": [
                        Command.create({"name": "x", "price_unit": 1, "tax_ids": []})
                    ],
                }
            )
            other.action_post()
            other._therapy_rotate_access_code(f"11111{number}")
        bill._therapy_rotate_access_code("987654")
        self.assertEqual(Move._therapy_find_by_code(bill.name, "987654"), bill)
