from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.therapy_billing.models.res_partner import MONEY_GROUPS


class ResPartner(models.Model):
    """What a payer has to the good, read from the ledger (D2)."""

    _inherit = "res.partner"

    therapy_keep_credits = fields.Boolean(
        string="Keep Credits",
        groups=MONEY_GROUPS,
        help="A billing run leaves the credits of this payer alone.",
    )
    therapy_credit_amount = fields.Monetary(
        string="Credit",
        compute="_compute_therapy_credit_amount",
        groups=MONEY_GROUPS,
        help="Unapplied payments and credit notes, without those held back.",
    )

    @api.depends_context("company")
    def _compute_therapy_credit_amount(self):
        """Add up the credits that could be put on bills of the company."""
        company = self.env.company
        Line = self.env["account.move.line"]
        domain = self.env["account.move"]._therapy_get_credit_domain(self)
        sums = dict(
            Line._read_group(
                domain & Domain("company_id", "=", company.id),
                ["partner_id"],
                ["amount_residual:sum"],
            )
        )
        for partner in self:
            partner.therapy_credit_amount = -sums.get(partner, 0.0)

    # === ACTION METHODS === #

    def action_therapy_apply_credits(self):
        """Put the payer's credits on their open bills, the one due first first.

        :return: the notification that says what was done
        :rtype: dict
        """
        bills = self.env["account.move"].search(
            [
                ("partner_id", "in", self.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("amount_residual", ">", 0),
                ("company_id", "=", self.env.company.id),
            ]
        )
        return bills.action_therapy_apply_credits()

    def action_view_therapy_credits(self):
        """Open the unapplied credits of the payer, those held back too.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credits of %(name)s", name=self.name),
            "res_model": "account.move.line",
            "view_mode": "list",
            "domain": [
                ("partner_id", "=", self.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("balance", "<", 0),
                ("company_id", "=", self.env.company.id),
            ],
            "context": {"create": False},
        }
