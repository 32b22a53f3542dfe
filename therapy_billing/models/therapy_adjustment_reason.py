from odoo import fields, models

#: Ways to waive money; each has an account of the practice.
ADJUSTMENT_KINDS = [
    ("writeoff", "Write-off"),
    ("discount", "Discount"),
    ("goodwill", "Goodwill"),
]


class TherapyAdjustmentReason(models.Model):
    """Why money is waived: asked for by every write-off, discount and goodwill."""

    _name = "therapy.adjustment.reason"
    _description = "Reason of an Adjustment"
    _order = "kind, sequence, id"

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(ADJUSTMENT_KINDS, required=True, default="writeoff")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty for all practices."
    )
