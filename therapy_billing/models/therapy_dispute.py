from odoo import api, fields, models
from odoo.exceptions import UserError

#: States in which the bank has not decided.
OPEN_STATES = ("inquiry", "inquiry_review", "needs_response", "under_review")


class TherapyDispute(models.Model):
    """A payer's bank asks for a payment back: from inquiry to won or lost.

    The entries are in therapy_dispute_post.py. While it is open, the payer is not
    charged by itself, the bill is not dunned, and the payer's credit of that payment
    is not put on bills.
    """

    _name = "therapy.dispute"
    _description = "Dispute"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char(compute="_compute_name", store=True)
    dispute_ref = fields.Char(string="At the Processor", readonly=True, copy=False)
    provider_id = fields.Many2one("payment.provider", readonly=True, required=True)
    transaction_id = fields.Many2one(
        "payment.transaction",
        string="Charge",
        readonly=True,
        required=True,
        index=True,
        ondelete="restrict",
    )
    payment_id = fields.Many2one(
        related="transaction_id.payment_id", store=True, index=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", readonly=True, index=True, ondelete="restrict"
    )
    token_id = fields.Many2one("payment.token", string="Card", readonly=True)
    company_id = fields.Many2one(
        "res.company", readonly=True, required=True, index=True
    )
    currency_id = fields.Many2one("res.currency", readonly=True, required=True)
    amount = fields.Monetary(readonly=True, tracking=True)
    cost = fields.Monetary(
        string="Dispute Fee",
        readonly=True,
        help="What the processor asks for it; given back if it is won.",
    )
    reason = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("inquiry", "Inquiry"),
            ("inquiry_review", "Inquiry answered"),
            ("needs_response", "Needs an answer"),
            ("under_review", "Answered"),
            ("won", "Won"),
            ("lost", "Lost"),
            ("closed", "Closed"),
        ],
        required=True,
        readonly=True,
        default="needs_response",
        tracking=True,
    )
    is_open = fields.Boolean(compute="_compute_is_open", store=True, index=True)
    due_by = fields.Datetime(string="Answer by", readonly=True)
    opened_at = fields.Datetime(readonly=True)
    charging_resumed = fields.Boolean(
        readonly=True,
        tracking=True,
        help="A manager lets the payer be charged although the dispute is open.",
    )
    bill_ids = fields.Many2many(
        "account.move",
        "therapy_dispute_move_rel",
        string="Bills Opened Again",
        readonly=True,
    )
    # A bank may take the money again after it gave it back.
    entry_ids = fields.One2many(
        "account.move", "therapy_dispute_entry_id", string="Entries", readonly=True
    )
    withdrawal_move_id = fields.Many2one(
        "account.move",
        string="Money Taken",
        readonly=True,
        ondelete="restrict",
        help="The last time.",
    )
    reinstatement_move_id = fields.Many2one(
        "account.move",
        string="Money Returned",
        readonly=True,
        ondelete="restrict",
        help="The last time.",
    )

    _dispute_ref_uniq = models.UniqueIndex(
        "(provider_id, dispute_ref)", "A dispute is kept once."
    )

    @api.depends("partner_id", "amount", "currency_id")
    def _compute_name(self):
        """Name a dispute after its payer and amount."""
        for dispute in self:
            dispute.name = self.env._(
                "Dispute of %(amount)s by %(payer)s",
                amount=dispute.currency_id.format(dispute.amount),
                payer=dispute.partner_id.name,
            )

    @api.depends("state")
    def _compute_is_open(self):
        """Say whether the bank has still to decide."""
        for dispute in self:
            dispute.is_open = dispute.state in OPEN_STATES

    # === ACTION METHODS === #

    def action_resume_charging(self):
        """Let the payer be charged again although the dispute is open.

        :raise UserError: for whoever is no manager
        """
        if not self.env.user.has_group("therapy_billing.group_manager"):
            raise UserError(self.env._("Only managers can resume charging."))
        self.check_access("read")
        self.sudo().charging_resumed = True  # sudo: read only for users; group checked

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_find_pause(self, payer, token):
        """Return the open dispute that pauses charges of a payer or a card.

        :param payer: the `res.partner`
        :param token: the `payment.token`, maybe empty
        :rtype: therapy.dispute
        """
        # sudo: payers and billers of other practices start charges too.
        disputes_sudo = self.sudo()  # sudo: see the line above
        domain = [("is_open", "=", True), ("charging_resumed", "=", False)]
        return disputes_sudo.search(
            [
                *domain,
                "|",
                ("partner_id", "=", payer.id),
                "&",
                ("token_id", "!=", False),
                ("token_id", "=", token.id),
            ],
            limit=1,
        )

    def _therapy_follow(self, vals, again=False):
        """Take note of what the processor says, and do what follows.

        Safe to repeat, and in any order: what is closed stays closed, but for a
        dispute that goes on after its first end.

        Note: self.ensure_one()

        :param dict vals: `state`, `due_by`, `reason`, `amount`
        :param bool again: whether it goes on: an appeal, or money that moved again
        """
        self.ensure_one()
        was_open, before = self.is_open, self.state
        if not was_open and not again:
            vals = {name: vals[name] for name in vals if name != "state"}
        self.write(vals)
        if self.is_open:
            if not was_open:
                self.activity_ids.unlink()  # They are of the first end.
            self._therapy_hold_credit()
            self._therapy_plan_answer()
        elif was_open or self.state != before:
            self._therapy_settle_dispute()

    def _therapy_plan_answer(self):
        """Remind the practice to answer in time, once."""
        kind = self.env.ref("mail.mail_activity_data_todo")
        waits = self.state in ("inquiry", "needs_response")
        mine = self.activity_ids.filtered(lambda a: a.activity_type_id == kind)
        if not waits:
            mine.unlink()
        elif not mine:
            zone = self.company_id
            day = self.due_by and zone._therapy_local_date(self.due_by)
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=day,
                summary=self.env._("Answer the dispute in time"),
                note=self.env._(
                    "Send evidence in time; it can be sent once. Never send "
                    "notes on the treatment."
                ),
                user_id=self.payment_id._therapy_get_clerk().id,
            )

    def _therapy_hold_credit(self):
        """Keep what no bill took of the payment from being put on bills (M4)."""
        if self.payment_id and self.payment_id.therapy_credit_cause != "disputed":
            self.payment_id.therapy_credit_cause = "disputed"

    def _therapy_settle_dispute(self):
        """Do what follows from the bank's decision."""
        self.activity_ids.unlink()
        if self.payment_id.therapy_credit_cause == "disputed":
            ahead = self.transaction_id.therapy_is_prepayment
            left = self.payment_id._therapy_get_unapplied()
            self.payment_id.therapy_credit_cause = (
                "prepaid" if ahead else "overpaid" if left else False
            )
        if self.state == "lost" and self.withdrawal_move_id:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Dispute lost: collect the bill, or write it off"),
                user_id=self.payment_id._therapy_get_clerk().id,
            )
