from odoo import fields, models


class TherapyRemittanceClaimsWizardLine(models.TransientModel):
    """One open claim that is offered."""

    _name = "therapy.remittance.claims.wizard.line"
    _description = "Open Claim"

    wizard_id = fields.Many2one(
        "therapy.remittance.claims.wizard", required=True, ondelete="cascade"
    )
    selected = fields.Boolean(string="Add")
    session_id = fields.Many2one("therapy.session", required=True, readonly=True)
    date = fields.Date(related="session_id.date")
    patient_id = fields.Many2one(related="session_id.patient_id")
    services = fields.Char(related="session_id.service_summary")
    amount_total = fields.Monetary(related="session_id.amount_total")
    billing_state = fields.Selection(related="session_id.billing_state")
    currency_id = fields.Many2one(related="session_id.currency_id")
