from odoo import api, fields, models


class TherapyPayLinkWizard(models.TransientModel):
    _name = "therapy.pay.link.wizard"
    _inherit = ["therapy.send.wizard.mixin"]
    _description = "Send Payment Links"

    line_ids = fields.One2many("therapy.pay.link.wizard.line", "wizard_id")
    hours = fields.Integer(
        string="Valid for (Hours)",
        readonly=True,
        default=lambda self: self.env.company.therapy_link_hours,
    )

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, moves):
        """Return a dialog that shows what sending links for these bills would send.

        :param moves: bills, as `account.move`
        :return: the dialog
        :rtype: recordset of `therapy.pay.link.wizard`
        :raise UserError: if there are too many to send while the sender waits
        """
        self._check_count(moves)
        wizard = self.create({"hours": moves.company_id[:1].therapy_link_hours})
        self.env["therapy.pay.link.wizard.line"].create(
            [{"wizard_id": wizard.id, "move_id": move.id} for move in moves]
        )
        return wizard

    def _get_words(self):
        """Override of the mixin.

        :return: see there
        :rtype: dict
        """
        return {
            "again": self.env._("These links were sent already."),
            "nothing": self.env._("There is no bill to send."),
            "one": self.env._("Send payment link"),
            "many": self.env._("Send payment links"),
            "sent": self.env._("Payment link sent"),
        }

    def _get_shown_record(self):
        """Override of the mixin: of one bill, its line is shown large.

        :return: the line, or the dialog
        """
        line = self.line_ids
        return line if len(line) == 1 else super()._get_shown_record()
