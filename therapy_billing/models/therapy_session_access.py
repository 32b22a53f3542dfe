from odoo import models


class TherapySession(models.Model):
    """Looks at sessions are logged (P7)."""

    _name = "therapy.session"
    _inherit = ["therapy.session", "therapy.access.mixin"]
