from odoo import api, fields, models


class AccountMove(models.Model):
    """A bill whose payment is disputed: nobody is to be charged or reminded."""

    _inherit = "account.move"

    therapy_dispute_ids = fields.Many2many(
        "therapy.dispute",
        "therapy_dispute_move_rel",
        string="Disputes",
        readonly=True,
        copy=False,
    )
    therapy_dispute_entry_id = fields.Many2one(
        "therapy.dispute",
        string="Entry of the Dispute",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    therapy_dispute_row_ref = fields.Char(
        string="Movement at the Processor", readonly=True, copy=False
    )
    therapy_is_disputed = fields.Boolean(
        string="Disputed",
        compute="_compute_therapy_is_disputed",
        store=True,
        copy=False,
        help="The payer's bank took the payment back and has not decided yet.",
    )

    _therapy_dispute_row_uniq = models.UniqueIndex(
        "(therapy_dispute_entry_id, therapy_dispute_row_ref)"
        " WHERE therapy_dispute_entry_id IS NOT NULL",
        "A movement of a dispute's money is booked once.",
    )

    @api.depends("therapy_dispute_ids.is_open", "therapy_dispute_ids.charging_resumed")
    def _compute_therapy_is_disputed(self):
        """Say whether a bank has still to decide about a payment of the bill."""
        for move in self:
            disputes_sudo = move.sudo().therapy_dispute_ids  # sudo: only a flag
            move.therapy_is_disputed = any(
                dispute.is_open and not dispute.charging_resumed
                for dispute in disputes_sudo
            )

    def _therapy_get_payment_problem(self):
        """Override to let nobody pay what a bank may still give back."""
        problem = super()._therapy_get_payment_problem()
        if not problem and self.therapy_is_disputed:
            return self.env._(
                "Your bank is looking at an earlier payment of this bill. Please wait "
                "for its decision, or call the practice."
            )
        return problem

    def _therapy_takes_credits(self, lines=None):
        """Override to put no credit on a disputed bill (M4)."""
        return not self.therapy_is_disputed and super()._therapy_takes_credits(lines)
