from odoo import api, fields, models


class TherapyCreditTransferWizard(models.TransientModel):
    """Moves credit to another payer, with the owner's consent on record."""

    _name = "therapy.credit.transfer.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Transfer Credit to Another Payer"
    _therapy_guarded = ("consent",)

    partner_id = fields.Many2one("res.partner", string="From", required=True)
    target_id = fields.Many2one(
        "res.partner",
        string="To",
        required=True,
        domain="[('is_insurer', '=', False), ('id', '!=', partner_id)]",
    )
    available = fields.Monetary(related="partner_id.therapy_credit_amount")
    amount = fields.Monetary(required=True)
    consent = fields.Char(
        string="Who Agreed",
        required=True,
        help="Who agreed, when and how: kept on the entry.",
    )
    currency_id = fields.Many2one(
        "res.currency", default=lambda self: self.env.company.currency_id
    )

    @api.model
    def default_get(self, fields_list):
        """Fill in the payer that the wizard was opened from, and all of the credit.

        :param list fields_list: names of fields
        :return: values
        :rtype: dict
        """
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "res.partner":
            payer = self.env["res.partner"].browse(self.env.context.get("active_id"))
            values["partner_id"] = payer.id
            values["amount"] = payer.therapy_credit_amount
        return values

    def action_transfer(self):
        """Post the entry.

        :return: the action that shows it
        :rtype: dict
        """
        self.ensure_one()
        entry = self.env["account.move"]._therapy_transfer_credit(
            self.partner_id, self.target_id, self.amount, self.consent
        )
        return entry._get_records_action(name=self.env._("Transfer"))
