from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_partner import MONEY_GROUPS


class AccountMove(models.Model):
    """Entries of a remittance stand and fall with it."""

    _inherit = "account.move"

    therapy_remittance_id = fields.Many2one(
        "therapy.remittance",
        string="Remittance",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    therapy_determined_on = fields.Date(
        string="Determined on",
        readonly=True,
        copy=False,
        help="When the insurer said what the patient's side owes.",
    )

    therapy_answer_count = fields.Integer(
        compute="_compute_therapy_answer_count", groups=MONEY_GROUPS
    )

    # === COMPUTE METHODS === #

    @api.depends("session_share_ids.session_id.remittance_line_ids.state")
    def _compute_therapy_answer_count(self):
        """Count what insurers said about the bill's sessions."""
        for move in self:
            lines = move.session_share_ids.session_id.remittance_line_ids
            posted = lines.filtered(lambda line: line.state == "posted")
            move.therapy_answer_count = len(posted)

    @api.depends("therapy_remittance_id")
    def _compute_voided_by_move_id(self):
        """Extend to credit notes of remittances, whose undoing ends their shares."""
        result = super()._compute_voided_by_move_id()
        for move in self:
            if move.therapy_remittance_id and move.move_type == "out_refund":
                undone = move.reversal_move_ids.filtered(lambda x: x.state == "posted")
                move.voided_by_move_id = undone.sorted("id")[-1:]
        return result

    # === ACTION METHODS === #

    def action_view_therapy_answers(self):
        """Open what insurers said about the bill's sessions.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Insurers' Answers"),
            "res_model": "therapy.remittance.line",
            "view_mode": "list",
            "domain": [("session_id", "in", self.session_share_ids.session_id.ids)],
            "context": {"create": False},
        }

    def button_draft(self):
        """Override to keep what only undoing the remittance may change.

        :return: what core returns
        :raise UserError: naming the remittance
        """
        self._therapy_check_remittance()
        return super().button_draft()

    def button_cancel(self):
        """Override to keep what only undoing the remittance may change.

        :return: what core returns
        :raise UserError: naming the remittance
        """
        self._therapy_check_remittance()
        return super().button_cancel()

    # === BUSINESS METHODS === #

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account` to keep what only undoing the remittance may change.

        :param list default_values_list: values of the reversals
        :param bool cancel: whether they are posted and reconciled at once
        :return: what core returns
        :raise UserError: naming the remittance
        """
        self._therapy_check_remittance()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _therapy_check_remittance(self):
        """Refuse to take single entries out of a remittance.

        :raise UserError: naming the remittance
        """
        for move in self | self.therapy_adjustment_ids:  # with what took waivers back
            if move.therapy_remittance_id.state == "posted":
                raise UserError(move._therapy_get_remittance_refusal())

    def _therapy_get_remittance_refusal(self) -> str:
        """Say that an entry belongs to a remittance.

        Note: self.ensure_one()

        :return: the text
        :rtype: str
        """
        return self.env._(
            "%(name)s is part of the remittance %(remittance)s. Undo that instead.",
            name=self.name,
            remittance=self.therapy_remittance_id.name,
        )

    def _therapy_check_shares(self):
        """Override: entries of a remittance are made and posted in one go."""
        own = self.filtered("therapy_remittance_id")
        return super(AccountMove, self - own)._therapy_check_shares()

    def _therapy_get_undo_problem(self) -> str:
        """Say why a guarantor's entry of a remittance cannot be taken back.

        Note: self.ensure_one()

        :return: the reason in words, empty if it can
        :rtype: str
        """
        self.ensure_one()
        name, payer = self.name, self.partner_id.name
        if self.voided_by_move_id:
            return ""
        if self.move_type == "out_refund":
            partials = self.line_ids.matched_debit_ids
            if any(not partial.therapy_applied_credit for partial in partials):
                return self.env._(
                    "The credit %(name)s of %(payer)s was used or paid back.",
                    name=name,
                    payer=payer,
                )
            return ""
        # sudo: reservations are counted whoever made them.
        if any(self.sudo().therapy_allocation_ids.mapped("live")):  # sudo: above
            return self.env._(
                "%(payer)s is paying %(name)s at this moment.", payer=payer, name=name
            )
        if not self.currency_id.is_zero(self._therapy_get_received_amount()):
            return self.env._(
                "%(payer)s has paid %(name)s, or it was corrected. Undo that first.",
                payer=payer,
                name=name,
            )
        return ""
