from odoo import models

#: Models whose printed records are about patients.
LOGGED = ("account.move", "therapy.session", "res.partner")


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Override of `base` to log what is printed about patients (P7).

        :param report_ref: the report, its id or its name
        :param list res_ids: ids of the records
        :param dict data: more values
        :return: what core returns
        """
        self._therapy_log_printed(report_ref, res_ids)
        reports = self.with_context(therapy_is_logged=True)  # It is made from HTML.
        return super(IrActionsReport, reports)._pre_render_qweb_pdf(
            report_ref, res_ids=res_ids, data=data
        )

    def _render_qweb_html(self, report_ref, docids, data=None):
        """Override of `base` to log what is shown of patients in a browser (P7).

        :param report_ref: the report, its id or its name
        :param list docids: ids of the records
        :param dict data: more values
        :return: what core returns
        """
        if not self.env.context.get("therapy_is_logged"):
            self._therapy_log_printed(report_ref, docids)
        return super()._render_qweb_html(report_ref, docids, data=data)

    def _therapy_log_printed(self, report_ref, res_ids):
        """Log that records about patients are printed.

        :param report_ref: the report, its id or its name
        :param res_ids: ids of the records; one id, or none
        """
        report = self._get_report(report_ref)
        if report.model in LOGGED and res_ids:
            records = self.env[report.model].browse(res_ids).exists()
            self.env["therapy.access.log"]._therapy_log(records, "pdf")
