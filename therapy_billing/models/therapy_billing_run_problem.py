from odoo import fields, models


class TherapyBillingRunProblem(models.Model):
    _name = "therapy.billing.run.problem"
    _description = "Session a Billing Run Leaves out"
    _order = "run_id, session_id, id"

    run_id = fields.Many2one(
        "therapy.billing.run", required=True, index=True, ondelete="cascade"
    )
    session_id = fields.Many2one(
        "therapy.session", required=True, index=True, ondelete="cascade"
    )
    patient_id = fields.Many2one(related="session_id.patient_id")
    date = fields.Date(related="session_id.date")
    reason = fields.Char(required=True)
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
