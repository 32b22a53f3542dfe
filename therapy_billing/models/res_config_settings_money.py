from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Credits, adjustments and the accounts they need."""

    _inherit = "res.config.settings"

    therapy_use_credits = fields.Boolean(
        related="company_id.therapy_use_credits", readonly=False
    )
    therapy_adjustment_limit = fields.Monetary(
        related="company_id.therapy_adjustment_limit",
        readonly=False,
    )
    therapy_returned_check_fee = fields.Monetary(
        related="company_id.therapy_returned_check_fee",
        readonly=False,
    )
    therapy_account_writeoff_id = fields.Many2one(
        related="company_id.therapy_account_writeoff_id", readonly=False
    )
    therapy_account_discount_id = fields.Many2one(
        related="company_id.therapy_account_discount_id", readonly=False
    )
    therapy_account_goodwill_id = fields.Many2one(
        related="company_id.therapy_account_goodwill_id", readonly=False
    )
    therapy_account_migration_id = fields.Many2one(
        related="company_id.therapy_account_migration_id", readonly=False
    )

    therapy_account_insurance_id = fields.Many2one(
        related="company_id.therapy_account_insurance_id", readonly=False
    )
    therapy_account_contractual_id = fields.Many2one(
        related="company_id.therapy_account_contractual_id", readonly=False
    )

    def action_therapy_set_up_accounts(self):
        """Make the accounts, journals and payment methods that are missing.

        :return: the action that shows the page anew
        :rtype: dict
        """
        self.company_id.action_therapy_set_up_accounts()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
