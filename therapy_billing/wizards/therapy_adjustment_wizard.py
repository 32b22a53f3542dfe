from odoo import api, fields, models

from odoo.addons.therapy_billing.models.therapy_adjustment_reason import (
    ADJUSTMENT_KINDS,
)


class TherapyAdjustmentWizard(models.TransientModel):
    """Write-off, discount or goodwill, always with a reason."""

    _name = "therapy.adjustment.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Adjust a Bill"
    _therapy_guarded = ("note",)

    move_id = fields.Many2one("account.move", string="Bill", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Payer", required=True)
    kind = fields.Selection(ADJUSTMENT_KINDS, required=True, default="discount")
    reason_id = fields.Many2one(
        "therapy.adjustment.reason",
        required=True,
        domain="[('kind', '=', kind), ('company_id', 'in', [False, company_id])]",
    )
    note = fields.Char(help="For the practice; the payer does not see it.")
    percent = fields.Float(string="Percent of the Bill")
    amount = fields.Monetary(required=True)
    payable = fields.Monetary(string="Open on the Bill", compute="_compute_payable")
    company_id = fields.Many2one("res.company", required=True)
    currency_id = fields.Many2one("res.currency", required=True)

    @api.model
    def default_get(self, fields_list):
        """Fill in the bill or the payer that the wizard was opened from.

        :param list fields_list: names of fields
        :return: values
        :rtype: dict
        """
        values = super().default_get(fields_list)
        model = self.env.context.get("active_model")
        active_id = self.env.context.get("active_id")
        company = self.env.company
        values["currency_id"] = company.currency_id.id
        if model == "account.move" and active_id:
            bill = self.env["account.move"].browse(active_id)
            company = bill.company_id
            values["move_id"] = bill.id
            values["partner_id"] = bill.partner_id.id
            values["currency_id"] = bill.currency_id.id
        elif model == "res.partner" and active_id:
            values.update(partner_id=active_id, kind="goodwill")
        values["company_id"] = company.id
        return values

    @api.depends("move_id")
    def _compute_payable(self):
        """Compute what may be waived of the bill now."""
        for wizard in self:
            bill = wizard.move_id
            wizard.payable = bill._therapy_get_payable_amount() if bill else 0.0

    @api.onchange("kind")
    def _onchange_kind(self):
        """Forget a reason of another kind."""
        if self.reason_id.kind != self.kind:
            self.reason_id = False

    @api.onchange("percent")
    def _onchange_percent(self):
        """Compute the amount from the percent of the bill's total."""
        if self.percent and self.move_id:
            amount = self.move_id.amount_total * self.percent / 100
            self.amount = min(self.currency_id.round(amount), self.payable)

    # === ACTION METHODS === #

    def action_adjust(self):
        """Post the credit note.

        :return: the action that closes the dialog, or shows the credit
        :rtype: dict
        """
        self.ensure_one()
        Move = self.env["account.move"].with_company(self.company_id)
        note = Move._therapy_adjust(
            self.reason_id,
            self.amount,
            bill=self.move_id,
            payer=self.partner_id,
            note=self.note or "",
        )
        if self.move_id:
            return {"type": "ir.actions.act_window_close"}
        return note._get_records_action(name=self.env._("Goodwill"))
