from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    """What was waived of a bill stays with it, or is cancelled: nobody paid it (M5)."""

    _inherit = "account.move"

    # === ACTION METHODS === #

    def button_draft(self):
        """Override of `account`: a bill is not opened under what was waived of it.

        :return: what core returns
        :raise UserError: naming the waivers
        """
        for bill in self:
            waivers = bill.therapy_adjustment_ids.filtered(
                lambda note: note._therapy_is_waiver() and note.state == "posted"
            )
            if waivers and bill.state == "posted":
                raise UserError(
                    self.env._(
                        "A part of %(bill)s was waived with %(notes)s. Reset that to "
                        "draft and cancel it first.",
                        bill=bill.name,
                        notes=", ".join(waivers.mapped("name")),
                    )
                )
        return super().button_draft()

    def js_remove_outstanding_partial(self, partial_id):
        """Override of `account`: a waiver is not taken off its bill to be spent.

        :param int partial_id: id of the reconciliation
        :return: what core returns
        :raise UserError: naming the waiver
        """
        partial = self.env["account.partial.reconcile"].browse(partial_id)
        note = partial.credit_move_id.move_id
        if note._therapy_is_waiver():
            raise UserError(
                self.env._(
                    "%(note)s waives a part of %(bill)s: it is nobody's money. To "
                    "take it back, reset it to draft and cancel it.",
                    note=note.name,
                    bill=note.therapy_adjusts_move_id.name,
                )
            )
        return super().js_remove_outstanding_partial(partial_id)

    def js_assign_outstanding_line(self, line_id):
        """Override to put a waiver that was posted again on its own bill only.

        :param int line_id: id of the journal item to reconcile
        :return: what core returns
        :raise UserError: if it is another bill's
        """
        line = self.env["account.move.line"].browse(line_id)
        note = line.move_id
        if not note._therapy_is_waiver():
            return super().js_assign_outstanding_line(line_id)
        self.ensure_one()
        if note.therapy_adjusts_move_id != self:
            raise UserError(
                self.env._(
                    "%(note)s waives a part of %(bill)s: it is nobody's money.",
                    note=note.name,
                    bill=note.therapy_adjusts_move_id.name,
                )
            )
        self.env["payment.transaction"]._therapy_lock_bills(self)
        amount = min(self._therapy_get_payable_amount(), -line.amount_residual_currency)
        if self.currency_id.compare_amounts(amount, 0) > 0:
            # No credit of the payer's: taking the bill back does not give it out.
            self._therapy_settle(line, amount)
        return True

    # === BUSINESS METHODS === #

    def _therapy_get_credit_domain(self, payers):
        """Override to leave out what was waived of a bill.

        :param payers: the `res.partner`
        :return: the domain of `account.move.line`
        :rtype: Domain
        """
        domain = super()._therapy_get_credit_domain(payers)
        return domain & Domain("move_id.therapy_adjusts_move_id", "=", False)

    def _therapy_is_waiver(self) -> bool:
        """Tell whether this is the credit note that waives a part of a bill.

        Note: self.ensure_one(), or empty

        :rtype: bool
        """
        return self.move_type == "out_refund" and bool(self.therapy_adjusts_move_id)
