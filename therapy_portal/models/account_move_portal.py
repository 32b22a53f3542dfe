from odoo import api, models
from odoo.tools import str2bool


class AccountMove(models.Model):
    _inherit = "account.move"

    # === WHAT MAY LEAVE THE PRACTICE === #

    def _therapy_is_for_insurer(self) -> bool:
        """Tell whether an insurer pays this bill, so nothing public may open it (P6).

        Note: self.ensure_one()

        :return: whether the bill is a claim or its payer is an insurer
        :rtype: bool
        """
        self.ensure_one()
        return bool(self.claim_session_id or self.partner_id.is_insurer)

    def _therapy_is_private(self) -> bool:
        """Tell whether this is a patient's bill or credit note, of whatever state.

        Note: self.ensure_one()

        :return: whether the privacy rules of patients' bills hold
        :rtype: bool
        """
        self.ensure_one()
        return bool(self.patient_id) and self.is_sale_document()

    def _therapy_can_be_shared(self) -> bool:
        """Tell whether this is an open bill of a guarantor.

        Note: self.ensure_one()

        :return: whether the bill is posted, not paid and not an insurer's
        :rtype: bool
        """
        self.ensure_one()
        return not self._therapy_get_share_refusal()

    def _therapy_get_share_refusal(self) -> str:
        """Say in plain words why this bill cannot be shared or opened with a code.

        Note: self.ensure_one()

        :return: the reason, empty if it can be shared
        :rtype: str
        """
        self.ensure_one()
        if not self.is_therapy_bill or self.move_type != "out_invoice":
            return self.env._("Only bills of patients can be shared.")
        if self._therapy_is_for_insurer():
            return self.env._("Bills of insurers are not shared: send them as claims.")
        if self.state != "posted":
            return self.env._("The bill is not confirmed.")
        if (
            self.payment_state not in ("not_paid", "partial", "in_payment")
            or self.currency_id.compare_amounts(self.amount_residual, 0) <= 0
        ):
            return self.env._("The bill is paid or settled.")
        return ""

    # === WHAT CAN BE PAID === #

    def _therapy_online_payment_enabled(self) -> bool:
        """Tell whether these bills may be paid online: all three switches are on.

        The portal's (a setting of core), the practice's (on the company) and the
        payer's (on the contact). Without bills (to pay ahead), those of the practice
        and of the payer who is logged in.

        :return: whether payment online is open
        :rtype: bool
        """
        moves = self.sudo()  # sudo: visitors may not read settings and contacts
        get_param = moves.env["ir.config_parameter"].get_param
        if not str2bool(get_param("account_payment.enable_portal_payment") or "false"):
            return False
        companies = moves.company_id or moves.env.company
        payers = moves.partner_id
        if not moves and moves.env.user.share:
            payers = moves.env.user.partner_id
        return all(companies.mapped("therapy_online_payment")) and all(
            payers.mapped("therapy_online_payment")
        )

    def _therapy_get_amount_to_offer(self, payer) -> float:
        """Return what a payer may be offered to pay on this bill now.

        What others reserved is not offered. A form that this payer left open without
        paying does not count; whether it still holds is decided when a payment starts.

        Note: self.ensure_one()

        :param payer: the `res.partner` who would pay
        :return: amount in the bill's currency, 0 if nothing can be paid
        :rtype: float
        """
        self.ensure_one()
        if self.state != "posted" or self._therapy_is_for_insurer():
            return 0.0
        if self.therapy_is_disputed:
            return 0.0  # The payer's bank has not decided about an earlier payment.
        # sudo: counted, never shown; read for all bills of a list at once
        own_drafts_sudo = self.sudo().therapy_allocation_ids.filtered(  # sudo: above
            lambda row: (
                row.live
                and row.partner_id == payer
                and row.transaction_id.state == "draft"
            )
        )
        reserved = sum(own_drafts_sudo.mapped("amount"))
        free = self._therapy_get_payable_amount() + reserved
        return max(self.currency_id.round(min(free, self.amount_residual)), 0.0)

    def _has_to_be_paid(self):
        """Override of `account_payment`: a pending part does not block the rest (M3).

        Core offers no payment while any transaction of the bill is pending. Here what
        is left beside the reservations can be paid, and an insurer's bill never (P6).
        """
        self.ensure_one()
        if not self.is_therapy_bill:
            return super()._has_to_be_paid()
        return bool(
            self._therapy_online_payment_enabled()
            and self._therapy_can_be_shared()
            and self.currency_id.compare_amounts(self._therapy_get_payable_amount(), 0)
            > 0
        )

    # === WHAT CORE'S PAGES SHOW === #

    def _get_name_invoice_report(self):
        """Override of `account`: core's documents of a guarantor's bill are P1 too."""
        self.ensure_one()
        if self._therapy_is_private() and not self._therapy_is_for_insurer():
            return "therapy_portal.report_bill_document"
        return super()._get_name_invoice_report()

    def _get_mail_template(self):
        """Override of `account`: core's Send of a guarantor's bill is P1 too.

        Core's message greets the customer by name, which may be the patient's.

        :return: the mail template that core's Send starts from
        :rtype: recordset of `mail.template`
        """
        if self and all(
            move._therapy_is_private() and not move._therapy_is_for_insurer()
            for move in self
        ):
            return self.env.ref("therapy_portal.mail_template_share")
        return super()._get_mail_template()

    @api.model
    def _get_thread_with_access(
        self, thread_id, *, hash=None, pid=None, token=None, **kwargs
    ):
        """Override of `portal`: a link opens no messages of a patient's bill (P1).

        Core lets anybody with the link read and write the bill's messages. They may
        say anything about the treatment, so they need a login.
        """
        # sudo: only asks whether the bill is a patient's
        move_sudo = self.sudo().browse(thread_id).exists()  # sudo: see line above
        if move_sudo and move_sudo._therapy_is_private():
            hash = pid = token = None
        return super()._get_thread_with_access(
            thread_id, hash=hash, pid=pid, token=token, **kwargs
        )

    # === NEUTRAL CONTENT === #

    def _therapy_get_neutral_lines(self) -> list[tuple[str, float]]:
        """Return the rows of the document that leaves the practice (P1).

        Texts of bill lines are never used, because anybody may have typed a service or
        a name into them: only dates of service and amounts.

        Note: self.ensure_one()

        :return: (text, amount in the bill's currency) per date, oldest first; what has
            no session comes last
        :rtype: list[tuple[str, float]]
        """
        self.ensure_one()
        shares = self.sudo().session_share_ids  # sudo: only their dates are taken
        dates = {
            share.move_line_id.id: share.session_line_id.session_id.date
            for share in shares
        }
        totals = {}
        for line in self.invoice_line_ids:
            if line.display_type == "product":
                date = dates.get(line.id)
                totals[date] = totals.get(date, 0.0) + line.price_total
        rows = [
            (
                self.env._(
                    "Services on %(date)s",
                    date=self.env["ir.qweb.field.date"].value_to_html(date, {}),
                ),
                self.currency_id.round(totals[date]),
            )
            for date in sorted(filter(None, totals))
        ]
        if None in totals:
            label = self.env._("Other charges")
            rows.append((label, self.currency_id.round(totals[None])))
        return rows
