from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    therapy_tz = fields.Selection(related="company_id.therapy_tz", readonly=False)
    therapy_due_days = fields.Integer(
        related="company_id.therapy_due_days", readonly=False
    )
    therapy_grouping = fields.Selection(
        related="company_id.therapy_grouping", readonly=False
    )
    therapy_desk_user_id = fields.Many2one(
        related="company_id.therapy_desk_user_id", readonly=False
    )
    therapy_prepay_limit = fields.Monetary(
        related="company_id.therapy_prepay_limit", readonly=False
    )
    therapy_calendar = fields.Boolean(
        related="company_id.therapy_calendar", readonly=False
    )
    therapy_analytic = fields.Boolean(
        related="company_id.therapy_analytic", readonly=False
    )
    therapy_authorization_policy = fields.Selection(
        related="company_id.therapy_authorization_policy", readonly=False
    )
    therapy_authorization_warn = fields.Integer(
        related="company_id.therapy_authorization_warn", readonly=False
    )
