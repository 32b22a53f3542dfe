from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.clock import now

from ..tools.codes import code_matches, new_code


class AccountMove(models.Model):
    _inherit = "account.move"

    access_code = fields.Char(
        size=6,
        copy=False,
        readonly=True,
        groups="therapy_billing.group_biller",
        help="Printed in the e-mail and on the bill when it is shared. With the bill's "
        "number it opens the payment page. A new share makes a new code.",
    )
    therapy_shared_at = fields.Datetime(
        string="Shared on", copy=False, readonly=True, index="btree_not_null"
    )
    therapy_access_locked = fields.Boolean(
        string="Payment Page Locked",
        compute="_compute_therapy_access_locked",
        help="Too many wrong codes were tried for this bill lately.",
    )

    # === COMPUTE METHODS === #

    def _compute_therapy_access_locked(self):
        """Tell whether the payment page refuses this bill because of wrong tries."""
        Attempt = self.env["therapy.access.attempt"].sudo()  # sudo: only counts tries
        for move in self:
            move.therapy_access_locked = (
                move.is_therapy_bill
                and bool(move.name)
                and Attempt._is_bill_locked(move.name)
            )

    # === ACTION METHODS === #

    def action_therapy_unlock(self):
        """Forget the wrong codes tried for these bills: the payer may try again.

        :return: None
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        self.check_access("write")
        # sudo: nobody may delete tries by hand, a biller may through this button
        Attempt = self.env["therapy.access.attempt"].sudo()  # sudo: see line above
        for move in self:
            Attempt._unlock_bill(move.name)
            move.message_post(
                body=self.env._("The payment page of this bill was unlocked.")
            )

    def button_cancel(self):
        """Override of `account` to end the access code of a cancelled bill."""
        res = super().button_cancel()
        self._therapy_end_access_code()
        return res

    def button_draft(self):
        """Override of `account` to end the access code of a bill that may change."""
        res = super().button_draft()
        self._therapy_end_access_code()
        return res

    # === BUSINESS METHODS === #

    def _invoice_paid_hook(self):
        """Override of `account` to end the access code of a paid bill."""
        res = super()._invoice_paid_hook()
        self._therapy_end_access_code()
        return res

    def _therapy_end_access_code(self):
        """Make the access codes of these bills useless for ever (P3).

        :return: None
        """
        # sudo: a payment may be posted for somebody who may not see the code
        with_code = self.sudo().filtered("access_code")  # sudo: see line above
        if with_code:
            with_code.write({"access_code": False})

    def _therapy_rotate_access_code(self, code: str | None = None) -> str:
        """Give the bill a new access code; the one before dies at once.

        Note: self.ensure_one()

        :param str code: the code to take, if one was made for a preview already
        :return: the new code, 6 digits
        :rtype: str
        """
        self.ensure_one()
        # sudo: whoever may share a bill may set its code, the field is for billers
        move_sudo = self.sudo()  # sudo: see line above
        code = code or new_code(other_than=move_sudo.access_code)
        move_sudo.write({"access_code": code, "therapy_shared_at": now()})
        return code

    @api.model
    def _therapy_find_by_code(self, number: str, code: str):
        """Return the open bill that a bill number and an access code open (P3).

        The same work is done whether the number exists or not. Number and code must
        match exactly; the comparison of the code takes constant time.

        :param str number: the bill number as typed, without spaces around it
        :param str code: the access code as typed
        :return: the bill in sudo mode, or an empty recordset
        :rtype: recordset of `account.move`
        """
        # sudo: visitors may see no bill; number and code are checked here
        Move = self.sudo()  # sudo: see line above
        # A number is known once per practice; a database may hold many practices.
        candidates = Move.search_fetch(
            [
                ("name", "=", number),
                ("is_therapy_bill", "=", True),
                ("access_code", "!=", False),
            ],
            self._therapy_get_share_fields(),
        )
        candidates.partner_id.fetch(["is_insurer"])
        candidates.currency_id.fetch(["rounding"])
        found = Move.browse()
        for move in candidates:
            if code_matches(move.access_code, code):
                found |= move
        if not candidates:
            code_matches(None, code)
        return found.filtered(lambda move: move._therapy_can_be_shared())[:1]

    @api.model
    def _therapy_get_share_fields(self) -> list[str]:
        """Return what tells whether a bill opens: a row of bills has a hundred columns.

        :return: names of fields
        :rtype: list[str]
        """
        return [
            *("access_code", "is_therapy_bill", "move_type", "state", "payment_state"),
            *("claim_session_id", "partner_id", "currency_id", "amount_residual"),
        ]
