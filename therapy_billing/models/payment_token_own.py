from odoo import models
from odoo.exceptions import AccessError


class PaymentToken(models.Model):
    """A payer's saved cards are nobody else's, whoever stands below in the contacts.

    Core takes a company's people for one customer: they see, and may remove, what is
    saved for the company. A payer is a person (M12, D3).
    """

    _inherit = "payment.token"

    def write(self, vals):
        """Override of `payment`: a portal user removes no other payer's card.

        :raise AccessError: for somebody else's
        """
        if self.env.user._is_portal() and not vals.get("active", True):
            partner = self.env.user.partner_id
            if self != self._therapy_filter_shown_to(partner):
                raise AccessError(self.env._("This card is not yours."))
        return super().write(vals)

    def _get_available_tokens(
        self, providers_ids, partner_id, is_validation=False, **kwargs
    ):
        """Override of `payment` to leave out what is another payer's."""
        tokens = super()._get_available_tokens(
            providers_ids, partner_id, is_validation=is_validation, **kwargs
        )
        return tokens._therapy_filter_shown_to(
            self.env["res.partner"].browse(partner_id)
        )

    def _therapy_filter_shown_to(self, partner):
        """Return the saved cards that are not those of another payer.

        :param partner: who looks, a `res.partner`
        :return: the cards, in their order
        :rtype: recordset of `payment.token`
        """
        others = self.partner_id - partner
        hidden = others and others._therapy_filter_payers()
        return self.filtered(lambda token: token.partner_id not in hidden)
