from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools import clock

# Days before the expiry of a card on which the biller is told, longest first.
_NOTICE_DAYS = (30, 7)


class PaymentToken(models.Model):
    """Who is told what about saved cards."""

    _inherit = "payment.token"

    expiry_told = fields.Integer(
        string="Expiry Announced (days before)",
        readonly=True,
        copy=False,
        help="The latest announcement made: 30 or 7 days before the expiry.",
    )

    def _therapy_log(self, what):
        """Write a line on the payer's record: which card, what happened, by whom.

        :param str what: end of a sentence that begins with the card
        """
        for token in self:
            partner_sudo = token.partner_id.sudo()  # sudo: payers manage own cards
            partner_sudo._message_log(
                body=f"{token.display_name} {what}.",
                author_id=self.env.user.partner_id.id,
            )

    def _therapy_on_added(self):
        """Log a new card, and tell the biller when the payer added it alone."""
        for token in self:
            channels = dict(
                self._fields["consent_channel"]._description_selection(self.env)
            )
            token._therapy_log(
                self.env._(
                    "was saved (%(channel)s)",
                    channel=channels.get(token.consent_channel) or "?",
                )
            )
            if token.consent_user_id or not token.is_verified:
                continue
            token.partner_id._therapy_tell_biller(
                self.env._("New payment method: %s", token.display_name),
                self.env._("The payer added it in the portal."),
            )

    @api.model
    def _cron_therapy_announce_expiry(self):
        """Tell billers of cards that expire, 30 and 7 days before.

        Only cards whose month ends within that time are looked at; each is announced
        once for each term, however often this runs.
        """
        today = clock.now().date()
        last = today + timedelta(days=_NOTICE_DAYS[0])
        for token in self._therapy_find_expiring(today, last):
            token._therapy_announce_expiry(today)

    @api.model
    def _therapy_find_expiring(self, first, last):
        """Override of `therapy_billing`: Stripe tells month and year of a card.

        :param date first: first day
        :param date last: last day
        :rtype: recordset of `payment.token`
        """
        months, day = [], first.replace(day=1)
        while day <= last:
            months.append(Domain("exp_year", "=", day.year))
            months[-1] &= Domain("exp_month", "=", day.month)
            day += relativedelta(months=1)
        cards = self.search(
            Domain("provider_code", "=", "stripe")
            & Domain("is_revoked", "=", False)
            & Domain.OR(months),
            order="id",
        )
        return super()._therapy_find_expiring(first, last) | cards.filtered(
            lambda card: first <= card._therapy_get_expiry_date() <= last
        )

    def _therapy_announce_expiry(self, today):
        """Tell the biller of a card that expires soon, once for each term.

        Note: self.ensure_one()

        :param date today: day
        """
        self.ensure_one()
        left = (self._therapy_get_expiry_date() - today).days
        terms = [days for days in _NOTICE_DAYS if left <= days]
        if left < 0 or not terms or self.expiry_told == terms[-1]:
            return
        self.expiry_told = terms[-1]
        self.partner_id._therapy_tell_biller(
            self.env._(
                "%(card)s expires %(expiry)s",
                card=self.display_name,
                expiry=self.expiry,
            ),
            self.env._("Ask the payer for a new card, or wait for the bank's update."),
        )
