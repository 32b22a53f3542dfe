from odoo import fields, models


class ResCompany(models.Model):
    """Accounts of what payment processors ask for."""

    _inherit = "res.company"

    therapy_account_dispute_id = fields.Many2one(
        "account.account", string="Dispute Fees", check_company=True
    )
    therapy_account_processor_id = fields.Many2one(
        "account.account", string="Payment Processor Fees", check_company=True
    )
