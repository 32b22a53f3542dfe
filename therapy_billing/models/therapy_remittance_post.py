from odoo import models
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
        payment = self._create_payment()
        self._mark_answers(plans)
        self.sudo().write(  # sudo: what nobody writes by hand
            {
                "payment_id": payment.id,
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
        bills = moves.filtered(lambda move: not move.claim_session_id)
        bills._therapy_apply_credits_by_policy()

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
