from contextlib import suppress
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.models import therapy_billing_run_generate as generate

from .common import TherapyCommon


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


@tagged("post_install", "-at_install")
class TestRunGenerate(TherapyCommon):
    """Large runs: in the background, batch by batch, to be stopped and restarted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.patients = cls.env["res.partner"]
        for number in range(6):
            patient = cls._create_patient(f"P{number}", "Large", "2010-01-01")
            cls._add_guarantor(patient, patient, 100, role="self")
            cls._create_session(patient)
            cls._create_session(patient, start="2026-11-12 19:00:00")
            cls.patients |= patient

    def _start(self, **vals):
        run = self._create_run(**vals)
        with patch.object(generate, "DIRECT_LIMIT", 3):
            self.assertIs(run.action_generate(), True)
        return run

    def _run_job(self, size=4):
        with patch.object(generate, "BATCH_SIZE", size):
            self.env["therapy.billing.run"]._cron_generate()

    def test_a_large_run_is_made_by_the_job(self):
        run = self._start()
        self.assertEqual((run.state, len(run.move_ids)), ("running", 0))
        self._run_job()
        run.invalidate_recordset()
        self.assertEqual(
            (run.state, run.bill_count, run.session_count), ("done", 6, 12)
        )
        self.assertCents(run.amount_total, 12 * 175.25)
        self.assertCents(run.amount_guarantors, 12 * 175.25)
        self.assertCents(run.progress, 100.0)

    def test_a_run_that_is_running_is_not_started_again(self):
        run = self._start()
        with self.assertRaises(UserError):
            run.action_generate()
        with self.assertRaises(UserError):
            run.grouping = "day"

    def test_a_run_that_fails_stops_and_lets_the_next_one_go_on(self):
        first = self._start(patient_ids=[Command.set(self.patients[:3].ids)])
        second = self._start(patient_ids=[Command.set(self.patients[3:].ids)])
        Run = self.env.registry["therapy.billing.run"]
        original = Run._bill_patients

        def fail_in_the_first(self, patient_ids):
            if self == first:
                raise ValueError("a defect")
            return original(self, patient_ids)

        name = generate.__name__
        with (
            patch.object(Run, "_bill_patients", fail_in_the_first),
            self.assertLogs(name, "ERROR"),
        ):
            self._run_job()
        self.assertEqual((first.state, second.state), ("stopped", "done"))
        self.assertIn("administrator", first.message_ids[0].body)
        self.assertNotIn("defect", first.message_ids[0].body)
        first.action_generate()
        self.assertEqual((first.state, first.bill_count), ("done", 3))

    def test_a_run_killed_between_batches_goes_on_where_it_was(self):
        run = self._start()
        Run = self.env.registry["therapy.billing.run"]
        original, seen = Run._bill_patients, []

        def bill_two_batches(self, patient_ids):
            if len(seen) == 2:
                raise Killed
            seen.append(patient_ids)
            return original(self, patient_ids)

        # Odoo's assertRaises would take back what the batches did.
        with patch.object(Run, "_bill_patients", bill_two_batches), suppress(Killed):
            self._run_job()
            self.fail("the job was not killed")
        self.env.invalidate_all()
        self.assertEqual((run.state, len(run.move_ids)), ("running", 4))
        self.assertCents(run.progress, 100.0 * 8 / 12)
        self._run_job()
        self.env.invalidate_all()
        self.assertEqual((run.state, len(run.move_ids)), ("done", 6))
        self.assertEqual(len(run.move_ids.session_share_ids), 12)
        self.assertEqual(run.move_ids.partner_id, self.patients)

    def test_a_stopped_run_keeps_its_bills_and_can_go_on(self):
        run = self._start()
        Run = self.env.registry["therapy.billing.run"]
        original = Run._bill_patients

        def bill_and_stop(self, patient_ids):
            original(self, patient_ids)
            run.action_stop()

        with patch.object(Run, "_bill_patients", bill_and_stop):
            self._run_job()
        self.assertEqual((run.state, len(run.move_ids)), ("stopped", 2))
        self.assertEqual((run.bill_count, run.session_count), (2, 4))
        self._run_job()
        self.assertEqual(len(run.move_ids), 2)
        run.action_generate()
        self.assertEqual((run.state, len(run.move_ids)), ("done", 6))

    def test_the_job_ends_when_its_time_is_up_and_goes_on_later(self):
        run = self._start()
        target = "odoo.addons.therapy_billing.tools.cursor.commit_progress"
        with patch(target, lambda env, count_left: 0 * count_left()):
            self._run_job()
        self.assertEqual((run.state, len(run.move_ids)), ("running", 2))
        self._run_job()
        self.assertEqual((run.state, len(run.move_ids)), ("done", 6))

    def test_the_bills_are_made_in_the_name_of_who_started_the_run(self):
        biller = new_test_user(
            self.env, "bill large", groups="therapy_billing.group_biller"
        )
        run = self._create_run()
        with patch.object(generate, "DIRECT_LIMIT", 3):
            run.with_user(biller).action_generate()
        self._run_job()
        self.assertEqual(run.move_ids.create_uid, biller)

    def test_a_run_that_cannot_go_on_stops_and_says_why(self):
        run = self._start()
        run.started_by_id = new_test_user(
            self.env, "left", groups="therapy_billing.group_auditor"
        )
        self._run_job()
        self.assertEqual(run.state, "stopped")
        self.assertFalse(run.move_ids)
        self.assertIn("not allowed", run.message_ids[0].body)

    def test_sessions_that_cannot_be_billed_do_not_hold_up_the_job(self):
        self.patients[0].guarantor_ids.percent = 40
        run = self._start()
        self._run_job(size=2)
        self.assertEqual((run.state, run.bill_count), ("done", 5))
        self.assertEqual(run.problem_ids.patient_id, self.patients[0])

    def test_queries_per_session_do_not_grow_with_the_run(self):
        def count(sessions):
            self.env.flush_all()
            self.env.invalidate_all()
            run = self._create_run(patient_ids=[(6, 0, sessions.patient_id.ids)])
            before = self.env.cr.sql_log_count
            run.action_generate()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        sessions = self.patients.therapy_session_ids
        count(sessions.filtered(lambda s: s.patient_id == self.patients[0]))
        few = count(sessions.filtered(lambda s: s.patient_id == self.patients[1]))
        many = count(sessions.filtered(lambda s: s.patient_id in self.patients[2:6]))
        self.assertLess(many - few, 3 * 40, "three more families")

    def test_the_grouping_decides_how_many_bills_a_guarantor_gets(self):
        patient = self.patients[:1]
        self._create_session(patient, start="2026-11-12 21:00:00")
        self._create_session(patient, start="2026-12-01 21:00:00")
        expected = {"session": 4, "day": 3, "month": 2, "all": 1}
        for grouping, bills in expected.items():
            run = self._create_run(
                grouping=grouping,
                patient_ids=[(6, 0, patient.ids)],
                date_to="2026-12-31",
            )
            run.action_preview()
            self.assertEqual(run.bill_count, bills, grouping)
            run.action_generate()
            self.assertEqual(len(run.move_ids), bills, grouping)
            self.assertCents(run.amount_total, 4 * 175.25)
            run.action_retract()

    def test_a_preview_has_a_row_for_each_payer_and_patient_that_adds_up(self):
        self._create_session(self.kim)
        self._create_session(self.ann)
        self.father.email = False
        run = self._create_run()
        run.action_preview()
        rows = {
            (row.partner_id, row.patient_id, row.is_claim): row
            for row in run.preview_ids
        }
        self.assertEqual(len(rows), 6 + 4)
        self.assertCents(rows[self.mother, self.kim, False].amount, 122.68)
        self.assertCents(rows[self.insurer, self.ann, True].amount, 145.25)
        self.assertIn("No e-mail", rows[self.father, self.kim, False].note)
        self.assertFalse(rows[self.mother, self.kim, False].note)
        self.assertCents(sum(run.preview_ids.mapped("amount")), run.amount_total)
        self.assertEqual(sum(run.preview_ids.mapped("bill_count")), run.bill_count)

    def test_what_the_database_refuses_is_told_in_words(self):
        session = self._create_session(self.kim)
        self._bill()
        Session = self.env.registry["therapy.session"]
        with patch.object(Session, "_check_not_locked", lambda session: None):
            session.line_ids = [Command.create({"product_id": self.aba.id, "units": 1})]
        self.assertEqual(session.billing_state, "partial")
        run = self._create_run()
        with (
            patch.object(Session, "_get_live_split", lambda session: {}),
            mute_logger("odoo.sql_db"),
        ):
            run.action_generate()
        self.assertEqual(
            run.problem_ids.filtered(lambda p: p.session_id == session).reason,
            "This service is already on another bill of the same payer.",
        )
