from odoo import api, fields, models


class TherapyCheckLine(models.Model):
    """One difference that a check found."""

    _name = "therapy.check.line"
    _description = "Difference in the Books"
    _order = "check_id, id"

    check_id = fields.Many2one(
        "therapy.check", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="check_id.company_id", store=True, index=True)
    kind = fields.Char(required=True)
    name = fields.Char(string="What", required=True)
    expected = fields.Monetary(string="Should Be")
    found = fields.Monetary(string="Is")
    difference = fields.Monetary(compute="_compute_difference")
    currency_id = fields.Many2one("res.currency", required=True)
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model")

    @api.depends("expected", "found")
    def _compute_difference(self):
        """Subtract."""
        for line in self:
            line.difference = line.currency_id.round(line.found - line.expected)

    def action_open(self):
        """Open what the difference is about.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
