from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

#: Why an entry is money to the good of a payer.
CREDIT_CAUSES = [
    ("prepaid", "Prepayment"),
    ("overpaid", "Paid too much"),
    ("goodwill", "Goodwill"),
    ("discount", "Discount"),
    ("writeoff", "Write-off"),
    ("transferred", "Transferred from another payer"),
    ("opening", "Opening balance"),
    ("eob", "The insurer's answer"),
    ("refund_owed", "To be paid back"),
    ("disputed", "Disputed"),
]
#: Credits of these causes are not put on bills.
HELD_CAUSES = ("refund_owed", "disputed")


class AccountMove(models.Model):
    """Credits of a payer and the bills they pay (M4, D9).

    A credit stays on the payer's receivable account until it is applied. Everything
    that puts a credit on a bill goes through :meth:`_therapy_apply_credits`.
    """

    _inherit = "account.move"

    therapy_credit_cause = fields.Selection(
        CREDIT_CAUSES,
        string="Cause of the Credit",
        copy=False,
        tracking=True,
        help="Credits to be paid back and disputed ones are not put on bills.",
    )
    therapy_reason = fields.Char(string="Reason", copy=False, readonly=True)
    therapy_credit_available = fields.Monetary(
        string="Credit to Apply", compute="_compute_therapy_credit_available"
    )

    @api.depends("partner_id", "state", "amount_residual", "is_therapy_bill")
    def _compute_therapy_credit_available(self):
        """Compute what of the payer's credits the bill could take."""
        bills = self.filtered(
            lambda move: move.is_therapy_bill and move._therapy_takes_credits()
        )
        (self - bills).therapy_credit_available = 0.0
        pools = bills._therapy_find_credits()
        for bill in bills:
            free = sum(
                -line.amount_residual_currency
                for key in {bill._therapy_credit_key(x) for x in bill._therapy_terms()}
                for line in pools.get(key, [])
            )
            payable = bill._therapy_get_payable_amount()
            bill.therapy_credit_available = min(free, payable)

    # === ACTION METHODS === #

    def action_therapy_apply_credits(self):
        """Put the payers' credits on the bills, the bill due first before the others.

        :return: the notification that says what was done
        :rtype: dict
        """
        self.check_access("write")
        applied = self.sorted(
            lambda move: (move.invoice_date_due or move.date, move.id)
        )._therapy_apply_credits()
        currency = self.currency_id[:1] or self.env.company.currency_id
        amount = sum(part for _bill, _line, part in applied)
        if applied:
            message = self.env._(
                "Credit applied: %(amount)s.", amount=currency.format(amount)
            )
        else:
            message = self.env._("There was no credit to put on these bills.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if applied else "warning",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    def _therapy_apply_credits(self, lines=None, limit=None) -> list:
        """Put credits of the bills' payers on the bills (M4).

        The one function for it: by hand, in bulk, at posting, before a charge. Bills
        in the order of the recordset, one at a time; the oldest credit first; only
        the payer's own credits on the bill's own account and in its currency; never
        debits, nor what is disputed or to be paid back; never what a payment under
        way has reserved (M3). Bills and credits are locked in the order of their ids;
        a credit that somebody else is using is left out.

        :param lines: `account.move.line` of credits chosen by hand; all if empty.
            Without a choice nothing is put on bills of insurers.
        :param float limit: the most to apply in total; None = no limit
        :return: (bill, credit line, amount), in the order applied
        :rtype: list
        :raise BillBusy: if somebody else holds one of the bills
        """
        bills = self.filtered(lambda move: move._therapy_takes_credits(lines))
        if not bills or (limit is not None and limit <= 0):
            return []
        self.env["payment.transaction"]._therapy_lock_bills(bills)
        pools = bills._therapy_find_credits(lines, lock=True)
        left = {
            line: -line.amount_residual_currency
            for pool in pools.values()
            for line in pool
        }
        parts = []
        for bill in bills if left else []:
            rest = bill._therapy_get_payable_amount()
            if limit is not None:
                done = sum(amount for _debit, _credit, amount in parts)
                rest = min(rest, bill.currency_id.round(limit - done))
            parts += bill._therapy_take_credits(pools, left, rest)
        lines_model = self.env["account.move.line"].with_context(
            default_therapy_applied_credit=True
        )
        lines_model._therapy_reconcile_exactly(parts)
        return [(debit.move_id, credit, amount) for debit, credit, amount in parts]

    def _therapy_take_credits(self, pools, left, rest) -> list:
        """Choose the credits for one bill, oldest first.

        Note: self.ensure_one()

        :param dict pools: credit lines by key, oldest first
        :param dict left: what is left of each credit line; reduced in place
        :param float rest: the most that the bill may take
        :return: (line of the bill, credit line, amount)
        :rtype: list
        """
        self.ensure_one()
        currency, parts = self.currency_id, []
        for term in self._therapy_terms():
            need = min(term.amount_residual_currency, rest)
            for line in pools.get(self._therapy_credit_key(term), []):
                amount = currency.round(min(need, left[line]))
                if currency.compare_amounts(amount, 0) <= 0:
                    continue
                parts.append((term, line, amount))
                left[line] = currency.round(left[line] - amount)
                need = currency.round(need - amount)
                rest = currency.round(rest - amount)
        return parts

    def _therapy_takes_credits(self, lines=None) -> bool:
        """Tell whether credits may be put on a move at all.

        For a module to keep bills out (disputed ones, say), it must override this
        method and call super.

        Note: self.ensure_one()

        :param lines: credits chosen by hand, if any
        :return: whether it is an open bill, not blocked, and not an insurer's claim
        :rtype: bool
        """
        self.ensure_one()
        return (
            self.move_type == "out_invoice"
            and self.state == "posted"
            and not self.voided_by_move_id
            and self.payment_state != "blocked"
            and (bool(lines) or not self.partner_id.is_insurer)
            and self.currency_id.compare_amounts(self.amount_residual, 0) > 0
        )

    def _therapy_terms(self):
        """Return the open receivable lines of bills, the one due first before others.

        :return: the journal items
        :rtype: recordset of `account.move.line`
        """
        return self.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    @api.model
    def _therapy_credit_key(self, line) -> tuple:
        """Return what a bill's line and a credit must have in common.

        :param line: a journal item
        :return: company, account, payer and currency
        :rtype: tuple
        """
        return (line.company_id, line.account_id, line.partner_id, line.currency_id)

    def _therapy_find_credits(self, lines=None, lock=False) -> dict:
        """Return the credits of the payers of these bills.

        :param lines: credits chosen by hand; all if empty
        :param bool lock: whether to lock them, leaving out what others hold
        :return: credit lines by key, oldest first
        :rtype: dict
        """
        terms = self._therapy_terms()
        if not terms:
            return {}
        domain = self._therapy_get_credit_domain(terms.partner_id) & Domain(
            [
                ("account_id", "in", terms.account_id.ids),
                ("company_id", "in", terms.company_id.ids),
                ("currency_id", "in", terms.currency_id.ids),
            ]
        )
        if lines:
            domain &= Domain("id", "in", lines.ids)
        Line = self.env["account.move.line"]
        credits = Line.search(domain, order="id")
        if lock and credits:
            credits.flush_recordset()
            credits = credits.try_lock_for_update(allow_referencing=True)
        pools = {}
        for line in credits.sorted(lambda x: (x.date, x.id)):
            pools.setdefault(self._therapy_credit_key(line), []).append(line)
        return pools

    @api.model
    def _therapy_get_credit_domain(self, payers):
        """Return the domain of the credits of payers that may be put on bills.

        For a module to hold more credits back, it must override this method and call
        super.

        :param payers: the `res.partner`
        :return: the domain of `account.move.line`
        :rtype: Domain
        """
        return Domain(
            [
                ("partner_id", "in", payers.ids),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("balance", "<", 0),
                ("amount_residual_currency", "<", 0),
            ]
        ) & ~Domain("move_id.therapy_credit_cause", "in", HELD_CAUSES)

    def _therapy_apply_credits_by_policy(self) -> list:
        """Put credits on bills that were just posted, where the practice wants it.

        :return: see :meth:`_therapy_apply_credits`
        :rtype: list
        """
        return self.filtered(
            lambda move: (
                move.company_id.therapy_use_credits
                and not move.partner_id.therapy_keep_credits
            )
        )._therapy_apply_credits()

    def _therapy_give_credits_back(self):
        """Take applied credits off bills, so that their payers have them again.

        :return: None
        """
        partials = self.line_ids.matched_credit_ids
        partials.filtered("therapy_applied_credit").unlink()

    @api.model
    def _therapy_check_credit_choice(self, bill, line):
        """Refuse a credit that may not be put on a bill (M4).

        :param bill: the bill
        :param line: the `account.move.line` chosen
        :raise UserError: if it is somebody else's, or held back
        """
        if line.partner_id != bill.partner_id:
            raise UserError(
                self.env._("This money belongs to somebody else: it stays with them.")
            )
        if line.move_id.therapy_credit_cause in HELD_CAUSES:
            raise UserError(
                self.env._("This credit is disputed, or is to be paid back.")
            )
