from hypothesis import given, settings
from hypothesis import strategies as st

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import BaseCase, new_test_user, tagged

from odoo.addons.therapy_billing.tools import money

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestShareKinds(TherapyCommon):
    """Percent, fixed and remainder shares by date of service."""

    def _set_shares(self, *shares):
        self.kim.guarantor_ids.unlink()
        for partner, vals in shares:
            self._add_guarantor(self.kim, partner, vals.pop("percent", 0), **vals)
        self.env.invalidate_all()

    def _split(self, **vals):
        session = self._create_session(self.kim, **vals)
        return {key[0]: cents for key, cents in session._get_split().items()}

    def test_a_fixed_amount_comes_first_and_the_rest_is_taken(self):
        self._set_shares(
            (self.father, {"share_type": "remainder"}),
            (self.mother, {"share_type": "fixed", "fixed_amount": 40.0}),
        )
        self.assertFalse(self.kim.therapy_share_problem)
        self.assertEqual(
            self._split(), {self.mother.id: 4000, self.father.id: 17525 - 4000}
        )

    def test_a_fixed_amount_is_at_most_the_session_s(self):
        self._set_shares(
            (self.mother, {"share_type": "fixed", "fixed_amount": 900.0}),
            (self.father, {"share_type": "remainder"}),
        )
        self.assertEqual(self._split(), {self.mother.id: 17525})

    def test_percentages_are_of_what_fixed_amounts_leave(self):
        agency = self.env["res.partner"].create({"name": "Agency"})
        self._set_shares(
            (agency, {"share_type": "fixed", "fixed_amount": 100.0, "role": "other"}),
            (self.mother, {"percent": 60}),
            (self.father, {"percent": 40}),
        )
        self.assertEqual(
            self._split(),
            {agency.id: 10000, self.mother.id: 4515, self.father.id: 3010},
        )

    def test_a_copay_is_divided_the_same_way(self):
        self.coverage.copy({"patient_id": self.kim.id})
        self._set_shares(
            (self.mother, {"share_type": "fixed", "fixed_amount": 20.0}),
            (self.father, {"share_type": "remainder"}),
        )
        self.assertEqual(
            self._split(),
            {self.mother.id: 2000, self.father.id: 1000, self.insurer.id: 14525},
        )

    def test_bills_of_fixed_and_rest_add_up(self):
        self._set_shares(
            (self.mother, {"share_type": "fixed", "fixed_amount": 33.33}),
            (self.father, {"share_type": "remainder"}),
        )
        sessions = [self._create_session(self.kim) for _index in range(3)]
        bills = self._bill(*sessions)
        by_payer = {bill.partner_id: bill.amount_total for bill in bills}
        self.assertCents(by_payer[self.mother], 99.99)
        self.assertCents(by_payer[self.father], 3 * 175.25 - 99.99)

    def test_what_is_missing_is_named(self):
        for shares, words in (
            ([(self.mother, {"percent": 70})], "30 percent is missing"),
            (
                [(self.mother, {"percent": 70}), (self.father, {"percent": 31})],
                "1 percent is too much",
            ),
            (
                [(self.mother, {"share_type": "fixed", "fixed_amount": 5.0})],
                "give one payer the rest",
            ),
            (
                [
                    (self.mother, {"share_type": "remainder"}),
                    (self.father, {"share_type": "remainder"}),
                ],
                "Rosa Ives and Omar Ives",
            ),
            (
                [
                    (self.mother, {"percent": 100}),
                    (self.father, {"share_type": "remainder"}),
                ],
                "nothing is left for Omar Ives",
            ),
        ):
            self._set_shares(*shares)
            self.assertIn(words, self.kim.therapy_share_problem)

    def test_a_fixed_share_has_an_amount(self):
        with self.assertRaisesRegex(ValidationError, "Omar Ives pays of each session"):
            self._add_guarantor(self.ann, self.father, 0, share_type="fixed")

    def test_shares_add_up_on_every_day_when_a_patient_is_saved(self):
        rosa, omar = self.kim.guarantor_ids
        with self.assertRaisesRegex(ValidationError, "12/01/2026.*70 percent is miss"):
            self.kim.write(
                {
                    "guarantor_ids": [
                        Command.update(rosa.id, {"date_to": "2026-11-30"}),
                    ]
                }
            )
        self.kim.write(
            {
                "guarantor_ids": [
                    Command.update(rosa.id, {"date_to": "2026-11-30"}),
                    Command.update(omar.id, {"date_to": "2026-11-30"}),
                    Command.create(
                        {
                            "partner_id": self.father.id,
                            "percent": 100,
                            "date_from": "2026-12-01",
                        }
                    ),
                ]
            }
        )
        november = self._split()
        december = self._split(start="2026-12-03 15:00:00")
        self.assertEqual(len(november), 2)
        self.assertEqual(december, {self.father.id: 17525})


