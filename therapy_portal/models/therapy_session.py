from odoo import models
from odoo.exceptions import UserError


class TherapySession(models.Model):
    _inherit = "therapy.session"

    def action_therapy_send_link(self):
        """Open the dialog that sends payment links for the bills of these sessions.

        :return: the action of the dialog
        :rtype: dict
        :raise AccessError: if the user is not a biller
        :raise UserError: if there is no bill that a person could pay
        """
        self.env.user._therapy_check_biller()
        shares = self.line_ids.share_ids.filtered("live")
        moves = shares.move_id.filtered(lambda move: move._therapy_can_be_shared())
        if not moves:
            raise UserError(
                self.env._(
                    "There is no open bill of a guarantor for this. Bill the session "
                    "first, and confirm the bill."
                )
            )
        return moves.action_therapy_send_link()
