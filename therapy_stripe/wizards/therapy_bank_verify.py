from odoo import fields, models


class TherapyBankVerify(models.TransientModel):
    """Proving a bank account with what its statement shows."""

    _name = "therapy.bank.verify"
    _description = "Verify a Bank Account"

    token_id = fields.Many2one(
        "payment.token", required=True, readonly=True, ondelete="cascade"
    )
    code = fields.Char(size=6, help="Six characters beginning with SM.")
    amount_1 = fields.Integer(string="First Deposit (cents)")
    amount_2 = fields.Integer(string="Second Deposit (cents)")

    def action_verify(self):
        """Prove the bank account.

        Note: self.ensure_one()

        :return: shows the list anew
        :rtype: dict
        :raise UserError: if the values are not right
        """
        self.ensure_one()
        self.check_access("write")
        self.token_id._therapy_check_manager()
        self.token_id.sudo()._therapy_verify(  # sudo: billers only read tokens
            self.code, (self.amount_1, self.amount_2)
        )
        return {"type": "ir.actions.client", "tag": "soft_reload"}