@tagged("post_install", "-at_install")
class TestDivision(BaseCase):
    """M1 for all kinds of shares."""

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        lines=st.lists(st.integers(0, 40000), min_size=1, max_size=4),
        shares=st.lists(
            st.tuples(st.integers(0, 10000), st.integers(0, 20000)), max_size=5
        ),
        copay=st.one_of(st.none(), st.integers(0, 30000)),
    )
    def test_fixed_amounts_percentages_and_the_rest_are_exact(
        self, lines, shares, copay
    ):
        weights = [weight for weight, _fixed in shares] + [1]
        fixed = [amount for _weight, amount in shares] + [0]
        rows, insurer = money.split_session(lines, weights, copay, fixed)
        for column, line in enumerate(lines):
            cells = [row[column] for row in rows] + [insurer[column]]
            self.assertEqual(sum(cells), line)
            self.assertGreaterEqual(min(cells), 0)
        part = sum(lines) if copay is None else min(copay, sum(lines))
        self.assertEqual(sum(map(sum, rows)), part)
        left = part
        for row, amount in zip(rows, fixed, strict=True):
            self.assertGreaterEqual(sum(row), min(amount, left))
            left -= min(amount, left)

    def test_a_part_that_nobody_takes_is_refused(self):
        with self.assertRaises(ValueError):
            money.divide_part(100, [0, 0], [10, 20])
        with self.assertRaises(ValueError):
            money.divide_part(100, [1, 0], [-1, 0])


