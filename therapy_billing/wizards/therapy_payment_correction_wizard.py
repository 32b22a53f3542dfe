from odoo import api, fields, models


class TherapyPaymentCorrectionWizard(models.TransientModel):
    """A payment on the wrong payer or bill, or a check that came back."""

    _name = "therapy.payment.correction.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Correct a Payment"
    _therapy_guarded = ("reason",)

    payment_id = fields.Many2one("account.payment", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("move", "It belongs to another payer or bill"),
            ("return", "It came back from the bank"),
        ],
        required=True,
        default="move",
    )
    reason = fields.Char(required=True)
    partner_id = fields.Many2one("res.partner", string="Payer")
    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        domain="[('partner_id', '=', partner_id), ('move_type', '=', 'out_invoice'), "
        "('state', '=', 'posted'), ('amount_residual', '>', 0), "
        "('company_id', '=', company_id)]",
        help="Leave empty to keep the payment as credit of the payer.",
    )
    date = fields.Date(
        string="Came Back on",
        default=lambda self: self.env.company._therapy_local_date(),
    )
    fee = fields.Monetary(string="Fee to Bill")
    company_id = fields.Many2one(related="payment_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.model
    def default_get(self, fields_list):
        """Fill in the payment that the wizard was opened from.

        :param list fields_list: names of fields
        :return: values
        :rtype: dict
        """
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "account.payment":
            payment = self.env["account.payment"].browse(
                self.env.context.get("active_id")
            )
            values["payment_id"] = payment.id
            values["partner_id"] = payment.partner_id.id
            values["fee"] = payment.company_id.therapy_returned_check_fee
        return values

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        """Forget a bill of another payer."""
        if self.move_id.partner_id != self.partner_id:
            self.move_id = False

    def action_correct(self):
        """Move or return the payment.

        :return: the action that closes the dialog
        :rtype: dict
        """
        self.ensure_one()
        if self.kind == "return":
            self.payment_id._therapy_return(self.date, self.reason, self.fee)
        else:
            payer = self.partner_id or self.payment_id.partner_id
            self.payment_id._therapy_move_to(payer, self.reason, self.move_id)
        return {"type": "ir.actions.act_window_close"}
