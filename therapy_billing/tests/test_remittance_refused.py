from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.therapy_billing.tests.common import NOW
from odoo.addons.therapy_billing.tests.test_remittance import RemittanceCommon


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestRemittanceRefused(RemittanceCommon):
    """What cannot be right is refused in plain words, and nothing is booked."""

    def assertRefused(self, remittance, words):
        self.assertIn(words, "\n".join(remittance.get_problems()))
        moves = self.env["account.move"].search_count([])
        with self.assertRaisesRegex(UserError, words):
            remittance.action_post()
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self.assertEqual(remittance.state, "draft")

    def test_a_line_that_does_not_add_up(self):
        session = self._bill_ann()
        remittance = self._create_remittance([self._answer(session, 85.0, 50.0, 35.0)])
        self.assertRefused(remittance, "are not the charge")
        self.assertIn("are not the charge", remittance.line_ids.problem)

    def test_nobody_says_by_hand_that_it_is_posted_or_not(self):
        session = self._bill_ann()
        answer = self._answer(session, 85.0, 55.25, 35.0)
        with self.assertRaisesRegex(UserError, "as a whole"):
            self._create_remittance([answer], state="posted")
        remittance = self._post(answer)
        with self.assertRaisesRegex(UserError, "as a whole"):
            remittance.state = "draft"

    def test_nothing_is_moved_onto_a_posted_remittance(self):
        posted = self._post(self._answer(self._bill_ann(), 85.0, 55.25, 35.0))
        other = self._bill_ann(start="2026-11-11 19:00:00")
        draft = self._create_remittance(
            [self._answer(other, 85.0, 55.25, 35.0)],
            extra_ids=[Command.create({"amount": 1.0})],
            amount=86.0,
        )
        for record, vals in (
            (draft.line_ids, {"remittance_id": posted.id}),
            (draft.extra_ids, {"remittance_id": posted.id}),
            (draft.line_ids.adjustment_ids[0], {"line_id": posted.line_ids.id}),
        ):
            with (
                self.subTest(model=record._name),
                self.assertRaisesRegex(UserError, "is in the books"),
            ):
                record.write(vals)

    def test_lines_of_more_than_the_total(self):
        session = self._bill_ann()
        remittance = self._create_remittance(
            [self._answer(session, 85.0, 55.25, 35.0)], amount=80.0
        )
        self.assertRefused(remittance, "the total is only")

    def test_a_session_that_is_not_billed(self):
        session = self._create_session(self.ann)
        remittance = self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)])
        self.assertRefused(remittance, "not billed yet")

    def test_the_claim_of_another_insurer(self):
        session = self._bill_ann()
        other = self.insurer.copy({"name": "Other"})
        remittance = self._create_remittance(
            [self._answer(session, 85.0, 55.25, 35.0)], partner_id=other.id
        )
        self.assertRefused(remittance, "has no claim here")

    def test_the_service_of_another_session(self):
        session = self._bill_ann()
        other = self._bill_ann(start="2026-11-11 19:00:00")
        remittance = self._create_remittance(
            [
                self._answer(
                    session, 85.0, 55.25, 35.0, session_line_id=other.line_ids.id
                )
            ]
        )
        self.assertRefused(remittance, "another claim")

    def test_a_taxed_service_whether_billed_or_to_be_billed_on_receipt(self):
        self.talk.taxes_id = self.tax_sale_a
        for policy in ("invoice", "on_receipt"):
            self.coverage.billing_policy = policy
            session = self._bill_ann()
            remittance = self._create_remittance(
                [self._answer(session, 85.0, 55.25, 35.0)]
            )
            with self.subTest(policy=policy):
                self.assertRefused(remittance, "carries a tax")

    def test_a_patient_who_bears_nothing_of_a_taxed_service_on_receipt(self):
        self.talk.taxes_id = self.tax_sale_a
        self.coverage.write({"billing_policy": "on_receipt", "copay": 0.0})
        session = self._bill_ann()
        remittance = self._create_remittance([self._answer(session, 120.0, 55.25, 0.0)])
        self.assertRefused(remittance, "carries a tax")

    def test_a_day_to_come(self):
        session = self._bill_ann()
        remittance = self._create_remittance(
            [self._answer(session, 85.0, 55.25, 35.0)], date="2026-11-17"
        )
        self.assertRefused(remittance, "still to come")

    def test_a_remittance_of_nothing(self):
        self.assertRefused(self._create_remittance([], amount=10.0), "No claim")

    def test_another_amount_without_an_account(self):
        remittance = self._create_remittance(
            [], amount=10.0, extra_ids=[Command.create({"kind": "other", "amount": 10})]
        )
        self.assertRefused(remittance, "Choose an account")

    def test_a_session_of_another_company_is_refused(self):
        session = self._bill_ann()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(UserError):
            self._create_remittance(
                [self._answer(session, 85.0, 55.25, 35.0)], company_id=other.id
            )

    def test_the_database_refuses_a_trace_number_twice(self):
        session = self._bill_ann()
        self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)], trace="A 1")
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._create_remittance([], trace=" a  1 ")
            self.env.flush_all()

    def test_the_database_refuses_a_service_twice(self):
        session = self._bill_ann()
        answer = self._answer(session, 85.0, 55.25, 35.0)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            self._create_remittance([answer, answer])
            self.env.flush_all()

    def test_in_a_closed_period_the_first_open_day_counts(self):
        session = self._bill_ann()
        self.practice.fiscalyear_lock_date = "2026-11-14"
        remittance = self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)])
        self.assertIn("11/15/2026", remittance.open_date_note)
        remittance.action_post()
        self.assertEqual(
            set(map(str, remittance.move_ids.mapped("date"))), {"2026-11-15"}
        )

    def test_posted_twice_is_refused(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        with self.assertRaisesRegex(UserError, "in the books"):
            remittance.action_post()

    def test_a_posted_remittance_cannot_be_deleted(self):
        session = self._bill_ann()
        remittance = self._post(self._answer(session, 85.0, 55.25, 35.0))
        with self.assertRaises(UserError):
            remittance.unlink()
        with self.assertRaises(UserError):
            remittance.line_ids.unlink()
        with self.assertRaises(UserError):
            remittance.line_ids.paid = 1.0
        with self.assertRaises(UserError):
            remittance.line_ids.adjustment_ids.unlink()

    def test_a_biller_posts_and_undoes_an_auditor_reads_a_clinician_sees_nothing(self):
        session = self._bill_ann()
        remittance = self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)])
        group = "therapy_billing.group_%s"
        users = {
            role: new_test_user(
                self.env, f"rem_{role}", f"base.group_user,{group % role}"
            )
            for role in ("biller", "auditor", "clinician")
        }
        with self.assertRaises(AccessError):
            remittance.with_user(users["clinician"]).read(["amount"])
        self.assertTrue(remittance.with_user(users["auditor"]).read(["amount"]))
        with self.assertRaises(AccessError):
            remittance.with_user(users["auditor"]).action_post()
        remittance.with_user(users["biller"]).action_post()
        remittance.with_user(users["biller"]).action_undo("Wrong")
        self.assertEqual(remittance.state, "undone")

    def test_who_opens_a_remittance_looks_at_its_patients(self):
        session = self._bill_ann()
        remittance = self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)])
        domain = [("patient_id", "=", self.ann.id), ("model", "=", "therapy.session")]
        Log = self.env["therapy.access.log"]
        before = Log.search_count(domain)
        remittance.web_read({"name": {}, "amount": {}, "trace": {}})
        self.assertEqual(Log.search_count(domain), before + 1)

    def test_what_another_insurer_bore_where_there_is_no_other(self):
        session = self._bill_ann()
        reason = self.env["therapy.remittance.reason"]._therapy_find("OA", "23")
        remittance = self._create_remittance(
            [
                {
                    "session_id": session.id,
                    "paid": 20.0,
                    "adjustment_ids": [
                        Command.create({"reason_id": reason.id, "amount": 155.25})
                    ],
                }
            ]
        )
        self.assertRefused(remittance, "No insurer came before")

    def test_a_claim_in_another_currency(self):
        session = self._bill_ann()
        claim = self._claims(session)
        remittance = self._create_remittance([self._answer(session, 85.0, 55.25, 35.0)])
        other = self.setup_other_currency("EUR")
        self.env.flush_all()
        # SQL: no screen lets a posted claim change its currency.
        self.env.cr.execute(
            SQL(
                "UPDATE account_move SET currency_id = %s WHERE id = %s",
                other.id,
                claim.id,
            )
        )
        claim.invalidate_recordset(["currency_id"])
        self.assertRefused(remittance, "another currency")