@tagged("post_install", "-at_install")
class TestFamilyPage(TherapyCommon):
    """Three children and two homes on one page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lee = cls._create_patient("Lee", "Ives", "2017-04-01")
        cls._add_guarantor(cls.lee, cls.mother, 50)
        cls._add_guarantor(cls.lee, cls.father, 50)

    def test_the_family_is_found_from_a_child_and_from_a_payer(self):
        for partner in (self.kim, self.lee, self.mother, self.father):
            family = self.env["therapy.family"]._create_for(partner)
            self.assertEqual(family.patient_ids, self.kim | self.lee, partner.name)
            self.assertEqual(family.payer_ids, self.mother | self.father)
        action = self.ann.action_view_therapy_family()
        alone = self.env["therapy.family"].browse(action["res_id"])
        self.assertEqual(alone.patient_ids, self.ann)
        self.assertEqual(alone.coverage_ids, self.coverage)

    def test_opening_the_page_is_a_look_at_each_patient(self):
        Log = self.env["therapy.access.log"]
        before = Log.search([])
        self.mother.action_view_therapy_family()
        rows = Log.search([]) - before
        self.assertEqual(rows.patient_id, self.kim | self.lee)
        self.assertEqual(set(rows.mapped("how")), {"form"})

    def test_an_agency_does_not_make_its_families_one(self):
        agency = self.env["res.partner"].create({"name": "Agency", "is_company": True})
        for patient in (self.kim, self.ann):
            self._add_guarantor(patient, agency, 0, role="other")
        family = self.env["therapy.family"]._create_for(self.kim)
        self.assertEqual(family.patient_ids, self.kim | self.lee)
        self.assertIn(agency, family.payer_ids)

    def test_the_summary_shows_who_pays_what_on_a_day(self):
        family = self.env["therapy.family"]._create_for(self.kim)
        text = family.summary
        for words in ("Kim Ives", "Lee Ives", "Rosa Ives", "70 %", "50 %", "add up"):
            self.assertIn(words, text)
        self.kim.guarantor_ids[0].percent = 60
        family.invalidate_recordset()
        self.assertIn("10 percent is missing", family.summary)

    def test_a_child_is_added_with_the_payers_of_the_first(self):
        family = self.env["therapy.family"]._create_for(self.mother)
        family.write(
            {
                "patient_ids": [
                    Command.create({"name": "Mia Ives", "birthdate": "2019-09-09"})
                ]
            }
        )
        self.assertTrue(family.has_copies)
        family.action_copy_shares()
        mia = family.patient_ids - self.kim - self.lee
        self.assertTrue(mia.is_patient)
        self.assertEqual(mia.guarantor_ids.mapped("share_text"), ["70 %", "30 %"])
        self.assertFalse(family.has_copies)

    def test_shares_are_changed_on_the_page_and_must_add_up(self):
        family = self.env["therapy.family"]._create_for(self.mother)
        row = self.kim.guarantor_ids[0]
        with self.assertRaisesRegex(ValidationError, "20 percent is missing"):
            family.write({"guarantor_ids": [Command.update(row.id, {"percent": 50})]})
        family.write(
            {
                "guarantor_ids": [
                    Command.update(row.id, {"share_type": "remainder"}),
                ]
            }
        )
        self.assertEqual(row.share_text, "The rest")
        self.assertEqual(self.kim.guarantor_ids._therapy_get_weights(), [7000, 3000])

    def test_shares_that_do_not_add_up_are_shown_and_mended_on_the_page(self):
        self.kim.guarantor_ids[0].percent = 60
        action = self.kim.action_view_therapy_family()
        family = self.env["therapy.family"].browse(action["res_id"])
        self.assertIn("10 percent is missing", family.summary)
        family.date = "2026-11-01"
        row = self.kim.guarantor_ids[0]
        with self.assertRaisesRegex(ValidationError, "5 percent is missing"):
            family.guarantor_ids = [Command.update(row.id, {"percent": 65})]
        family.guarantor_ids = [Command.update(row.id, {"percent": 70})]
        self.assertNotIn("missing", family.summary)

    def test_a_whole_family_is_entered_on_an_empty_page(self):
        family = self.env["therapy.family"].create(
            {"patient_ids": [Command.create({"name": "Zoe Orr"})]}
        )
        share = {"patient_id": family.patient_ids.id, "partner_id": self.father.id}
        plan = {"patient_id": family.patient_ids.id, "insurer_id": self.insurer.id}
        family.write(
            {
                "guarantor_ids": [Command.create({**share, "percent": 100})],
                "coverage_ids": [Command.create({**plan, "copay": 20.0})],
            }
        )
        zoe = family.patient_ids
        self.assertEqual(zoe.guarantor_ids.partner_id, self.father)
        self.assertEqual(zoe.coverage_ids.insurer_id, self.insurer)
        self.assertFalse(zoe.therapy_share_problem)

    def test_an_auditor_reads_the_page(self):
        user = new_test_user(
            self.env,
            "auditor",
            groups="therapy_billing.group_auditor",
            company_id=self.practice.id,
            company_ids=self.practice.ids,
        )
        action = self.kim.with_user(user).action_view_therapy_family()
        family = self.env["therapy.family"].with_user(user).browse(action["res_id"])
        self.assertIn("70 %", family.summary)


@tagged("post_install", "-at_install")
class TestMailAddress(TherapyCommon):
    def _address(self, partner, patient=None):
        bill = self._create_bill(partner, 10.0)
        bill.patient_id = patient or self.kim
        return bill._therapy_get_mail_address()

    def test_the_bill_to_address_comes_before_the_payer_s(self):
        self.assertEqual(self._address(self.mother), "rosa@example.com")
        row = self.kim.guarantor_ids[0]
        row.bill_email = "Office <bills@example.com>"
        self.assertEqual(self._address(self.mother), "bills@example.com")
        row.date_to = "2026-11-01"
        self._add_guarantor(self.kim, self.mother, 70, date_from="2026-11-02")
        self.assertEqual(self._address(self.mother), "rosa@example.com")

    def test_a_patient_s_address_is_used_when_nobody_else_pays(self):
        self.kim.email = "kim@example.com"
        self.mother.email = False
        self.assertEqual(self._address(self.mother), "")
        self.kim.guarantor_ids[1].unlink()
        self.assertEqual(self._address(self.mother), "kim@example.com")

    def test_an_error_names_the_three_places(self):
        self.mother.email = False
        bill = self._create_bill(self.mother, 10.0)
        problem = bill._therapy_get_mail_problem()
        for place in ("bill-to e-mail", "payer's contact", "patient"):
            self.assertIn(place, problem)
        self.mother.email = "rosa@example.com"
        self.assertEqual(bill._therapy_get_mail_problem(), "")

    def test_insurers_get_no_mail(self):
        self.insurer.email = "claims@example.com"
        self.assertEqual(self._address(self.insurer, self.ann), "")

    def test_what_is_no_address_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "not an e-mail"):
            self.kim.guarantor_ids[0].bill_email = "at home"
