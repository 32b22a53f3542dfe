from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.therapy_billing.tools import cursor
from odoo.addons.therapy_billing.tools.clock import now
from odoo.addons.therapy_billing.tools.phi import find_leaks

#: Days before the last day of a card on which its payer is asked for another one.
ASK_DAYS = 30


class PaymentToken(models.Model):
    """Payers are asked for a new card before the old one ends (F43)."""

    _inherit = "payment.token"

    therapy_expiry_asked = fields.Date(
        string="Asked for a New Card",
        readonly=True,
        copy=False,
        help="The end of the card for which the payer was asked last.",
    )

    @api.model
    def _cron_therapy_ask_expiring(self):
        """Ask the payers of cards that end within 30 days, once per card and end.

        Each in a transaction of its own; it may be stopped and started at any moment.

        :return: None
        """
        today = now().date()
        ending = self._therapy_find_expiring(today, today + timedelta(days=ASK_DAYS))
        waiting = ending.filtered(lambda card: card._therapy_is_to_ask())
        for number, token in enumerate(waiting, start=1):
            card = token.exists().try_lock_for_update()
            if card and card._therapy_is_to_ask():
                card._therapy_ask_for_new_card()
            left = len(waiting) - number
            if not cursor.commit_progress(self.env, lambda left=left: left):
                return

    def _therapy_is_to_ask(self) -> bool:
        """Tell whether the payer of a card that ends was not asked for another yet.

        Note: self.ensure_one()

        :return: whether a mail can and shall leave
        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.active
            and self.company_id.therapy_ask_expiring
            and self.therapy_expiry_asked != self._therapy_get_expiry_date()
            and not self.partner_id.is_insurer
            and self.partner_id._therapy_get_contact_email()
        )

    def _therapy_ask_for_new_card(self):
        """Send the mail, or tell the biller why it could not be sent.

        Note: self.ensure_one(); locked

        :return: None
        """
        self.ensure_one()
        self.therapy_expiry_asked = self._therapy_get_expiry_date()
        payer = self.partner_id
        try:
            with self.env.cr.savepoint():
                mail = self._therapy_prepare_expiry_mail()
        except UserError as error:
            payer._therapy_tell_biller(
                self.env._("%(payer)s was not asked for a new card", payer=payer.name),
                str(error),
            )
            return
        payer._message_log(
            body=self.env._(
                "%(card)s ends on %(day)s. Asked for a new one: %(email)s",
                card=self.display_name,
                day=format_date(self.env, self.therapy_expiry_asked),
                email=mail.email_to,
            )
        )
        mail._therapy_hand_over()

    def _therapy_prepare_expiry_mail(self):
        """Make the mail that asks for a new card.

        Note: self.ensure_one(); in sudo mode

        :return: the mail
        :rtype: recordset of `mail.mail`
        :raise UserError: if it would show what must not leave, or a consent cannot be
            asked for again
        """
        self.ensure_one()
        payer = self.partner_id
        template = self.env.ref("therapy_portal.mail_template_card_expiry")
        url = payer._therapy_get_login_url(
            self._therapy_renew_consent(), payer._therapy_get_contact_email()
        )
        rendered = template.with_context(therapy_url=url)._therapy_render(self)
        if leaks := find_leaks(
            f"{rendered['subject']} {rendered['body_html']}",
            (payer | payer.responsible_for_ids.patient_id).mapped("name"),
            [self.company_id.name],
        ):
            raise UserError(
                self.env._(
                    "The message would show “%(word)s”. Change the e-mail template.",
                    word=leaks[0],
                )
            )
        return self.env["mail.mail"]._therapy_prepare(
            rendered, payer._therapy_get_contact_email()
        )

    def _therapy_renew_consent(self) -> str:
        """Ask again for what was signed for this card; it counts until the new word.

        Note: self.ensure_one(); in sudo mode

        :return: the page where the payer goes on: the form to sign, all of them, or the
            saved cards where nothing was signed
        :rtype: str
        """
        self.ensure_one()
        Authorization = self.env["therapy.card.authorization"]
        payer = [("partner_id", "=", self.partner_id.id)]
        waiting = Authorization.search([*payer, ("state", "=", "requested")])
        asked = Authorization
        for old in Authorization.search(
            [*payer, ("token_id", "=", self.id), ("state", "=", "signed")]
        ):
            same = waiting.filtered(
                lambda new, old=old: (
                    new.company_id == old.company_id
                    and new.patient_ids == old.patient_ids
                )
            )
            asked |= same[:1] or old._therapy_request_again()
        asked.sent_at = now()
        if len(asked) == 1:
            return f"/my/therapy/authorization/{asked.id}"
        return "/my/therapy/authorization" if asked else "/my/payment_method"
