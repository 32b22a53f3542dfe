from odoo import api, fields, models


class TherapyRefundWizardLine(models.TransientModel):
    """What one bill got of the payment, and what of it goes back."""

    _name = "therapy.refund.wizard.line"
    _description = "Bill of a Payment Given Back"

    wizard_id = fields.Many2one(
        "therapy.refund.wizard", required=True, ondelete="cascade"
    )
    move_id = fields.Many2one("account.move", string="Bill", readonly=True)
    name = fields.Char(string="Paid", compute="_compute_name")
    most = fields.Monetary(string="Got", readonly=True)
    amount = fields.Monetary(string="Give Back")
    currency_id = fields.Many2one(related="wizard_id.currency_id")

    @api.depends("move_id")
    def _compute_name(self):
        """Name the bill, or what no bill took."""
        for line in self:
            line.name = line.move_id.name or self.env._("Not on a bill (credit)")
