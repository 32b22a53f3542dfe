from odoo import models


class AccountMove(models.Model):
    """Looks at bills are logged (P7)."""

    _name = "account.move"
    _inherit = ["account.move", "therapy.access.mixin"]
