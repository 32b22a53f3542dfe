from collections import defaultdict

from odoo import models


class TherapyRemittance(models.Model):
    """Reconciles claim by claim what a remittance booked."""

    _inherit = "therapy.remittance"

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
        # All claims are read together, not one by one.
        together = tuple(number for lines in items.values() for number in lines._ids)
        claims = [items[pair].with_prefetch(together) for pair in pairs]
        self._free_taken_back(claims)
        parts = []
        for lines in claims:
            parts += self._match_claim(lines.sorted(lambda x: (x.date, x.id)))
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

        What is left takes back what was waived of them; the rest stays as their credit.

        :param moves: the entries of the remittance
        """
        notes = moves.filtered(
            lambda move: move.move_type == "out_refund" and not move.claim_session_id
        )
        if not notes:
            return
        # A note may also hold sessions of which the payer bears as much as before.
        cheaper = defaultdict(float)
        for share in notes.session_share_ids:
            cheaper[share.partner_id, share.session_id] += share.amount
        sessions = self.line_ids.session_id.browse(
            {
                session.id
                for (_payer, session), amount in cheaper.items()
                if self.currency_id.compare_amounts(amount, 0) < 0
            }
        )
        bills = sessions.line_ids.share_ids.filtered(
            lambda share: share.live and share.partner_id in notes.partner_id
        ).move_id.filtered(lambda move: move.move_type == "out_invoice")
        bills, credits = bills.sorted("id"), notes._therapy_terms()
        bills._therapy_apply_credits(lines=credits)
        self._take_adjustments_back(bills, credits)
