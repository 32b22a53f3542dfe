from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    therapy_link_hours = fields.Integer(
        related="company_id.therapy_link_hours", readonly=False
    )
