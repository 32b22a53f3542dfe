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
        report = self._get_report(report_ref)
        if report.model in LOGGED and res_ids:
            records = self.env[report.model].browse(res_ids).exists()
            self.env["therapy.access.log"]._therapy_log(records, "pdf")
        return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)
