from odoo import fields, models


class ResCompany(models.Model):
    """How much a payer may pay ahead."""

    _inherit = "res.company"

    therapy_prepay_limit = fields.Monetary(
        string="Prepayments up to",
        default=2000.0,
        help="The most that a payer may pay ahead at once in the portal; 0 = no limit.",
    )
