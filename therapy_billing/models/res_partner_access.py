from odoo import models


class ResPartner(models.Model):
    """Looks at patients are logged (P7)."""

    _name = "res.partner"
    _inherit = ["res.partner", "therapy.access.mixin"]
