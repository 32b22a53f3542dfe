from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from odoo.addons.therapy_billing.tools import money

from .res_partner import MONEY_GROUPS


class TherapySession(models.Model):
    """What the insurers of a session bear: expected first, answered later."""

    _inherit = "therapy.session"

    patient_share_state = fields.Selection(
        [("estimated", "Estimated"), ("final", "Final")],
        string="Patient's Share",
        compute="_compute_patient_share_state",
        store=True,
        index="btree_not_null",
        groups=MONEY_GROUPS,
        help="Final once the last insurer has answered, or if there is none.",
    )

    remittance_line_ids = fields.One2many(
        "therapy.remittance.line",
        "session_id",
        string="Insurers' Answers",
        readonly=True,
        groups=MONEY_GROUPS,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "line_ids.share_ids.live",
        "line_ids.share_ids.partner_id",
        "line_ids.share_ids.amount",
        "line_ids.share_ids.answered",
        "remittance_line_ids.state",
    )
    def _compute_patient_share_state(self):
        """Compute whether an insurer's answer is still to come."""
        for session in self:
            live = session.line_ids.share_ids.filtered("live")
            expected = {}
            for share in live:
                if share.partner_id.is_insurer and not share.answered:
                    old = expected.get(share.partner_id, 0.0)
                    expected[share.partner_id] = old + share.amount
            is_open = session._get_services_awaiting_first_answer() or any(
                not session.currency_id.is_zero(amount) for amount in expected.values()
            )
            session.patient_share_state = live and ("estimated" if is_open else "final")

    # === ACTION METHODS === #

    def action_stop_waiting(self):
        """Give up the parts that wait for an insurer, so that all can be billed anew.

        :raise AccessError: for whoever is no biller
        :raise UserError: if the insurer has answered
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers can change what is billed."))
        self.check_access("write")
        shares_sudo = self._get_awaited_shares()
        if not shares_sudo:
            raise UserError(self.env._("Nothing of this session waits for an insurer."))
        answered = self.sudo().remittance_line_ids.filtered(  # sudo: as the shares
            lambda line: line.state == "posted"
        )
        if any(shares_sudo.mapped("answered")) or answered:
            raise UserError(
                self.env._("The insurer has answered. Undo the remittance first.")
            )
        shares_sudo.unlink()

    # === BUSINESS METHODS === #

    def _get_coverages(self):
        """Return the coverages that are billed, valid on the date of service.

        Note: self.ensure_one()

        :return: the coverages in order: first insurer, second insurer, ...
        :rtype: recordset of `therapy.coverage`
        """
        self.ensure_one()
        return self.patient_id.coverage_ids.filtered(
            lambda row: (
                row.company_id == self.company_id and row.billing_policy != "none"
            )
        )._therapy_filter_valid(self.date)

    def _get_first_insurer(self):
        """Return the insurer that is asked first; nobody for an absence.

        Note: self.ensure_one()

        :return: the insurer, maybe empty
        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        coverages = self._get_coverages()
        return coverages[: self.state == "held"].insurer_id

    def _get_services_awaiting_first_answer(self):
        """Return services whose estimate left all to the patient, not answered yet.

        Such an insurer has no share that would say so.

        Note: self.ensure_one()

        :return: those that the first insurer, who has no part, has not answered
        :rtype: recordset of `therapy.session.line`
        """
        self.ensure_one()
        insurer, found = self._get_first_insurer(), self.line_ids.browse()
        live = self.line_ids.share_ids.filtered("live")
        own = live.filtered(lambda share: share.partner_id == insurer)
        if not insurer or "base" in own.mapped("kind"):
            return found
        lines = self.remittance_line_ids.filtered(
            lambda line: line.state == "posted" and line.partner_id == insurer
        )
        said = lines.grouped("session_line_id")
        for service in live.session_line_id:
            if any(
                own.filtered(lambda x, s=service: x.session_line_id == s).mapped(
                    "answered"
                )
            ):
                continue
            if self.currency_id.is_zero(
                sum(said.get(service, lines.browse()).mapped("patient_amount"))
            ):
                found |= service
        return found

    def _get_patient_part(self, total) -> int:
        """Return what the patient's plans are expected to leave to the patient.

        For a module to estimate in other ways (deductibles, say), it must override
        this method.

        Note: self.ensure_one(); the session has a coverage

        :param int total: what the session is worth, minor units
        :return: the patient's part in minor units
        :rtype: int
        """
        self.ensure_one()
        digits = self.currency_id.decimal_places
        return self._get_coverages()._therapy_get_patient_part(total, digits)

    def _divide_patient_part(self, amounts, elsewhere=None):
        """Divide what the patient's side owes over the guarantors of the day (M1).

        The session as a whole is divided as agreed; what a guarantor bears of its
        other services is deducted.

        Note: self.ensure_one(); the guarantors' shares add up

        :param list amounts: minor units >= 0 per service
        :param dict elsewhere: minor units of the other services by guarantor, if any
        :return: (guarantors in order, a row per guarantor with a column per service)
        :rtype: tuple
        """
        self.ensure_one()
        rows = self._get_payers()[0]
        payers = [row.partner_id for row in rows]
        elsewhere, total = elsewhere or {}, sum(amounts)
        if not total:
            return payers, [[0] * len(amounts) for _payer in payers]
        weights = rows._therapy_get_weights()
        shares = money.divide_part(
            total + sum(elsewhere.values()), weights, rows._therapy_get_fixed()
        )
        parts = [
            max(share - elsewhere.get(payer, 0), 0)
            for share, payer in zip(shares, payers, strict=True)
        ]
        if sum(parts) != total:  # somebody bears too much of the others already
            parts = money.allocate(total, parts if any(parts) else weights)
        return payers, money.spread(parts, amounts)

    def _get_awaited_shares(self):
        """Return the parts of insurers that are not billed before they answer.

        :return: the shares
        :rtype: recordset of `therapy.session.share`
        """
        # sudo: shares are written by billing only.
        shares_sudo = self.sudo().line_ids.share_ids  # sudo: see the line above
        return shares_sudo.filtered("awaits_answer")

    def _create_awaited_shares(self):
        """Note what insurers who are billed on receipt are expected to bear."""
        vals_list = []
        for session in self:
            coverage = session._get_payers()[1]
            if coverage.billing_policy != "on_receipt":
                continue
            digits = session.currency_id.decimal_places
            live = session._get_live_split()
            vals_list += [
                {
                    "session_line_id": line_id,
                    "partner_id": payer,
                    "amount": money.to_major(cents, digits),
                    "awaits_answer": True,
                }
                for (payer, line_id), cents in session._get_split().items()
                if payer == coverage.insurer_id.id and (payer, line_id) not in live
            ]
        if vals_list:
            Share = self.env["therapy.session.share"].sudo()  # sudo: nobody may by hand
            Share.create(vals_list)

    def _release_awaited_shares(self):
        """Give up unanswered parts of insurers where nothing is billed any more."""
        for session in self:
            # sudo: shares are written by billing only.
            shares_sudo = session.sudo().line_ids.share_ids  # sudo: see above
            live_sudo = shares_sudo.filtered("live")
            waiting_sudo = live_sudo.filtered("awaits_answer")
            if live_sudo == waiting_sudo and not any(live_sudo.mapped("answered")):
                waiting_sudo.unlink()

    def _get_waiting_text(self) -> str:
        """Say for whom a session waits, and since when.

        Note: self.ensure_one()

        :return: the text
        :rtype: str
        """
        shares_sudo = self._get_awaited_shares()
        since = self.company_id._therapy_local_date(
            min(shares_sudo.mapped("create_date"))
        )
        return self.env._(
            "Waits for %(names)s: %(amount)s since %(day)s.",
            names=", ".join(shares_sudo.partner_id.mapped("name")),
            amount=self.currency_id.format(sum(shares_sudo.mapped("amount"))),
            day=format_date(self.env, since),
        )
