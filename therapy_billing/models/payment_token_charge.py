from odoo import fields, models
from odoo.exceptions import AccessError

from odoo.addons.therapy_billing.tools import clock

#: So many declines of one card in so many days, and it is not tried again: below what
#: the card networks allow (Visa 15, later 20; Mastercard 35).
CARD_DECLINES = 8
CARD_DAYS = 30


class PaymentToken(models.Model):
    """Whether a saved card may be charged without its owner being there (M9)."""

    _inherit = "payment.token"

    therapy_pause_reason = fields.Char(
        string="Paused because",
        readonly=True,
        copy=False,
        help="Nobody charges the card without its payer until a biller decides so.",
    )
    therapy_paused_at = fields.Datetime(string="Paused on", readonly=True, copy=False)

    def action_therapy_unpause(self):
        """Let the card be charged again: a person decided so.

        :return: True
        :raise AccessError: if the user is no biller
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers can change cards on file."))
        self.check_access("read")
        for token_sudo in self.sudo():  # sudo: billers only read tokens; group checked
            token_sudo._therapy_get_same_card().write(
                {"therapy_pause_reason": False, "therapy_paused_at": False}
            )
        return True

    def _therapy_pause(self, reason):
        """Keep everybody from charging the card without its payer.

        :param str reason: in plain words
        """
        self.write({"therapy_pause_reason": reason, "therapy_paused_at": clock.now()})

    def _therapy_get_same_card(self):
        """Return all savings of the same card, whoever saved it, this one included.

        For a provider that knows cards by a fingerprint, it must override this
        method, archived tokens included.

        Note: self.ensure_one()

        :rtype: payment.token
        """
        self.ensure_one()
        return self

    def _therapy_get_charge_problem(self) -> str:
        """Say why the card cannot be charged without its owner, in plain words.

        For a provider that knows more about a card, it must override this method and
        call super.

        Note: self.ensure_one()

        :return: the reason, empty if it can be charged
        :rtype: str
        """
        self.ensure_one()
        if not self.active:
            return self.env._("The card was removed.")
        same = self._therapy_get_same_card()
        reason = next(filter(None, same.mapped("therapy_pause_reason")), "")
        if reason:
            return reason
        since = fields.Datetime.subtract(clock.now(), days=CARD_DAYS)
        declined = self.env["payment.transaction"].search_count(
            [
                ("token_id", "in", same.ids),
                ("state", "=", "error"),
                ("therapy_decline_class", "!=", False),
                ("last_state_change", ">=", since),
            ]
        )
        if declined >= CARD_DECLINES:
            return self.env._(
                "The card was declined %(count)s times in %(days)s days. Ask for "
                "another card.",
                count=declined,
                days=CARD_DAYS,
            )
        return ""
