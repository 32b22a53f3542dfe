from odoo import models
from odoo.tools import format_date


class AccountMove(models.Model):
    _inherit = "account.move"

    def _therapy_explain(self) -> list[dict]:
        """Say session by session why the payer owes what the bill asks for.

        Only for the bill's payer after login: it names services and the provider. It
        never names another payer.

        Note: self.ensure_one()

        :return: one dict per session, oldest first: `session`, `lines` (session lines),
            `total` (of the session), `amount` (of this bill), `reasons` (sentences)
        :rtype: list[dict]
        """
        self.ensure_one()
        # sudo: payers have no rights on sessions; the caller checked whose bill it is
        shares = self.sudo().session_share_ids  # sudo: see line above
        explained = []
        for session in shares.session_id.sorted(lambda s: (s.start, s.id)):
            own = shares.filtered(lambda share, s=session: share.session_id == s)
            explained.append(
                {
                    "session": session,
                    "lines": own.session_line_id,
                    "total": session.amount_total,
                    "amount": sum(own.mapped("amount")),
                    "reasons": self._therapy_explain_session(session, own),
                }
            )
        return explained

    def _therapy_explain_session(self, session, own_shares) -> list[str]:
        """Return the sentences that lead from a session's price to this bill's part.

        Note: self.ensure_one()

        :param session: the session, in sudo mode
        :param own_shares: the shares of it that are on this bill
        :return: sentences in the reader's language
        :rtype: list[str]
        """
        self.ensure_one()
        money = self.currency_id.format
        live = session.line_ids.share_ids.filtered("live")
        insured = sum(live.filtered("partner_id.is_insurer").mapped("amount"))
        own = sum(own_shares.mapped("amount"))
        rest = session.amount_total - insured
        if self.therapy_determined_on:
            return [self._therapy_explain_answer(live)]
        reasons = []
        if not self.currency_id.is_zero(insured):
            reasons.append(
                self.env._(
                    "Insurance is billed %(insured)s. %(rest)s is left to pay.",
                    insured=money(insured),
                    rest=money(rest),
                )
            )
        if self.currency_id.compare_amounts(own, rest) < 0:
            active = session._get_payers()[0]
            guarantor = active.filtered(lambda row: row.partner_id == self.partner_id)
            # A percentage of what fixed amounts leave would need their sum: not ours.
            if guarantor and set(active.mapped("share_type")) == {"percent"}:
                reasons.append(
                    self.env._(
                        "Your share is %(percent)s%% of %(rest)s.",
                        percent=f"{guarantor[:1].percent:g}",
                        rest=money(rest),
                    )
                )
            else:
                reasons.append(self.env._("Your part of %(rest)s.", rest=money(rest)))
        elif not reasons:
            reasons.append(self.env._("You pay the whole session."))
        return reasons

    def _therapy_explain_answer(self, live) -> str:
        """Say what the insurer's answer changed for the payer of this bill.

        Note: self.ensure_one()

        :param live: the live shares of a session
        :return: the sentence in the reader's language
        :rtype: str
        """
        own = live.filtered(lambda share: share.partner_id == self.partner_id)
        before = own.filtered(lambda share: share.move_id != self)
        return self.env._(
            "The insurance answered on %(day)s: %(all)s of this session is yours, "
            "%(before)s of it is on another bill.",
            day=format_date(self.env, self.therapy_determined_on),
            all=self.currency_id.format(sum(own.mapped("amount"))),
            before=self.currency_id.format(sum(before.mapped("amount"))),
        )

    def _therapy_get_portal_payments(self) -> list[dict]:
        """Return what was paid or credited on this bill, without naming other payers.

        Note: self.ensure_one()

        :return: one dict per payment, oldest first: `date`, `amount`, `text`,
            `receipt` (id of the payment, False for a credit)
        :rtype: list[dict]
        """
        self.ensure_one()
        move = self.sudo()  # sudo: for payers; others' names and cards are left out
        rows = []
        for partial in move._get_all_reconciled_invoice_partials():
            line, receipt = partial["aml"], False
            if line.move_id.move_type == "out_refund":
                text = self.env._("Credit note %(name)s", name=line.move_id.name)
            else:
                text = self._therapy_describe_payment(line.payment_id)
                receipt = line.payment_id.id
            rows.append(
                {
                    "date": line.date,
                    "amount": partial["amount"],
                    "text": text,
                    "receipt": receipt,
                }
            )
        return sorted(rows, key=lambda row: row["date"])

    def _therapy_describe_payment(self, payment_sudo) -> str:
        """Return words for a payment; a card's last digits only to who used it.

        :param payment_sudo: `account.payment`, possibly empty
        :return: words in the reader's language
        :rtype: str
        """
        payer = payment_sudo.paid_by_partner_id
        if payer and payer != self.partner_id:
            return self.env._("Payment by another person")
        token = payment_sudo.payment_token_id
        if token and token.partner_id == self.partner_id:
            return self.env._("Payment with %(card)s", card=token.display_name)
        return self.env._("Payment")
