from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class AccountMove(models.Model):
    """What core's buttons may do to a bill of sessions (M2, M6)."""

    _inherit = "account.move"

    # === CONSTRAINT METHODS === #

    @api.constrains("partner_id", "patient_id", "move_type")
    def _check_therapy_payer(self):
        """Keep the payers of therapy bills alone (D3).

        :raise ValidationError: if the customer belongs to a company or household
        """
        for move in self:
            if move.is_therapy_bill and move.partner_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(name)s belongs to a company or household and cannot pay "
                        "therapy bills.",
                        name=move.partner_id.name,
                    )
                )

    # === CRUD METHODS === #

    def copy(self, default=None):
        """Override of `account` to refuse a second bill for the same sessions (M2).

        :param dict default: values of the copy
        :return: the copies
        :rtype: recordset of `account.move`
        :raise UserError: if a bill of sessions would be duplicated
        """
        reversal = (default or {}).get("reversed_entry_id")
        if not reversal:
            self._therapy_refuse_duplicates()
        return super().copy(default)

    def unlink(self):
        """Override of `account` to give the sessions of deleted drafts back.

        :return: True
        """
        # The database would delete them too, but without telling the sessions.
        # sudo: shares are written by billing only.
        self.sudo().session_share_ids.unlink()  # sudo: see the line above
        return super().unlink()

    def _post(self, soft=True):
        """Override of `account` to post what the sessions are worth, nothing else.

        :param bool soft: whether future bills wait
        :return: the posted bills
        :rtype: recordset of `account.move`
        :raise UserError: if the lines of a bill were changed
        """
        self._therapy_check_shares()
        return super()._post(soft=soft)

    # === ACTION METHODS === #

    def button_draft(self):
        """Override of `account` to protect bills that somebody may have seen (M6).

        :return: what core returns
        :raise UserError: if a bill was seen or is being paid, or one that comes back
            was billed anew or no longer fits its sessions; or for the entry of a
            payment that stays
        """
        self.origin_payment_id._therapy_check_received()
        bills = self._therapy_filter_billed()
        bills.filtered(lambda move: move.state == "posted")._therapy_check_untouched()
        bills.filtered(lambda move: move.state == "cancel")._therapy_check_revival()
        # Core's button to cancel resets posted ones to draft first, too.
        notes = self.filtered(lambda move: move.state == "posted")
        voided = notes.reversed_entry_id.filtered("voided_by_move_id")
        voided._therapy_filter_billed()._therapy_check_revival()
        return super().button_draft()

    def button_cancel(self):
        """Override of `account` to protect bills that somebody may have seen (M6).

        :return: what core returns
        :raise UserError: if a bill was seen or is being paid, or for the entry of a
            payment that stays
        """
        self.origin_payment_id._therapy_check_received()
        bills = self._therapy_filter_billed()
        bills.filtered(lambda move: move.state != "cancel")._therapy_check_untouched()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account` to keep money that was received (M5).

        :param list default_values_list: values of the reversals
        :param bool cancel: whether they are posted and reconciled at once
        :return: what core returns
        :raise UserError: for the entry of a payment that only a new entry of ours may
            take back
        """
        self.origin_payment_id._therapy_check_received()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def js_assign_outstanding_line(self, line_id):
        """Override of `account` to keep one payer's money off another's bill (M4).

        :param int line_id: id of the journal item to reconcile
        :return: what core returns
        :raise UserError: if the money is somebody else's
        """
        self.ensure_one()
        line = self.env["account.move.line"].browse(line_id)
        if not self.is_therapy_bill:
            return super().js_assign_outstanding_line(line_id)
        self._therapy_check_credit_choice(self, line)
        if not self._therapy_apply_credits(lines=line):
            raise UserError(
                self.env._("Nothing of this bill is left that the credit could pay.")
            )
        return True

    # === BUSINESS METHODS === #

    def _therapy_was_seen(self) -> bool:
        """Tell whether the payer could have seen the bill.

        For a module with more ways to show a bill, it must override this method and
        call super.

        Note: self.ensure_one()

        :return: whether it was sent, or its payer has a login, or had one
        :rtype: bool
        """
        self.ensure_one()
        # sudo: billers may not read users.
        payer_sudo = self.partner_id.sudo()  # sudo: see the line above
        # A login that ended may have shown the bill before.
        users_sudo = payer_sudo.with_context(active_test=False).user_ids
        return self.is_move_sent or (self.state == "posted" and bool(users_sudo))

    def _therapy_check_untouched(self):
        """Refuse to change bills that were seen or are being paid.

        :raise UserError: naming the bill and what to do
        """
        for move in self:
            move._therapy_check_unpaid()
            if move.state == "posted" and move._therapy_was_seen():
                raise UserError(
                    self.env._(
                        "%(name)s may have been seen by its payer. Take it back with "
                        "a credit note.",
                        name=move.name,
                    )
                )

    def _therapy_check_unpaid(self):
        """Refuse when money was received for a bill, or is on its way.

        Note: self.ensure_one()

        :raise UserError: naming the bill
        """
        self.ensure_one()
        # sudo: reservations are counted whoever made them.
        live_sudo = self.sudo().therapy_allocation_ids.filtered("live")  # sudo: above
        if live_sudo:
            raise UserError(
                self.env._("A payment of %(name)s is under way.", name=self.name)
            )
        paid = self.currency_id.compare_amounts(self.amount_residual, self.amount_total)
        if self.state == "posted" and paid:
            raise UserError(
                self.env._(
                    "%(name)s is paid or credited, in full or in part. Undo that "
                    "first, or use a credit note.",
                    name=self.name,
                )
            )

    def _therapy_check_revival(self):
        """Refuse to bring a bill back whose sessions were billed anew or changed (M2).

        The unique index refuses the former too; this says it in words, before. While
        the bill was dead its sessions were free: they may be cancelled, waived or worth
        something else now.

        :raise UserError: naming both bills, or the bill and the session
        """
        # sudo: shares are read to protect them, whoever presses the button.
        Share_sudo = self.env["therapy.session.share"].sudo()  # sudo: see above
        for move in self:
            base = move.sudo().session_share_ids.filtered(  # sudo: see above
                lambda share: share.kind == "base"
            )
            other = Share_sudo.search(
                Domain("session_line_id", "in", base.session_line_id.ids)
                & Domain("partner_id", "in", base.partner_id.ids)
                & Domain("live", "=", True)
                & Domain("kind", "=", "base")
                & Domain("move_id", "!=", move.id),
                limit=1,
            )
            if other:
                raise UserError(
                    self.env._(
                        "The sessions of %(name)s are on %(other)s now.",
                        name=move.name,
                        other=other.move_id.name,
                    )
                )
            for session, shares in base.grouped("session_id").items():
                if not session._is_worth(shares):
                    raise UserError(
                        self.env._(
                            "%(name)s cannot come back: session %(session)s is not "
                            "to be billed any more, or not with this amount. Bill it "
                            "anew instead.",
                            name=move.name,
                            session=session.name,
                        )
                    )

    def _therapy_filter_billed(self):
        """Return those that sessions are billed on, also for who may not see sessions.

        :return: the bills, with the rights of the caller
        :rtype: recordset of `account.move`
        """
        moves_sudo = self.sudo()  # sudo: accountants post and cancel other invoices
        return moves_sudo.filtered("session_share_ids").with_env(self.env)

    def _therapy_check_shares(self):
        """Refuse bills whose lines no longer say what the sessions are worth.

        :raise UserError: naming the payer
        """
        for move in self._therapy_filter_billed():
            # sudo: shares are read to protect them, whoever posts.
            shares_sudo = move.sudo().session_share_ids  # sudo: see the line above
            amounts = {}
            for share in shares_sudo:
                amounts.setdefault(share.move_line_id, []).append(share.amount)
            lines = move.invoice_line_ids.filtered(
                lambda line: line.display_type == "product"
            )
            currency = move.currency_id
            if (
                shares_sudo.partner_id != move.partner_id
                or {*amounts} != {*lines.sudo()}  # sudo: to compare like with like
                or any(
                    currency.compare_amounts(line._therapy_get_asked(), sum(parts))
                    for line, parts in amounts.items()
                )
            ):
                raise UserError(
                    self.env._(
                        "The bill of %(name)s was changed by hand and no longer "
                        "matches its sessions. Delete it and bill them anew; "
                        "corrections are credit notes.",
                        name=move.partner_id.name,
                    )
                )

    def _therapy_refuse_duplicates(self):
        """Refuse to make a second bill from the same sessions.

        :raise UserError: naming the bill
        """
        for move in self:
            # sudo: shares are read to protect them, whoever duplicates.
            if move.sudo().session_share_ids:  # sudo: see the line above
                raise UserError(
                    self.env._(
                        "%(name)s bills sessions and cannot be duplicated: take it "
                        "back and bill the sessions anew.",
                        name=move.name or self.env._("This draft"),
                    )
                )
