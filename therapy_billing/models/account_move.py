from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    patient_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        help="Whose sessions the bill is for; the customer is who pays.",
    )
    is_therapy_bill = fields.Boolean(
        compute="_compute_is_therapy_bill", store=True, index="btree_not_null"
    )
    is_insurer_bill = fields.Boolean(related="partner_id.is_insurer")
    therapy_run_id = fields.Many2one(
        "therapy.billing.run",
        string="Billing Run",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    claim_session_id = fields.Many2one(
        "therapy.session",
        string="Claim for Session",
        index="btree_not_null",
        ondelete="restrict",
        readonly=True,
        copy=False,
    )
    session_share_ids = fields.One2many(
        "therapy.session.share", "move_id", string="Shares", readonly=True
    )
    therapy_allocation_ids = fields.One2many(
        "therapy.payment.allocation", "move_id", string="Payments under Way"
    )
    therapy_payment_seq = fields.Integer(
        readonly=True,
        copy=False,
        help="Counts the payments started, so that two at once are a conflict.",
    )
    voided_by_move_id = fields.Many2one(
        "account.move",
        string="Voided by",
        compute="_compute_voided_by_move_id",
        store=True,
        index="btree_not_null",
        help="The credit note that took the whole bill back.",
    )

    # === COMPUTE METHODS === #

    @api.depends("patient_id", "move_type")
    def _compute_is_therapy_bill(self):
        """Mark customer bills of a patient."""
        for move in self:
            move.is_therapy_bill = bool(
                move.patient_id and move.move_type == "out_invoice"
            )

    @api.depends(
        "is_therapy_bill",
        "amount_total",
        "reversal_move_ids.state",
        "reversal_move_ids.amount_total",
    )
    def _compute_voided_by_move_id(self):
        """Name the posted credit note that completes the reversal of a bill (M2)."""
        for move in self:
            notes = move.reversal_move_ids.filtered(lambda n: n.state == "posted")
            credited = sum(notes.mapped("amount_total"))
            voided = (
                move.is_therapy_bill
                and notes
                and move.currency_id.compare_amounts(credited, move.amount_total) >= 0
            )
            move.voided_by_move_id = voided and notes.sorted("id")[-1:]

    # === BUSINESS METHODS === #

    def _therapy_get_ledger_partner(self):
        """Return on whom core books what a bill asks for.

        A therapy bill's payer stands alone (D3). Of other invoices it is the company
        of the contact, as everywhere in core.

        Note: self.ensure_one()

        :return: the partner of the receivable line
        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        if self.is_therapy_bill:
            return self.partner_id
        terms = self.line_ids.filtered(lambda x: x.display_type == "payment_term")
        return terms.partner_id[:1] or self.partner_id

    def _therapy_get_payable_amount(self) -> float:
        """Return what may still be paid of a bill now (M3).

        Note: self.ensure_one()

        :return: residual less the amounts reserved by payments under way, >= 0,
            rounded with the bill's currency
        :rtype: float
        """
        self.ensure_one()
        if self.state != "posted" or self.voided_by_move_id:
            return 0.0
        # sudo: a payer may not see the payments of others, but they count.
        live_sudo = self.sudo().therapy_allocation_ids.filtered("live")  # sudo: above
        rest = self.amount_residual - sum(live_sudo.mapped("amount"))
        return max(self.currency_id.round(rest), 0.0)

    def _therapy_get_payment_problem(self) -> str:
        """Say why nothing can be paid on a bill through a payment provider.

        For a module to close bills to payers, it must override this method and call
        super.

        Note: self.ensure_one()

        :return: the reason in words for the payer, empty if it can be paid
        :rtype: str
        """
        self.ensure_one()
        if self.move_type != "out_invoice" or self.partner_id.is_insurer:
            return self.env._("This bill cannot be paid this way.")
        closed = self.voided_by_move_id or self.payment_state == "blocked"
        if self.state != "posted" or closed:
            return self.env._("This bill is not open for payment.")
        if self.currency_id.compare_amounts(self.amount_residual, 0) <= 0:
            return self.env._("This bill is paid already.")
        return ""
