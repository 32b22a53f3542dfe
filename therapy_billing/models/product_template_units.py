from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools.codes import parse_pos


class ProductTemplate(models.Model):
    """How the minutes of a service become units."""

    _inherit = "product.template"

    therapy_unit_rule_id = fields.Many2one(
        "therapy.unit.rule",
        string="Unit Rule",
        ondelete="restrict",
        help="Empty: past the half of a unit if the service is timed, else 1 unit. "
        "A payer's own rule for timed services comes first.",
    )
    therapy_minutes_min = fields.Integer(
        string="From Minutes", help="A shorter session is another code."
    )
    therapy_minutes_max = fields.Integer(
        string="To Minutes", help="A longer session is another code; 0 = no end."
    )
    therapy_pos = fields.Char(
        string="Place of Service",
        help="Two-digit CMS code that a session of this service starts with.",
    )

    _therapy_window_order = models.Constraint(
        "CHECK(COALESCE(therapy_minutes_min, 0) >= 0"
        " AND (COALESCE(therapy_minutes_max, 0) = 0"
        " OR therapy_minutes_max >= COALESCE(therapy_minutes_min, 0)))",
        "The time window of a service ends before it starts.",
    )

    @api.constrains("therapy_pos")
    def _check_therapy_pos(self):
        """Refuse a place of service that does not exist.

        :raise ValidationError: if the code is not one of CMS's
        """
        for template in self.filtered("therapy_pos"):
            try:
                parse_pos(template.therapy_pos)
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "“%(pos)s” is no place of service.", pos=template.therapy_pos
                    )
                ) from None

    @api.constrains("therapy_unit_rule_id", "therapy_minutes_per_unit")
    def _check_therapy_unit_rule(self):
        """Refuse a rule that counts units on a service without minutes per unit.

        :raise ValidationError: if the rule needs minutes per unit
        """
        for template in self:
            method = template.therapy_unit_rule_id.method
            if (
                method
                and method not in ("untimed", "window")
                and template.therapy_minutes_per_unit <= 0
            ):
                raise ValidationError(
                    self.env._(
                        "The unit rule “%(rule)s” needs minutes per unit.",
                        rule=template.therapy_unit_rule_id.name,
                    )
                )

    @api.onchange("therapy_code")
    def _onchange_therapy_code(self):
        """Take minutes and rule of a known code; a name is only proposed."""
        code = self.env["therapy.service.code"].search(
            [("code", "=", self.therapy_code)], limit=1
        )
        if self.therapy_code and code:
            self.update(code._prepare_service_values())
            self.name = self.name or code.name
