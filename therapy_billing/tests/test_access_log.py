from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon

FORM = {"display_name": {}, "company_id": {}, "currency_id": {}}


@tagged("post_install", "-at_install")
class TestAccessLog(TherapyCommon):
    """Every look at a patient's billing is logged, without values (P7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = cls._create_session(cls.kim)
        cls.bills = cls._bill()
        cls.biller = new_test_user(
            cls.env, "log biller", groups="therapy_billing.group_biller"
        )
        cls.exporter = new_test_user(
            cls.env,
            "log exporter",
            groups="therapy_billing.group_biller,base.group_allow_export",
        )
        cls.auditor = new_test_user(
            cls.env, "log auditor", groups="therapy_billing.group_auditor"
        )

    def _create_authorization(self):
        return self.env["therapy.authorization"].create(
            {
                "name": "A-1",
                "patient_id": self.kim.id,
                "payer_id": self.mother.id,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "line_ids": [Command.create({"product_id": self.aba.id, "units": 9})],
            }
        )

    def _rows(self):
        return self.env["therapy.access.log"].search([])

    def test_opening_a_form_is_logged_with_who_whom_and_how(self):
        for record in (self.session, self.bills[0], self.kim):
            before = self._rows()
            record.with_user(self.biller).web_read(FORM)
            row = self._rows() - before
            self.assertEqual(
                (row.user_id, row.patient_id, row.how, row.model, row.res_id),
                (self.biller, self.kim, "form", record._name, record.id),
            )

    def test_lists_labels_and_other_people_are_not_logged(self):
        Session = self.env["therapy.session"].with_user(self.biller)
        Session.web_search_read([("id", "=", self.session.id)], FORM)
        self.session.with_user(self.biller).web_read({"display_name": {}})
        self.mother.with_user(self.biller).web_read(FORM)
        invoice = self._create_invoice_one_line(
            price_unit=1.0, tax_ids=[], partner_id=self.partner_a.id
        )
        invoice.web_read(FORM)
        self.assertFalse(self._rows())

    def test_what_a_form_shows_in_its_lists_is_no_look_of_its_own(self):
        share = {"fields": {"move_id": {"fields": FORM}, **FORM}}
        self.session.web_read({"share_ids": share, **FORM})
        self.assertEqual(self._rows().mapped("model"), ["therapy.session"])

    def test_a_dialog_that_lists_bills_is_no_look_at_each(self):
        Wizard = self.env["therapy.due.date.wizard"]
        spec = {"move_ids": {}, "open_move_ids": {"fields": FORM}}
        wizard = Wizard.with_context(default_move_ids=self.bills.ids)
        wizard.onchange({}, [], spec)
        self.assertFalse(self._rows())

    def test_an_export_is_logged_for_each_record(self):
        self.bills.export_data(["name"])
        rows = self._rows()
        self.assertEqual(set(rows.mapped("how")), {"export"})
        self.assertEqual(set(rows.mapped("res_id")), set(self.bills.ids))

    def _patients_of_export(self, records, *names):
        before = self._rows()
        user = self.exporter
        self.assertTrue(records.with_user(user).export_data(list(names))["datas"])
        rows = self._rows() - before
        self.assertLessEqual(set(rows.mapped("how")), {"export"})
        return rows.patient_id

    def test_an_export_of_parts_is_logged_for_their_patient(self):
        authorization = self._create_authorization()
        shares = self.session.share_ids
        for records, name in (
            (authorization, "name"),
            (authorization.line_ids, "units"),
            (self.session.line_ids, "amount"),
            (shares, "amount"),
            (self.bills.line_ids, "balance"),
            (self.kim.guarantor_ids, "percent"),
        ):
            with self.subTest(model=records._name):
                self.assertEqual(self._patients_of_export(records, name), self.kim)
        self.assertEqual(
            self._patients_of_export(self.coverage, "member_number"), self.ann
        )

    def test_an_export_is_logged_for_the_patients_it_reaches(self):
        run = self.bills.therapy_run_id
        self.assertEqual(
            self._patients_of_export(run, "move_ids/patient_id/name"), self.kim
        )
        self.assertEqual(
            self._patients_of_export(run, "name", "move_ids/amount_total"), self.kim
        )
        self.assertFalse(self._patients_of_export(run, "name", "move_ids"))
        # A patient who is reached from what is logged is no second look.
        before = self._rows()
        self._patients_of_export(self.session, "patient_id/name")
        self.assertEqual((self._rows() - before).mapped("model"), ["therapy.session"])

    def test_an_export_of_others_is_not_logged(self):
        invoice = self._create_invoice_one_line(
            price_unit=1.0, tax_ids=[], partner_id=self.partner_a.id
        )
        names = ("name", "move_id/partner_id/name")
        self.assertFalse(self._patients_of_export(invoice.line_ids, *names))

    def test_a_long_export_needs_no_more_queries(self):
        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.export_data(["amount", "session_id/patient_id/name"])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        sessions = self.session
        for day in range(1, 9):
            sessions |= self._create_session(self.kim, start=f"2026-10-0{day} 19:00:00")
        lines = sessions.line_ids.with_user(self.exporter)
        count(lines[:2])
        self.assertEqual(count(lines[:2]), count(lines))

    def test_the_form_of_an_authorization_is_logged(self):
        request = self.env["therapy.change.request"].create(
            {
                "partner_id": self.mother.id,
                "patient_id": self.kim.id,
                "kind": "other",
                "text": "Please call",
            }
        )
        consent = self.env["therapy.card.authorization"].create(
            {"partner_id": self.mother.id, "patient_ids": self.kim.ids}
        )
        for record in (self._create_authorization(), request, consent):
            before = self._rows()
            fields = ("display_name", "company_id", "create_date")
            record.with_user(self.biller).web_read({name: {} for name in fields})
            rows = self._rows() - before
            self.assertEqual((rows.patient_id, rows.how), (self.kim, "form"))

    def test_a_pdf_is_logged(self):
        report = self.env["ir.actions.report"].with_user(self.biller)
        report._pre_render_qweb_pdf(
            "account.report_invoice_with_payments", self.bills[0].ids
        )
        row = self._rows()
        self.assertEqual((row.how, row.user_id), ("pdf", self.biller))

    def test_a_report_shown_in_the_browser_is_logged(self):
        report = self.env["ir.actions.report"].with_user(self.biller)
        report._render_qweb_html(
            "account.report_invoice_with_payments", self.bills[0].ids
        )
        row = self._rows()
        self.assertEqual((row.how, row.res_id), ("pdf", self.bills[0].id))

    def test_the_log_holds_no_values(self):
        self.session.web_read(FORM)
        names = set(self.env["therapy.access.log"]._fields)
        allowed = {"date", "user_id", "patient_id", "how", "model", "res_id"}
        allowed |= {"address", "company_id", "id", "display_name"}
        self.assertFalse(names - allowed)

    def test_nobody_changes_or_removes_a_row(self):
        self.session.web_read(FORM)
        row = self._rows()
        for record in (row, row.sudo(), row.with_user(self.auditor)):
            with self.assertRaises(UserError):
                record.write({"how": "pdf"})
            with self.assertRaises(UserError):
                record.unlink()
        for user in (self.auditor, self.biller):
            with self.assertRaises(AccessError):
                row.with_user(user).create({"patient_id": self.kim.id})

    def test_auditors_read_the_log_and_billers_do_not(self):
        self.session.web_read(FORM)
        row = self._rows()
        self.assertEqual(row.with_user(self.auditor).patient_id, self.kim)
        with self.assertRaises(AccessError):
            row.with_user(self.biller).read(["how"])

    def test_a_request_that_opens_a_form_may_write(self):
        for name in (
            "therapy.session",
            "account.move",
            "res.partner",
            "therapy.authorization",
            "therapy.card.authorization",
            "therapy.change.request",
        ):
            model = self.env.registry[name]
            flags = [
                cls.web_read._readonly
                for cls in model.mro()
                if hasattr(getattr(cls, "web_read", None), "_readonly")
            ]
            self.assertIs(flags[0], False, name)
