from odoo import api, fields, models


class TherapyBillingRunPreview(models.Model):
    """What a run would ask of one payer for one patient, until the next preview."""

    _name = "therapy.billing.run.preview"
    _description = "Preview of a Billing Run"
    _order = "run_id, is_claim, patient_id, id"

    run_id = fields.Many2one(
        "therapy.billing.run", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, index=True, ondelete="cascade"
    )
    patient_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    is_claim = fields.Boolean(string="Insurer")
    session_count = fields.Integer(string="Sessions")
    bill_count = fields.Integer(string="Bills")
    amount = fields.Monetary()
    note = fields.Char(string="To Mind", compute="_compute_note")
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.depends("partner_id.email", "partner_id.active", "is_claim")
    def _compute_note(self):
        """Say what will be missing when the bills are to be sent."""
        for row in self:
            row.note = False
            if not row.partner_id.active:
                row.note = self.env._("The payer is archived.")
            elif not row.is_claim and not row.partner_id.email:
                row.note = self.env._("No e-mail address: print the bill.")
