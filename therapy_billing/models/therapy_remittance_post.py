from collections import defaultdict

from odoo import Command, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools import clock, money


class TherapyRemittance(models.Model):
    """Books a remittance: all of it, or nothing."""

    _inherit = "therapy.remittance"

    # === ACTION METHODS === #

    def action_post(self):
        """Book the payment and what the insurer says about each claim.

        :return: True
        :raise UserError: naming what keeps it from being booked, or if somebody else
            is working on the same claims
        """
        for remittance in self:
            remittance._lock()
            remittance._check_draft()
            remittance.company_id._therapy_assign_insurance_account(
                remittance.partner_id
            )
            remittance._check_problems()
            remittance._post()
        return True

    # === BUSINESS METHODS === #

    def _lock(self):
        """Keep everybody else off the remittance, its sessions and their claims.

        Read afterwards is what the lock protects; what changed after the transaction
        began is a conflict that the server runs again from the start.

        Note: self.ensure_one()

        :raise UserError: if somebody else is at it
        :raise BillBusy: if somebody is paying a claim
        """
        self.ensure_one()
        self.env.flush_all()
        sessions = self.line_ids.session_id.sorted("id")
        busy = self.try_lock_for_update(allow_referencing=True) != self
        # An empty recordset cannot be locked, nor need it be.
        busy |= bool(sessions) and (
            sessions.try_lock_for_update(allow_referencing=True) != sessions
        )
        if busy:
            raise UserError(
                self.env._(
                    "Somebody else is working on this remittance or its claims now. "
                    "Try again in a moment."
                )
            )
        bills = self._get_claim_moves(sessions, self.partner_id)
        if bills:
            self.env["payment.transaction"]._therapy_lock_bills(bills)
        self.invalidate_recordset(["state"])
        sessions.line_ids.share_ids.invalidate_recordset()
        bills.line_ids.invalidate_recordset(["amount_residual", "reconciled"])

    def _post(self):
        """Make, post and reconcile all entries.

        Note: self.ensure_one(); it is locked and has no problems
        """
        claims = self._bill_awaited()
        claims.action_post()
        for line in self.line_ids:
            own = line.session_line_id.share_ids.filtered(
                lambda share, line=line: (
                    share.partner_id == line.partner_id and share.live
                )
            )
            line.was_answered = any(own.mapped("answered"))
        plans = self._get_plans()
        moves = self._create_moves(plans)
        moves.action_post()
        self.payment_id = self._create_payment()
        self._mark_answers(plans)
        self.write(
            {
                "state": "posted",
                "posted_at": clock.now(),
                "posted_by_id": self.env.uid,
            }
        )
        touched = moves.filtered("claim_session_id")
        pairs = {(self.partner_id, session) for session in self.line_ids.session_id}
        pairs |= {(move.partner_id, move.claim_session_id) for move in touched}
        self._settle_claims(pairs)
        self._apply_guarantor_credits(moves)

    def _mark_answers(self, plans):
        """Note what was answered and what it came to.

        :param list plans: the plans
        """
        digits = self.currency_id.decimal_places
        # sudo: shares are written by billing only.
        answers = {True: self.env["therapy.session.share"].sudo()}  # sudo: above
        answers[False] = answers[True]
        for plan in plans:
            shares_sudo = plan.service.sudo().share_ids  # sudo: see above
            answers[plan.final] |= shares_sudo.filtered(
                lambda share: share.partner_id == self.partner_id and share.live
            )
            to_patients = plan.change.guarantors + plan.change.following
            plan.lines[:1].write(
                {
                    "contract_entry": money.to_major(plan.change.contractual, digits),
                    "guarantor_entry": money.to_major(to_patients, digits),
                }
            )
        for final, shares_sudo in answers.items():
            shares_sudo.write({"answered": final})

    # === PAYMENT === #

    def _create_payment(self):
        """Book the money: one line on the insurer's receivable for each claim.

        A take-back is a debit among them. A remittance of 0.00 is an entry without
        money; it has no payment.

        Note: self.ensure_one()

        :return: the payment, maybe empty
        :rtype: recordset of `account.payment`
        """
        day, method = self._get_entry_date(), self.method_line_id
        parts = self._get_payment_parts()
        commands = [Command.create(vals) for _lines, vals in parts]
        Payment = self.env["account.payment"].with_company(self.company_id)
        payment = Payment.browse()
        if self.currency_id.is_zero(self.amount):
            if not parts:
                return payment
            move = self._get_quiet_move().create(
                {
                    "move_type": "entry",
                    "journal_id": method.journal_id.id,
                    "company_id": self.company_id.id,
                    "currency_id": self.currency_id.id,
                    "date": day,
                    "ref": self.name,
                    "therapy_remittance_id": self.id,
                    "line_ids": commands,
                }
            )
            move.action_post()
        else:
            liquidity = self._prepare_item(
                method.payment_account_id or method.journal_id.default_account_id,
                -self.amount,
            )
            payment = Payment.create(
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.partner_id.id,
                    "amount": self.amount,
                    "currency_id": self.currency_id.id,
                    "journal_id": method.journal_id.id,
                    "payment_method_line_id": method.id,
                    "date": day,
                    "paid_by_partner_id": self.partner_id.id,
                    "memo": self.name,
                    "line_ids": [Command.create(liquidity), *commands],
                }
            )
            move = payment.move_id
            move.therapy_remittance_id = self
            payment.action_post()
        first = len(move.line_ids) - len(parts)
        for (lines, _vals), item in zip(
            parts, move.line_ids.sorted("id")[first:], strict=True
        ):
            lines.payment_line_id = item
        return payment

    def _get_payment_parts(self) -> list:
        """Return the journal items of the payment apart from the money itself.

        Note: self.ensure_one()

        :return: (lines of the claim or none, values of an `account.move.line`)
        :rtype: list
        """
        insurance = self.partner_id.with_company(
            self.company_id
        ).property_account_receivable_id
        none, currency = self.env["therapy.remittance.line"], self.currency_id
        claims = self._get_claim_moves(self.line_ids.session_id, self.partner_id)
        accounts = {
            move.claim_session_id: move.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).account_id[:1]
            for move in claims
        }
        parts = []
        for session, lines in self.line_ids.grouped("session_id").items():
            amount = currency.round(sum(lines.mapped("paid")))
            if not currency.is_zero(amount):
                account = accounts.get(session) or insurance
                parts.append((lines, self._prepare_item(account, amount)))
        for extra in self.extra_ids:
            if not currency.is_zero(extra.amount):
                vals = self._prepare_item(extra._get_account(), extra.amount)
                parts.append((none, {**vals, "name": extra.name or vals["name"]}))
        if not currency.is_zero(self.amount_unapplied):
            parts.append((none, self._prepare_item(insurance, self.amount_unapplied)))
        return parts

    def _prepare_item(self, account, amount) -> dict:
        """Return the values of a journal item of the payment.

        :param account: the `account.account`
        :param float amount: the amount; above 0 = credit
        :return: values of an `account.move.line`
        :rtype: dict
        """
        return {
            "name": self.env._("Remittance %(trace)s", trace=self.trace),
            "account_id": account.id,
            "partner_id": self.partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_currency": -amount,
            "debit": -amount if amount < 0 else 0.0,
            "credit": amount if amount > 0 else 0.0,
        }

    # === RECONCILIATION === #

    def _get_claim_moves(self, sessions, partners):
        """Return the posted bills, credit notes and debit notes of claims.

        :param sessions: the sessions
        :param partners: the insurers
        :return: the entries, oldest first
        :rtype: recordset of `account.move`
        """
        return self.env["account.move"].search(
            [
                ("claim_session_id", "in", sessions.ids),
                ("partner_id", "in", partners.ids),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("state", "=", "posted"),
                ("voided_by_move_id", "=", False),
                ("reversed_entry_id", "=", False),
            ],
            order="date, id",
        )

    def _settle_claims(self, pairs):
        """Reconcile everything of each claim with itself, oldest first.

        Where something was taken back, what was reconciled before is set free first,
        so that money meets money, a correction meets what it corrects, and the claim
        is open again by exactly what is open.

        :param set pairs: (insurer, session)
        """
        sessions = self.line_ids.session_id.browse({s.id for _p, s in pairs})
        partners = self.partner_id.browse({p.id for p, _s in pairs})
        items = defaultdict(lambda: self.env["account.move.line"])
        for move in self._get_claim_moves(sessions, partners):
            items[move.partner_id, move.claim_session_id] |= (
                move._therapy_get_receivable_lines()
            )
        answers = self.env["therapy.remittance.line"].search(
            [
                ("session_id", "in", sessions.ids),
                ("partner_id", "in", partners.ids),
                ("state", "=", "posted"),
                ("payment_line_id", "!=", False),
            ],
            order="id",
        )
        for line in answers:
            items[line.partner_id, line.session_id] |= line.payment_line_id
        self._free_taken_back([items[pair] for pair in pairs])
        parts = []
        for pair in pairs:
            parts += self._match_claim(items[pair].sorted(lambda x: (x.date, x.id)))
        self.env["account.move.line"]._therapy_reconcile_exactly(parts)

    def _free_taken_back(self, groups):
        """Un-reconcile the claims in which something was taken back.

        :param list groups: the journal items, by claim
        """
        partials = self.env["account.partial.reconcile"]
        for lines in groups:
            notes = lines.filtered(
                lambda x: (
                    x.balance > 0
                    and not x.reconciled
                    and (
                        x.move_id.move_type == "entry"
                        or x.move_id.therapy_remittance_id
                    )
                )
            )
            if notes:
                partials |= (
                    lines.matched_debit_ids | lines.matched_credit_ids
                ).filtered(
                    lambda x, lines=lines: (
                        x.debit_move_id in lines and x.credit_move_id in lines
                    )
                )
        partials.unlink()

    def _match_claim(self, lines) -> list:
        """Choose what is reconciled with what within a claim.

        :param lines: its journal items, oldest first
        :return: (debit, credit, amount)
        :rtype: list
        """
        left = {
            line: abs(line.amount_residual_currency)
            for line in lines
            if not line.reconciled
        }
        debits = [line for line in left if line.balance > 0]
        credits = [line for line in left if line.balance < 0]
        # Money with money, corrections with corrections, and then the claims.
        passes = [
            ("entry", "entry"),
            ("correction", "correction"),
            ("entry", None),
            ("correction", None),
            (None, None),
        ]
        parts = []
        for debit_kind, credit_kind in passes:
            for debit in debits:
                for credit in credits:
                    fits = debit_kind in (None, self._get_kind(debit))
                    fits = fits and credit_kind in (None, self._get_kind(credit))
                    amount = min(left[debit], left[credit])
                    if fits and not self.currency_id.is_zero(amount):
                        parts.append((debit, credit, amount))
                        for line in (debit, credit):
                            left[line] = self.currency_id.round(left[line] - amount)
        return parts

    @staticmethod
    def _get_kind(line) -> str:
        """Return what a journal item of a claim is.

        :param line: the journal item
        :return: "entry" for money, "correction" for what a remittance adjusted, or
            "bill"
        :rtype: str
        """
        move, remittance = line.move_id, line.move_id.therapy_remittance_id
        if move.move_type == "entry":
            return "entry"
        shares = move.session_share_ids
        corrects = move.partner_id == remittance.partner_id and all(
            share.remittance_id == remittance for share in shares
        )
        return "correction" if move.move_type == "out_refund" or corrects else "bill"

    def _apply_guarantor_credits(self, moves):
        """Put what guarantors get back on the bills that asked too much.

        What is left stays as their credit.

        :param moves: the entries of the remittance
        """
        notes = moves.filtered(
            lambda move: move.move_type == "out_refund" and not move.claim_session_id
        )
        if not notes:
            return
        sessions = notes.session_share_ids.session_id
        bills = sessions.line_ids.share_ids.filtered(
            lambda share: share.live and share.partner_id in notes.partner_id
        ).move_id.filtered(lambda move: move.move_type == "out_invoice")
        bills.sorted("id")._therapy_apply_credits(lines=notes._therapy_terms())
