from odoo import models


class AccountMove(models.Model):
    """A bill that was taken back and comes open again, for its payment went back."""

    _inherit = "account.move"

    def _therapy_settle_reversals(self):
        """Reconcile bills with the credit notes that took them back.

        Such a bill takes no other credit and cannot be paid, so both would stay open
        for ever beside each other.
        """
        for bill in self.filtered("voided_by_move_id"):
            notes = bill.reversal_move_ids.filtered(lambda move: move.state == "posted")
            lines = (bill | notes)._therapy_terms()
            own = lines.filtered(
                lambda line, bill=bill: line.partner_id == bill.partner_id
            )
            for group in own.grouped("account_id").values():
                if len({line.balance > 0 for line in group}) == 2:
                    group.reconcile()
