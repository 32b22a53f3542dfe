import psycopg2

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestPatient(TherapyCommon):
    def test_a_payer_stands_alone(self):
        household = self.env["res.partner"].create(
            {"name": "Ives household", "is_company": True}
        )
        for payer in (self.mother, self.insurer, self.ann):
            with self.assertRaises(ValidationError):
                payer.parent_id = household
        child = self.env["res.partner"].create(
            {"name": "Below a household", "parent_id": household.id}
        )
        with self.assertRaises(ValidationError):
            self._add_guarantor(self.kim, child, 10)
        with self.assertRaises(ValidationError):
            self._create_bill(child, 10.0)

    def test_somebody_with_a_bill_stands_alone(self):
        payer = self.env["res.partner"].create({"name": "Paid once"})
        self._create_bill(payer, 10.0)
        household = self.env["res.partner"].create({"name": "H", "is_company": True})
        with self.assertRaises(ValidationError):
            payer.parent_id = household

    def test_other_contacts_may_have_a_company(self):
        household = self.env["res.partner"].create({"name": "H", "is_company": True})
        contact = self.env["res.partner"].create({"name": "Employee"})
        contact.parent_id = household
        self.assertEqual(contact.commercial_partner_id, household)

    def test_shares_that_do_not_add_up_are_shown(self):
        self.assertFalse(self.kim.therapy_share_problem)
        self.kim.guarantor_ids[0].percent = 60
        self.assertIn("90", self.kim.therapy_share_problem)
        self.kim.guarantor_ids.unlink()
        self.assertTrue(self.kim.therapy_share_problem)

    def test_the_shares_of_each_practice_add_up_by_themselves(self):
        other = self.env["res.company"].create({"name": "Other practice"})
        self.env.user.company_ids += other
        companies = (self.practice | other).ids
        both = self.kim.with_context(allowed_company_ids=companies)
        both.env["therapy.guarantor"].create(
            {
                "patient_id": self.kim.id,
                "partner_id": self.mother.id,
                "company_id": other.id,
            }
        )
        both.invalidate_recordset()
        self.assertFalse(both.therapy_share_problem)
        self.assertFalse(both.with_company(other).therapy_share_problem)

    def test_the_share_of_the_day_counts(self):
        self.kim.guarantor_ids.date_to = "2026-11-09"
        self._add_guarantor(self.kim, self.father, 100, date_from="2026-11-10")
        before = self._create_session(self.kim, start="2026-11-09 15:00:00")
        after = self._create_session(self.kim, start="2026-11-10 15:00:00")
        self.assertEqual(len(before._get_split()), 2)
        self.assertEqual(
            after._get_split(), {(self.father.id, after.line_ids.id): 17525}
        )

    def test_a_payer_is_not_listed_twice_for_one_day(self):
        with self.assertRaises(ValidationError):
            self._add_guarantor(self.kim, self.father, 10)

    def test_a_share_is_a_percentage(self):
        with (
            self.assertRaises(psycopg2.errors.CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.kim.guarantor_ids[0].percent = 101
            self.env.flush_all()

    def test_the_role_says_who_pays(self):
        with self.assertRaises(ValidationError):
            self.kim.guarantor_ids[0].role = "self"
        with self.assertRaises(ValidationError):
            self.ann.guarantor_ids.role = "guardian"

    def test_insurers_are_no_guarantors_and_people_no_insurers(self):
        with self.assertRaises(ValidationError):
            self._add_guarantor(self.kim, self.insurer, 10)
        with self.assertRaises(ValidationError):
            self.coverage.insurer_id = self.mother

    def test_an_insurer_of_patients_stays_one_and_a_guarantor_is_none(self):
        with self.assertRaises(ValidationError):
            self.mother.is_insurer = True
        with self.assertRaises(ValidationError):
            self.insurer.is_insurer = False
        self._create_session(self.ann)
        self._bill()
        self.coverage.unlink()
        with self.assertRaises(ValidationError):
            self.insurer.is_insurer = False
        contact = self.env["res.partner"].create({"name": "C", "is_insurer": True})
        contact.is_insurer = False

    def test_an_npi_has_a_check_digit(self):
        self.clinician.npi = "1234567893"
        with self.assertRaises(ValidationError):
            self.clinician.npi = "1234567890"

    def test_bills_are_due_after_the_days_of_the_practice(self):
        self.practice.therapy_due_days = 14
        self.assertEqual(str(self._create_run().invoice_date_due), "2026-11-30")
        with self.assertRaises(ValidationError):
            self.practice.therapy_due_days = -1
