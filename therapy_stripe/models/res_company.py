from odoo import fields, models

from odoo.addons.therapy_billing.models.res_company_accounts import ACCOUNTS

ACCOUNTS["stripe"] = ("Stripe Clearing", "asset_current", True, "101960")


class ResCompany(models.Model):
    _inherit = "res.company"

    therapy_account_stripe_id = fields.Many2one(
        "account.account",
        string="Stripe Clearing",
        check_company=True,
        help="What Stripe holds for the practice; each payout brings its part to 0.",
    )
    therapy_refund_policy = fields.Text(
        string="Refund Policy",
        help="What payers are told about refunds; proposed when a dispute is answered.",
    )
