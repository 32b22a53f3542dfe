from odoo import models


class AccountPayment(models.Model):
    """Entries of many payments at once: a charge run posts hundreds together."""

    _inherit = "account.payment"

    def _generate_journal_entry(
        self, write_off_line_vals=None, force_balance=None, line_ids=None
    ):
        """Override of `account` to give the payments of a run their entries together.

        Core writes each payment by itself, and each write looks up all that hangs on
        it: a quarter of the time of posting.

        :param list write_off_line_vals: see core; of one payment only
        :param float force_balance: see core; of one payment only
        :param list line_ids: see core; of one payment only
        :return: None
        """
        special = write_off_line_vals or force_balance or line_ids
        waiting = self.filtered(lambda pay: not pay.move_id)
        if (
            special
            or len(waiting) < 2
            or not self.env.context.get("therapy_ledger_parts_of")
        ):
            return super()._generate_journal_entry(
                write_off_line_vals=write_off_line_vals,
                force_balance=force_balance,
                line_ids=line_ids,
            )
        waiting = waiting.filtered("outstanding_account_id")
        moves = self.env["account.move"].create(
            [payment._generate_move_vals() for payment in waiting]
        )
        waiting._therapy_link_entries(moves)
        return None

    def _therapy_link_entries(self, moves):
        """Write entries on payments as core does, in one statement.

        The same as ``write({"move_id": ..., "state": "in_process"})`` on each: the
        change is tracked, what depends on it is computed anew, "in process" stays.
        What `write` and the constraints would check holds by construction: the entries
        were made of these payments a moment ago.

        :param moves: the `account.move` records, in the order of ``self``
        """
        names = ["move_id", "state"]
        self.flush_recordset()
        self._track_prepare(self._fields)
        self.modified(names, before=True)
        self._write_multi(
            [{"move_id": move.id, "state": "in_process"} for move in moves]
        )
        self.invalidate_recordset(names, flush=False)
        with self.env.protecting([self._fields["state"]], self):
            self.modified(names)
