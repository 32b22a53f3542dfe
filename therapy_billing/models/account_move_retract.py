from odoo import fields, models
from odoo.exceptions import UserError

from .res_partner import MONEY_GROUPS


class AccountMove(models.Model):
    """Takes bills back, one or a whole run (M6), and moves due dates."""

    _inherit = "account.move"

    therapy_retract_refusal = fields.Char(
        string="Not Taken back Because",
        readonly=True,
        copy=False,
        groups=MONEY_GROUPS,
        help="Why the last try to take the bill back was refused.",
    )

    # === ACTION METHODS === #

    def action_therapy_retract(self):
        """Take bills back, so that their sessions can be billed anew (M6).

        A bill that nobody saw is cancelled; for one that was sent or shared, or whose
        period is closed, a credit note is posted. Credits that were used on a bill go
        back to its payer. Bills that were paid or are being paid are refused, each
        with its reason, and do not hold up the others.

        :return: the action that says what became of the bills
        :rtype: dict
        :raise UserError: if the only bill is refused
        """
        refused = self._therapy_retract()
        if refused and len(self) == 1:
            raise UserError(refused[self])
        done = len(self) - len(refused)
        if not refused:
            return self._therapy_notify(
                self.env._("%(count)s bills were taken back.", count=done)
            )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_bill_action"
        )
        return {
            **action,
            "name": self.env._(
                "%(done)s taken back, %(refused)s not",
                done=done,
                refused=len(refused),
            ),
            "domain": [("id", "in", [move.id for move in refused])],
        }

    def action_therapy_due_dates(self):
        """Open the dialog that changes due dates.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_due_date_wizard_action"
        )
        return {**action, "context": {"default_move_ids": self.ids}}

    # === BUSINESS METHODS === #

    def _therapy_retract(self) -> dict:
        """Take back the bills that may be taken back.

        :return: reasons in words by bill that was refused
        :rtype: dict
        """
        locked = self.try_lock_for_update(allow_referencing=True)
        busy = self.env._("Somebody else is working on this bill now.")
        refused = dict.fromkeys(self - locked, busy)
        locked.invalidate_recordset()
        locked.line_ids.invalidate_recordset(["amount_residual"])
        for move in locked:
            if problem := move._therapy_get_retract_problem():
                refused[move] = problem
        good = locked - self.browse([move.id for move in refused])
        good._therapy_give_credits_back()
        to_credit = good.filtered(lambda move: move._therapy_needs_credit_note())
        (good - to_credit).button_cancel()
        to_credit._therapy_credit_in_full()
        good.filtered("therapy_retract_refusal").therapy_retract_refusal = False
        for move, reason in refused.items():
            if move in locked:
                move.therapy_retract_refusal = reason
        return refused

    def _therapy_needs_credit_note(self) -> bool:
        """Tell whether a bill can no longer be cancelled (M6).

        Note: self.ensure_one()

        :return: whether it was seen, or its period is closed
        :rtype: bool
        """
        self.ensure_one()
        if self.state != "posted":
            return False
        closed = self.company_id._get_violated_lock_dates(
            self.date, False, self.journal_id
        )
        return bool(closed) or self._therapy_was_seen()

    def _therapy_get_retract_problem(self) -> str:
        """Say why a bill cannot be taken back.

        For a module to refuse more, it must override this method and call super.

        Note: self.ensure_one()

        :return: the reason in words, empty if it can
        :rtype: str
        """
        self.ensure_one()
        if self.state == "cancel" or self.voided_by_move_id:
            return self.env._("%(name)s was taken back before.", name=self.name)
        # sudo: reservations are counted whoever made them.
        if any(self.sudo().therapy_allocation_ids.mapped("live")):  # sudo: above
            return self.env._("A payment of %(name)s is under way.", name=self.name)
        amount = self._therapy_get_received_amount()
        if not self.currency_id.is_zero(amount):
            return self.env._(
                "%(amount)s of %(name)s was paid or corrected. Undo that first, or "
                "write a credit note.",
                amount=self.currency_id.format(amount),
                name=self.name,
            )
        return ""

    def _therapy_get_received_amount(self) -> float:
        """Return what a bill was paid or corrected by, credits left out.

        Note: self.ensure_one()

        :return: the amount in the bill's currency
        :rtype: float
        """
        self.ensure_one()
        partials = self._therapy_get_receivable_lines().matched_credit_ids
        return sum(
            partial.debit_amount_currency
            for partial in partials
            if not partial.therapy_applied_credit
        )

    def _therapy_get_receivable_lines(self):
        """Return the lines that ask for money.

        :return: the lines
        :rtype: recordset of `account.move.line`
        """
        return self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def _therapy_credit_in_full(self):
        """Post a credit note for the whole of each bill, on the first open day."""
        values = []
        for move in self:
            day = move.company_id._therapy_get_open_date(
                move.company_id._therapy_local_date(), move.journal_id
            )
            values.append(
                {
                    "date": day,
                    "invoice_date": day,
                    "invoice_date_due": day,
                    "ref": self.env._("Takes back %(name)s", name=move.name),
                }
            )
        if self:
            self._reverse_moves(values, cancel=True)

    def _therapy_notify(self, message) -> dict:
        """Return the action that shows a message and refreshes the screen.

        :param str message: the message
        :return: the action
        :rtype: dict
        """
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
