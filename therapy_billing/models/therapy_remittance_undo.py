from odoo import Command, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class TherapyRemittance(models.Model):
    """Takes a remittance back as a whole, by new entries on the day of undoing (M6)."""

    _inherit = "therapy.remittance"

    # === ACTION METHODS === #

    def action_undo(self, reason=""):
        """Take everything back that the remittance booked.

        Every entry gets one that reverses it; claims are open again, what was put on
        bills goes back, and the patient's share is estimated again.

        :param str reason: why, for the practice
        :return: True
        :raise UserError: naming what was done with its entries meanwhile
        """
        for remittance in self:
            remittance._lock()
            if remittance.state != "posted":
                raise UserError(
                    self.env._("%(name)s is not posted.", name=remittance.name)
                )
            bills = remittance._get_guarantor_moves()
            if bills:
                self.env["payment.transaction"]._therapy_lock_bills(bills)
            if problems := remittance._get_undo_problems():
                raise UserError("\n".join(problems[:20]))
            remittance._undo(reason)
        return True

    # === BUSINESS METHODS === #

    def _get_guarantor_moves(self):
        """Return the bills and credit notes of guarantors.

        :return: the entries
        :rtype: recordset of `account.move`
        """
        return self.move_ids.filtered(
            lambda move: (
                move.move_type in ("out_invoice", "out_refund")
                and not move.claim_session_id
            )
        )

    def _get_undo_problems(self) -> list[str]:
        """Say why a remittance cannot be undone.

        For a module to refuse more, it must override this method and call super.

        Note: self.ensure_one()

        :return: the reasons
        :rtype: list[str]
        """
        self.ensure_one()
        problems = []
        others = self.env["therapy.remittance.line"].search(
            [
                ("session_id", "in", self.line_ids.session_id.ids),
                ("state", "=", "posted"),
                ("remittance_id", "!=", self.id),
            ]
        )
        problems += [
            self.env._(
                "%(name)s answers the same claims later. Undo it first.",
                name=remittance.name,
            )
            for remittance in others.remittance_id
            if remittance._get_post_order() > self._get_post_order()
        ]
        for move in self._get_guarantor_moves():
            problems += filter(None, [move._therapy_get_undo_problem()])
        return problems + self._get_money_problems()

    def _get_post_order(self) -> tuple:
        """Return when a remittance was posted.

        Note: self.ensure_one()

        :return: a sort key
        :rtype: tuple
        """
        self.ensure_one()
        return self.posted_at, min(self.move_ids.ids, default=0)

    def _get_money_problems(self) -> list[str]:
        """Say what was done with the money or the claims meanwhile.

        Note: self.ensure_one()

        :return: the reasons
        :rtype: list[str]
        """
        problems = []
        move = self._get_payment_move()
        claim_lines = self.line_ids.payment_line_id
        others = move.line_ids - claim_lines
        if any(others.mapped("matched_debit_ids")) or any(
            others.mapped("matched_credit_ids")
        ):
            problems.append(
                self.env._(
                    "The money was deposited, or a part that was not applied was used. "
                    "Undo that first."
                )
            )
        own = self._get_claim_moves(
            self.move_ids.claim_session_id, self.move_ids.partner_id
        )
        known = (
            own
            | self.env["therapy.remittance.line"]
            .search(
                [
                    ("session_id", "in", own.claim_session_id.ids),
                    ("state", "=", "posted"),
                ]
            )
            .payment_line_id.move_id
        )
        mine = claim_lines | (own & self.move_ids)._therapy_get_receivable_lines()
        partials = mine.matched_debit_ids | mine.matched_credit_ids
        strangers = (
            partials.debit_move_id.move_id | partials.credit_move_id.move_id
        ) - known
        problems += [
            self.env._("%(name)s was put on one of its claims.", name=stranger.name)
            for stranger in strangers
        ]
        return problems

    def _get_payment_move(self):
        """Return the entry of the money, maybe none.

        :return: the entry
        :rtype: recordset of `account.move`
        """
        return self.move_ids.filtered(
            lambda move: (
                move.move_type == "entry"
                and not move.reversed_entry_id
                and not move.therapy_adjusts_move_id
            )
        )

    def _undo(self, reason):
        """Reverse all entries; claims are as they were before.

        Note: self.ensure_one(); it is locked and nothing was done with its entries

        :param str reason: why
        """
        moves, payment_move = self.move_ids, self._get_payment_move()
        pairs = {
            (move.partner_id, move.claim_session_id)
            for move in moves
            if move.claim_session_id
        } | {(self.partner_id, session) for session in self.line_ids.session_id}
        awaited = self._get_awaited_values(moves)
        moves._therapy_give_credits_back()
        notes = self._get_guarantor_moves().filtered(
            lambda move: move.move_type == "out_refund"
        )
        notes.line_ids.matched_debit_ids.unlink()
        # From now on its entries are free to be reversed.
        self.sudo().write(  # sudo: what nobody writes by hand
            {"state": "undone", "undo_reason": reason}
        )
        bills = moves.filtered(
            lambda move: move.move_type == "out_invoice" and not move.voided_by_move_id
        )
        bills._therapy_credit_in_full()
        others = moves.filtered(
            lambda x: x.move_type == "out_refund" or x.therapy_adjusts_move_id
        )
        entries = self._reverse_entries(others | payment_move)
        if self.payment_id:
            self.payment_id.therapy_return_move_id = entries.filtered(
                lambda entry: entry.reversed_entry_id == payment_move
            )
        self._restore_answers(awaited)
        self._settle_claims(pairs)

    def _get_awaited_values(self, moves) -> list[dict]:
        """Return the parts that waited for this answer, to let them wait again.

        :param moves: the entries of the remittance
        :return: values of `therapy.session.share`
        :rtype: list[dict]
        """
        # sudo: shares are written by billing only.
        shares_sudo = moves.sudo().session_share_ids.filtered(  # sudo: see above
            lambda share: share.remittance_id != self
        )
        return [
            {
                "session_line_id": share.session_line_id.id,
                "partner_id": share.partner_id.id,
                "kind": share.kind,
                "amount": share.amount,
                "awaits_answer": True,
                "remittance_id": share.remittance_id.id,
            }
            for share in shares_sudo
        ]

    def _restore_answers(self, awaited):
        """Let the shares be what they were before the answer.

        :param list awaited: values of shares that wait again
        """
        # sudo: shares are written by billing only.
        Share_sudo = self.env["therapy.session.share"].sudo()  # sudo: see above
        services = self.line_ids.session_line_id
        domain = Domain("session_line_id", "in", services.ids)
        waiting_sudo = Share_sudo.search(
            domain
            & Domain("remittance_id", "=", self.id)
            & Domain("move_id", "=", False)
        )
        for share in waiting_sudo:
            # The one that this remittance put in place of an earlier one.
            earlier = Share_sudo.search(
                [
                    ("session_line_id", "=", share.session_line_id.id),
                    ("partner_id", "=", share.partner_id.id),
                    ("move_id", "=", False),
                    ("id", "<", share.id),
                ],
                order="id desc",
                limit=1,
            )
            earlier.awaits_answer = True
        waiting_sudo.unlink()
        Share_sudo.create(awaited)
        for line in self.line_ids:
            shares_sudo = line.session_line_id.sudo().share_ids  # sudo: see above
            shares_sudo.filtered(
                lambda share, line=line: share.partner_id == line.partner_id
            ).answered = line.was_answered

    def _reverse_entries(self, moves):
        """Reverse credit notes and the money by plain entries of the day.

        Core would make a bill of the reversal of a credit note, with a number, and
        show it to the payer. Core reconciles an entry with what it reverses.

        :param moves: the posted entries
        :return: the posted reversals
        :rtype: recordset of `account.move`
        """
        moves.line_ids.remove_move_reconcile()
        today = self.company_id._therapy_local_date()
        reversals = self._get_quiet_move().create(
            [
                {
                    "move_type": "entry",
                    "journal_id": move.journal_id.id,
                    "company_id": self.company_id.id,
                    "currency_id": move.currency_id.id,
                    "partner_id": move.partner_id.id,
                    "date": self.company_id._therapy_get_open_date(
                        max(today, move.date), move.journal_id
                    ),
                    "ref": self.env._("Takes back %(name)s", name=move.name),
                    "reversed_entry_id": move.id,
                    "therapy_remittance_id": self.id,
                    "line_ids": [
                        Command.create(self._prepare_reversed_item(line))
                        for line in move.line_ids.sorted("id")
                    ],
                }
                for move in moves
            ]
        )
        reversals.action_post()
        return reversals

    def _prepare_reversed_item(self, line) -> dict:
        """Return the values of the journal item that takes another back.

        :param line: the `account.move.line`
        :return: values
        :rtype: dict
        """
        return {
            "name": line.name,
            "account_id": line.account_id.id,
            "partner_id": line.partner_id.id,
            "currency_id": line.currency_id.id,
            "amount_currency": -line.amount_currency,
            "debit": line.credit,
            "credit": line.debit,
            "analytic_distribution": line.analytic_distribution,
        }
