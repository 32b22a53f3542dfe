from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """The fee on credit cards."""

    _inherit = "res.config.settings"

    therapy_fee_enabled = fields.Boolean(
        related="company_id.therapy_fee_enabled", readonly=False
    )
    therapy_fee_percent = fields.Float(
        related="company_id.therapy_fee_percent", readonly=False
    )
    therapy_fee_told_on = fields.Date(
        related="company_id.therapy_fee_told_on", readonly=False
    )
    therapy_fee_text = fields.Text(
        related="company_id.therapy_fee_text", readonly=False
    )
    therapy_account_cardfee_id = fields.Many2one(
        related="company_id.therapy_account_cardfee_id", readonly=False
    )
