from odoo import models

from odoo.addons.therapy_billing.tools import money


class TherapyRemittance(models.Model):
    """Parts of insurers that are on no bill before they answer."""

    _inherit = "therapy.remittance"

    def _bill_awaited(self):
        """Bill the parts that were to wait for the insurer's answer.

        Note: self.ensure_one()

        :return: the draft claims
        :rtype: recordset of `account.move`
        """
        self.ensure_one()
        # sudo: shares are written by billing only.
        shares_sudo = self.line_ids.session_id.sudo()._get_awaited_shares()  # sudo: see
        shares_sudo = shares_sudo.filtered(lambda x: x.partner_id == self.partner_id)
        groups = shares_sudo.grouped("session_id")
        run, common = self._get_run(), self._prepare_common_vals()
        digits, accounts, vals_list, parts = self.currency_id.decimal_places, {}, [], []
        for session, shares in groups.items():
            part = [
                (
                    share.session_line_id.sudo(False),
                    money.to_minor(share.amount, digits),
                )
                for share in shares
            ]
            key = (self.partner_id.id, session.patient_id, session.sudo(False), False)
            vals = run._prepare_bill_vals(key, part, accounts)
            vals_list.append({**vals, **common, "therapy_run_id": False})
            parts.append(part)
        run._add_distributions(vals_list, parts)
        moves = self._get_quiet_move().create(vals_list)
        for move, shares in zip(moves, groups.values(), strict=True):
            lines = move.invoice_line_ids.sorted("sequence")
            for line, share in zip(lines, shares, strict=True):
                share.write(
                    {
                        "move_id": move.id,
                        "move_line_id": line.id,
                        "awaits_answer": False,
                    }
                )
        return moves

    def _get_run(self):
        """Return a billing run that is not kept: it knows how bills are made.

        :return: the run
        :rtype: recordset of `therapy.billing.run`
        """
        day = self._get_entry_date()
        return self.env["therapy.billing.run"].new(
            {
                "company_id": self.company_id.id,
                "date_from": day,
                "date_to": day,
                "invoice_date": day,
                "journal_id": self._get_sale_journal().id,
            }
        )

    def _await_following(self, plan) -> bool:
        """Note what the next insurer is to bear, if it is billed on receipt.

        :param ServicePlan plan: the plan of a service
        :return: whether it is, so that nothing is booked for it now
        :rtype: bool
        """
        insurer = plan.following.insurer_id
        # sudo: shares are written by billing only.
        shares_sudo = plan.service.sudo().share_ids.filtered(  # sudo: see above
            lambda share: share.partner_id == insurer and share.live
        )
        waiting_sudo = shares_sudo.filtered("awaits_answer")
        if plan.following.billing_policy != "on_receipt" or (
            shares_sudo - waiting_sudo
        ):
            return False
        digits = self.currency_id.decimal_places
        old = sum(money.to_minor(share.amount, digits) for share in waiting_sudo)
        # Kept, so that undoing the remittance can bring it back.
        waiting_sudo.awaits_answer = False
        if cents := old + plan.change.following:
            shares_sudo.create(
                {
                    "session_line_id": plan.service.id,
                    "partner_id": insurer.id,
                    "kind": "supplement",
                    "amount": money.to_major(cents, digits),
                    "awaits_answer": True,
                    "remittance_id": self.id,
                }
            )
        return True
