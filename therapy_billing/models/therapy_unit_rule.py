from odoo import fields, models

#: Methods that a payer may ask for: they count the minutes of timed services.
TIMED_METHODS = ("midpoint", "whole", "pooled")

#: States of sessions whose minutes count when units or minutes are counted.
COUNTED_STATES = ("scheduled", "held")


class TherapyUnitRule(models.Model):
    """A way of turning minutes into units, with its source (data, not code)."""

    _name = "therapy.unit.rule"
    _description = "Unit Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    method = fields.Selection(
        [
            ("untimed", "Untimed: 1 unit"),
            ("window", "Time window: 1 unit if the minutes fit the code"),
            ("midpoint", "Each code: a unit counts past its half"),
            ("whole", "Each code: full units only"),
            ("pooled", "Minutes of the day counted together"),
        ],
        required=True,
        default="midpoint",
    )
    source = fields.Char(help="Where the rule is published.")
    source_date = fields.Date(string="Checked On")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
