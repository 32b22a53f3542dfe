from odoo import fields, models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    therapy_applied_credit = fields.Boolean(
        string="Credit Applied",
        readonly=True,
        help="A credit that was put on a bill; taking the bill back frees it again.",
    )
