from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    therapy_link_hours = fields.Integer(
        related="company_id.therapy_link_hours", readonly=False
    )
    therapy_online_payment = fields.Boolean(
        related="company_id.therapy_online_payment", readonly=False
    )
    therapy_share_attach = fields.Boolean(
        related="company_id.therapy_share_attach", readonly=False
    )
    therapy_auto_share = fields.Boolean(
        related="company_id.therapy_auto_share", readonly=False
    )
    therapy_quiet_from = fields.Float(
        related="company_id.therapy_quiet_from", readonly=False
    )
    therapy_quiet_to = fields.Float(
        related="company_id.therapy_quiet_to", readonly=False
    )
    therapy_card_policy = fields.Selection(
        related="company_id.therapy_card_policy", readonly=False
    )
    therapy_ask_expiring = fields.Boolean(
        related="company_id.therapy_ask_expiring", readonly=False
    )
