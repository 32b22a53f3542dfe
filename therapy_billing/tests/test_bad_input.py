import psycopg2

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestBadInput(TherapyCommon):
    """A clear error at the earliest place, and nothing half written."""

    def _assert_refused_by_database(self, change):
        with (
            self.assertRaises(psycopg2.errors.CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            change()
            self.env.flush_all()
        self.env.invalidate_all()

    def _assert_nothing_billed(self, *sessions):
        for session in sessions:
            self.assertEqual(session.billing_state, "unbilled")
            self.assertFalse(session.share_ids)

    def _other_company(self):
        return self.env["res.company"].create({"name": "Other practice"})

    # === SESSIONS === #

    def test_negative_and_absurd_minutes_and_units(self):
        session = self._create_session(self.kim)
        for vals in (
            {"minutes": -1},
            {"minutes": 1441},
            {"units": -1},
            {"units": 97},
        ):
            self._assert_refused_by_database(
                lambda vals=vals: session.line_ids.write(vals)
            )
        self.assertEqual(session.line_ids.minutes, 55)

    def test_a_mistyped_year(self):
        with self.assertRaisesRegex(ValidationError, "year 1926"):
            self._create_session(self.kim, start="1926-11-10 19:00:00")

    def test_overlapping_sessions_of_one_provider_are_warned_of(self):
        first = self._create_session(self.kim, start="2026-11-10 15:00:00")
        self.assertFalse(first.overlap_warning)
        second = self._create_session(self.ann, start="2026-11-10 15:30:00")
        first.invalidate_recordset()
        self.assertIn(second.name, first.overlap_warning)
        self.assertIn("10:00", second.overlap_warning)
        self.assertNotIn("Kim", second.overlap_warning)
        second.start = "2026-11-10 15:55:00"
        self.assertFalse(second.overlap_warning, "one ends where the next begins")
        second.start = "2026-11-10 15:54:00"
        self.assertTrue(second.overlap_warning)
        first.action_set_missed()
        second.invalidate_recordset()
        self.assertFalse(second.overlap_warning)

    def test_another_provider_at_the_same_time_is_no_overlap(self):
        self._create_session(self.kim, start="2026-11-10 15:00:00")
        other = self.env["res.partner"].create({"name": "Sam", "is_provider": True})
        session = self._create_session(
            self.kim, start="2026-11-10 15:00:00", provider_id=other.id
        )
        self.assertFalse(session.overlap_warning)

    def test_an_insurer_is_no_patient(self):
        with self.assertRaisesRegex(ValidationError, "not a patient"):
            self._create_session(self.insurer)

    def test_an_authorization_of_another_patient(self):
        authorization = self.env["therapy.authorization"].create(
            {
                "name": "A-1",
                "patient_id": self.ann.id,
                "payer_id": self.insurer.id,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "line_ids": [Command.create({"product_id": self.talk.id, "units": 9})],
            }
        )
        session = self._create_session(self.kim)
        with self.assertRaises(ValidationError) as caught:
            session.line_ids.authorization_line_id = authorization.line_ids
        self.assertIn("A-1 is for another patient", str(caught.exception))
        self.assertFalse(session.line_ids.authorization_line_id)

    # === DATES === #

    def test_reversed_dates(self):
        for model, vals in (
            ("therapy.guarantor", {"patient_id": self.kim.id, "role": "other"}),
            ("therapy.coverage", {"patient_id": self.kim.id}),
            ("therapy.authorization", {"name": "A", "patient_id": self.kim.id}),
            ("therapy.rate", {"product_id": self.talk.id, "rate": 1.0}),
            ("therapy.billing.run", {}),
        ):
            payer = {
                "therapy.guarantor": {"partner_id": self.insurer.copy().id},
                "therapy.coverage": {"insurer_id": self.insurer.id},
                "therapy.authorization": {"payer_id": self.insurer.id},
            }.get(model, {})
            if model == "therapy.guarantor":
                payer = {"partner_id": self.env["res.partner"].create({"name": "N"}).id}
            dates = {"date_from": "2026-11-30", "date_to": "2026-11-01"}
            self._assert_refused_by_database(
                lambda model=model, vals={**vals, **payer, **dates}: self.env[
                    model
                ].create(vals)
            )

    def test_bills_due_before_they_are_made(self):
        with self.assertRaisesRegex(ValidationError, "due date"):
            self._create_run(invoice_date_due="2026-11-01")

    # === PAYERS === #

    def _assert_problem(self, session, words):
        run = self._create_run()
        run.action_preview()
        self.assertIn(words, run.problem_ids.reason)
        run.action_generate()
        self.assertFalse(run.move_ids)
        self.assertIn(words, run.problem_ids.reason)
        self._assert_nothing_billed(session)

    def test_a_patient_without_a_payer(self):
        self.kim.guarantor_ids.unlink()
        session = self._create_session(self.kim)
        self._assert_problem(session, "Nobody is responsible")

    def test_shares_that_do_not_add_up(self):
        self.kim.guarantor_ids[0].percent = 60
        session = self._create_session(self.kim)
        self._assert_problem(session, "10 percent is missing")

    def test_an_archived_payer(self):
        session = self._create_session(self.kim)
        self.father.active = False
        self.assertIn("archived", self.kim.therapy_share_problem)
        self._assert_problem(session, "Omar Ives is to pay, but the contact is arch")

    def test_an_archived_insurer(self):
        session = self._create_session(self.ann)
        self.insurer.active = False
        self._assert_problem(session, "Summit Mutual is to pay, but the contact is a")

    def test_a_payer_with_a_parent(self):
        household = self.env["res.partner"].create({"name": "H", "is_company": True})
        below = self.env["res.partner"].create(
            {"name": "Below", "parent_id": household.id}
        )
        with self.assertRaisesRegex(ValidationError, "stands alone"):
            self._add_guarantor(self.kim, below, 10)
        with self.assertRaisesRegex(ValidationError, "stands alone"):
            self.mother.parent_id = household

    # === COMPANIES, CURRENCIES, PERIODS === #

    def test_people_and_services_of_another_company(self):
        other = self._other_company()
        # sudo: who is set up in another company is not seen from here.
        Partner_sudo = self.env["res.partner"].sudo()  # sudo: see the line above
        foreign = Partner_sudo.create(
            {"name": "Foreign", "company_id": other.id, "is_provider": True}
        ).sudo(False)
        Product_sudo = self.env["product.product"].sudo()  # sudo: same
        service = Product_sudo.create(
            {
                "name": "Theirs",
                "type": "service",
                "therapy_code": "90837",
                "company_id": other.id,
            }
        )
        session = self._create_session(self.kim)
        approval = {"name": "A", "date_from": "2026-01-01", "date_to": "2026-12-31"}
        Approval = self.env["therapy.authorization"]
        Rate = self.env["therapy.rate"]
        for change in (
            lambda: Rate.create({"product_id": service.id, "rate": 1.0}),
            lambda: Rate.create(
                {"product_id": self.talk.id, "rate": 1.0, "payer_id": foreign.id}
            ),
            lambda: Approval.create(
                {**approval, "patient_id": self.kim.id, "payer_id": foreign.id}
            ),
            lambda: self._create_session(self.kim, provider_id=foreign.id),
            lambda: self._create_session(foreign),
            lambda: self._add_guarantor(self.kim, foreign, 10),
            lambda: session.line_ids.write({"product_id": service.id}),
        ):
            with self.assertRaises(UserError):
                change()
        self.assertEqual(session.line_ids.product_id, self.talk)

    def test_a_journal_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        journal = self.env["account.journal"].create(
            {
                "name": "Euro sales",
                "code": "EUS",
                "type": "sale",
                "currency_id": euro.id,
                "company_id": self.practice.id,
            }
        )
        with self.assertRaisesRegex(ValidationError, "is in EUR"):
            self._create_run(journal_id=journal.id)

    def test_a_payment_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        bill = self._create_bill(self.mother, 10.0)
        with self.assertRaisesRegex(ValidationError, "cannot be paid this way"):
            self._pay(bill, 10.0, currency_id=euro.id)
        self.assertFalse(bill.therapy_allocation_ids)

    def test_a_closed_period(self):
        session = self._create_session(self.kim)
        self.practice.sudo().fiscalyear_lock_date = "2026-11-15"
        run = self._create_run(invoice_date="2026-11-12")
        for button in (run.action_preview, run.action_generate):
            with self.assertRaisesRegex(UserError, "11/16/2026"):
                button()
        self.assertFalse(run.move_ids)
        self._assert_nothing_billed(session)
        run.invoice_date = "2026-11-16"
        run.action_generate()
        self.assertEqual(len(run.move_ids), 2)
