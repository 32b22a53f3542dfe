from odoo import api, fields, models


class TherapyRemittanceAdjustment(models.Model):
    """A part of a charge that the insurer did not pay, and its reason."""

    _name = "therapy.remittance.adjustment"
    _description = "Adjustment by an Insurer"
    _order = "line_id, id"
    _check_company_auto = True

    line_id = fields.Many2one(
        "therapy.remittance.line", required=True, index=True, ondelete="cascade"
    )
    reason_id = fields.Many2one(
        "therapy.remittance.reason", required=True, index=True, ondelete="restrict"
    )
    group = fields.Selection(related="reason_id.group")
    treatment = fields.Selection(related="reason_id.treatment")
    amount = fields.Monetary(required=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Add to remittances that are not posted.

        :param list vals_list: values
        :return: the records
        """
        records = super().create(vals_list)
        records.line_id.remittance_id._check_draft()
        return records

    def write(self, vals):
        """Keep what was posted, also from lines of another remittance.

        :param dict vals: new values
        :return: True
        :raise UserError: if a posted remittance would change
        """
        self.line_id.remittance_id._check_draft()
        result = super().write(vals)
        self.line_id.remittance_id._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """Keep what was posted."""
        self.line_id.remittance_id._check_draft()
