from odoo import api, fields, models


class TherapySessionShare(models.Model):
    """What one payer owes for one service, and the bill line that asks for it.

    A share is *live* while its bill counts: not cancelled, not fully reversed, not
    deleted. The database allows one live base share per service and payer (M2), so a
    bill brought back to life collides with the bill that took its place.
    """

    _name = "therapy.session.share"
    _description = "Share of a Payer in a Service"
    _order = "session_line_id, id"
    _check_company_auto = True

    session_line_id = fields.Many2one(
        "therapy.session.line", required=True, index=True, ondelete="restrict"
    )
    session_id = fields.Many2one(
        related="session_line_id.session_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
    )
    kind = fields.Selection(
        [("base", "Base"), ("supplement", "Supplement")],
        required=True,
        default="base",
        help="A supplement is what an explanation of benefits adds later.",
    )
    amount = fields.Monetary(required=True)
    move_id = fields.Many2one(
        "account.move", string="Bill", index=True, ondelete="cascade", copy=False
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        string="Bill Line",
        index="btree_not_null",
        ondelete="set null",
        copy=False,
    )
    awaits_answer = fields.Boolean(
        string="Waits",
        readonly=True,
        copy=False,
        help="An insurer's part that is on no bill before the insurer answers.",
    )
    answered = fields.Boolean(
        readonly=True,
        copy=False,
        help="The insurer has said for good what it pays.",
    )
    remittance_id = fields.Many2one(
        "therapy.remittance",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The insurer's answer that moved this part.",
    )
    live = fields.Boolean(compute="_compute_live", store=True, copy=False)
    date = fields.Date(related="session_id.date")
    therapy_code = fields.Char(related="session_line_id.therapy_code", string="Code")
    units = fields.Float(related="session_line_id.units")
    line_amount = fields.Monetary(related="session_line_id.amount", string="Worth")
    company_id = fields.Many2one(
        related="session_line_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _live_base_uniq = models.UniqueIndex(
        "(session_line_id, partner_id) WHERE live AND kind = 'base'",
        "This service is already on another bill of the same payer.",
    )

    @api.depends(
        "awaits_answer", "move_id", "move_id.state", "move_id.voided_by_move_id"
    )
    def _compute_live(self):
        """Compute whether the share counts: its bill does, or it waits for one (M2)."""
        for share in self:
            move = share.move_id
            billed = move and move.state != "cancel" and not move.voided_by_move_id
            share.live = bool(billed or share.awaits_answer)

    @api.depends("partner_id", "amount")
    def _compute_display_name(self):
        """Show payer and amount."""
        for share in self:
            amount = share.currency_id.format(share.amount)
            share.display_name = f"{share.partner_id.name} {amount}"

    def _therapy_get_logged(self):
        """Override to log a look at the session (P7).

        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        return self.session_id
