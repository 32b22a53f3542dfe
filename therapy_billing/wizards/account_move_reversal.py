from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def modify_moves(self):
        """Override of `account` to refuse "reverse and create anew" (M2).

        The new bill would have no sessions, and the run would bill them again.

        :return: what core returns
        :raise UserError: if a bill of sessions is among the moves
        """
        self.move_ids._therapy_refuse_duplicates()
        return super().modify_moves()
