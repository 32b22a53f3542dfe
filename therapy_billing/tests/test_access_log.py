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
        cls.auditor = new_test_user(
            cls.env, "log auditor", groups="therapy_billing.group_auditor"
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
        for name in ("therapy.session", "account.move", "res.partner"):
            model = self.env.registry[name]
            flags = [
                cls.web_read._readonly
                for cls in model.mro()
                if hasattr(getattr(cls, "web_read", None), "_readonly")
            ]
            self.assertIs(flags[0], False, name)
