from odoo import api, fields, models


class TherapySendWizardLineMixin(models.AbstractModel):
    """One bill of a dialog that sends messages.

    A model that inherits it has `refusal` and the methods below.
    """

    _name = "therapy.send.wizard.line.mixin"
    _description = "Message about a Bill"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="move_id.partner_id", string="Payer")
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_residual = fields.Monetary(related="move_id.amount_residual", string="Due")
    result = fields.Char(readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refuse bills of others: what the dialog shows of them needs no rights.

        :param list vals_list: values
        :return: the lines
        :raise AccessError: if the user may not change one of the bills
        """
        lines = super().create(vals_list)
        lines.move_id.check_access("write")
        return lines

    def write(self, vals):
        """Refuse bills of others, as :meth:`create` does.

        :param dict vals: new values
        :return: True
        :raise AccessError: if the user may not change the bill
        """
        result = super().write(vals)
        if "move_id" in vals:
            self.move_id.check_access("write")
        return result

    # === BUSINESS METHODS === #

    def _get_refusal(self) -> str | bool:
        """Say why no message is sent about this bill, as things are now.

        Note: self.ensure_one(); to override

        :return: the reason in plain words, False if one can be sent
        :rtype: str | bool
        """
        raise NotImplementedError

    def _send(self):
        """Do what the message needs and make its mail, which does not leave yet.

        Note: self.ensure_one(); to override; sets `result`

        :return: the mail in sudo mode
        :rtype: recordset of `mail.mail`
        """
        raise NotImplementedError
