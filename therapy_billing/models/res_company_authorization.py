from odoo import fields, models


class ResCompany(models.Model):
    """How a practice treats the end of an authorization."""

    _inherit = "res.company"

    therapy_authorization_policy = fields.Selection(
        [("warn", "Warn"), ("block", "Refuse")],
        string="Beyond the Approved Units",
        required=True,
        default="warn",
        help="What happens when a session would use more units than were approved.",
    )
    therapy_authorization_warn = fields.Integer(
        string="Warn From",
        default=80,
        help="Percent of the approved units from which a warning is shown.",
    )

    _therapy_authorization_warn_range = models.Constraint(
        "CHECK(therapy_authorization_warn BETWEEN 0 AND 100)",
        "The level of the warning is between 0 and 100 percent.",
    )
