from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    """The credit note that goes with a refund, when the bill is not owed any more."""

    _inherit = "payment.transaction"

    def _therapy_post_credit_notes(self):
        """Credit what a refund opened again on its bills.

        Note: self.ensure_one(); the bills are locked
        """
        self.ensure_one()
        Move = self.env["account.move"].with_context(therapy_limit_checked=True)
        for part in self.therapy_refund_part_ids.filtered("move_id"):
            bill = part.move_id
            bill.invalidate_recordset(["amount_residual", "payment_state"])
            self._therapy_apply_answers(bill, part.amount)
            amount = min(part.amount, bill._therapy_get_payable_amount())
            if part.credit_note_id or self.currency_id.is_zero(amount):
                continue
            part.credit_note_id = Move._therapy_adjust(
                self.therapy_refund_reason_id,
                amount,
                bill=bill,
                note=self.therapy_refund_reason or "",
                day=self._therapy_get_ledger_date(),
            )

    def _therapy_apply_answers(self, bill, limit):
        """Put what an insurer's answer credited on a bill that a refund opened (M5).

        The payer had paid before the answer came, and gets that money back now: the
        answer lowers the bill, and no second credit note is needed for it.

        Note: self.ensure_one(); the bill is locked

        :param bill: the `account.move`
        :param float limit: at most how much
        """
        self.ensure_one()
        # sudo: shares tell which answers are about the bill, whoever refunds.
        sessions_sudo = bill.sudo().session_share_ids.session_id  # sudo: see above
        notes_sudo = sessions_sudo.line_ids.share_ids.move_id.filtered(
            lambda note: (
                note.therapy_credit_cause == "eob"
                and note.state == "posted"
                and note.partner_id == bill.partner_id
            )
        )
        if terms := notes_sudo.with_env(self.env)._therapy_terms():
            bill._therapy_apply_credits(lines=terms, limit=limit)
            bill.invalidate_recordset(["amount_residual", "payment_state"])

    def _therapy_check_credit_notes(self, parts, reason):
        """Refuse a refund whose credit notes the user may not make.

        Note: self.ensure_one()

        :param list parts: (bill's id or False, amount)
        :param reason: the `therapy.adjustment.reason`
        :raise UserError: naming what is missing or the limit
        """
        self.ensure_one()
        if not reason:
            raise UserError(self.env._("Choose the reason of the credit note."))
        Move = self.env["account.move"]
        for bill_id, amount in parts:
            if bill_id:
                bill = Move.browse(bill_id)
                Move._therapy_check_adjustment_limit(bill.company_id, amount, bill)
