from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools.cursor import commit

from ..outcome import StripeFailure
from ..tools import clock
from ..tools.minor import to_major

#: What is listed again each time: a payout may fail days later.
OVERLAP_DAYS = 30


class TherapyStripePayout(models.Model):
    """Money on its way from Stripe to the practice's bank account (D11)."""

    _name = "therapy.stripe.payout"
    _description = "Stripe Payout"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "created_at desc, id desc"
    _rec_name = "payout_ref"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    payout_ref = fields.Char(string="At Stripe", required=True, readonly=True)
    amount = fields.Monetary(string="Paid Out", readonly=True)
    created_at = fields.Datetime(readonly=True)
    arrival_date = fields.Date(string="At the Bank", readonly=True)
    trace_ref = fields.Char(
        string="Bank's Trace Number",
        readonly=True,
        help="Finds the line on the bank statement.",
    )
    state = fields.Selection(
        [
            ("pending", "Pending"),
            ("in_transit", "On its way"),
            ("paid", "Arrived"),
            ("failed", "Sent back"),
            ("canceled", "Cancelled"),
        ],
        readonly=True,
        required=True,
        default="pending",
        tracking=True,
    )
    is_itemised = fields.Boolean(
        string="Itemised", readonly=True, help="Stripe's list of it is complete."
    )
    is_automatic = fields.Boolean(readonly=True)
    failure_code = fields.Char(readonly=True)
    balance_ids = fields.One2many(
        "therapy.stripe.balance", "payout_id", string="Consists of", readonly=True
    )
    gross_amount = fields.Monetary(string="Gross", compute="_compute_sums", store=True)
    fee_amount = fields.Monetary(
        string="Stripe's Fees", compute="_compute_sums", store=True
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, ondelete="restrict"
    )
    return_move_id = fields.Many2one(
        "account.move", string="Entry of the Return", readonly=True, ondelete="restrict"
    )
    problem = fields.Text(readonly=True)
    booking = fields.Selection(
        [("waiting", "Waiting"), ("problem", "Differs"), ("booked", "Booked")],
        compute="_compute_booking",
        store=True,
    )

    _payout_ref_uniq = models.UniqueIndex(
        "(provider_id, payout_ref)", "A payout is kept once."
    )

    # === COMPUTE METHODS === #

    @api.depends("balance_ids.amount", "balance_ids.fee", "balance_ids.source_ref")
    def _compute_sums(self):
        """Add up what the payout consists of."""
        for payout in self:
            rows = payout._get_items()
            payout.gross_amount = sum(rows.mapped("amount"))
            payout.fee_amount = sum(rows.mapped("fee"))

    @api.depends("move_id", "problem")
    def _compute_booking(self):
        """Say whether the payout is in the books."""
        for payout in self:
            if payout.move_id:
                payout.booking = "booked"
            else:
                payout.booking = "problem" if payout.problem else "waiting"

    def _get_items(self):
        """Return what the payout consists of: all of its list but itself.

        Note: self.ensure_one()

        :rtype: therapy.stripe.balance
        """
        self.ensure_one()
        own = self.payout_ref
        return self.balance_ids.filtered(lambda row: row.source_ref != own)

    # === READ === #

    @api.model
    def _read(self, provider):
        """Read the payouts since the last time, and those not settled; book them.

        :param payment.provider provider: the provider
        """
        last = self.search([("provider_id", "=", provider.id)], limit=1)
        since = None
        if last:
            since = clock.to_unix(last.created_at - timedelta(days=OVERLAP_DAYS))
        adapter = provider._therapy_stripe_get_adapter()
        for data in adapter.list_payouts(since):
            payout = self._take(provider, data)
            payout._read_items()
            payout._book()
            commit(self.env)

    @api.model
    def _take(self, provider, data):
        """Keep what Stripe says of a payout.

        :param payment.provider provider: the provider
        :param dict data: Stripe's payout
        :rtype: therapy.stripe.payout
        """
        payout = self.search(
            [("provider_id", "=", provider.id), ("payout_ref", "=", data["id"])]
        )
        currency = self.env["therapy.stripe.balance"]._get_currency(data["currency"])
        trace = data.get("trace_id") or {}
        vals = {
            "state": data["status"],
            "amount": to_major(data["amount"], currency),
            "arrival_date": clock.from_unix(data["arrival_date"]).date(),
            "trace_ref": trace.get("value"),
            "is_automatic": data["automatic"],
            "is_itemised": data["reconciliation_status"] == "completed",
            "failure_code": data.get("failure_code"),
        }
        if payout:
            payout.write(vals)
            return payout
        return self.create(
            {
                **vals,
                "provider_id": provider.id,
                "payout_ref": data["id"],
                "currency_id": currency.id,
                "created_at": clock.from_unix(data["created"]),
            }
        )

    def _read_items(self):
        """Read what a payout consists of, once its list is complete.

        Stripe has no such list of a payout that was started by hand, and refuses.

        Note: self.ensure_one()
        """
        self.ensure_one()
        complete = self.is_itemised or self.state == "paid"
        if self.move_id or not self.is_automatic or not complete:
            return
        adapter = self.provider_id._therapy_stripe_get_adapter()
        rows = adapter.list_balance(payout_ref=self.payout_ref)
        balances = self.env["therapy.stripe.balance"]
        balances._take(self.provider_id, rows)
        found = balances.search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("balance_ref", "in", [row["id"] for row in rows]),
            ]
        )
        found.payout_id = self

    # === ACTION METHODS === #

    def action_book(self):
        """Try to book the payout now.

        :raise UserError: if Stripe could not be asked
        """
        self.check_access("write")
        for payout in self.sudo():  # sudo: posts entries; the access was checked
            payout._read_and_book()

    def action_book_anyway(self):
        """Book a payout with items that are not in our books.

        They stay open on the clearing account, where the accountant sees them.

        :raise UserError: if Stripe could not be asked
        """
        self.check_access("write")
        for payout in self.sudo():  # sudo: posts entries; the access was checked
            payout._read_and_book(anyway=True)

    def _read_and_book(self, anyway=False):
        """Read what a payout consists of, and book it, for somebody who waits.

        Note: self.ensure_one()

        :param bool anyway: also with items that are not in our books
        :raise UserError: if Stripe could not be asked
        """
        try:
            self._read_items()
            self._book(anyway)
        except StripeFailure as failure:
            raise UserError(
                self.env._("Stripe could not be asked: %s", failure.message)
            ) from failure
