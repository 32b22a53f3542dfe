from odoo import api, models


class PaymentToken(models.Model):
    """Until when a saved card can be charged; its provider's module knows."""

    _inherit = "payment.token"

    def _therapy_get_expiry_date(self):
        """Return the last day on which a card can be charged.

        For a module that knows the expiry of its cards, it must override this method
        and :meth:`_therapy_find_expiring`.

        Note: self.ensure_one()

        :return: None for what does not expire, and where nobody knows
        :rtype: date | None
        """
        self.ensure_one()
        return None

    @api.model
    def _therapy_find_expiring(self, first, last):
        """Return the cards on file that can be charged for the last time in a range.

        :param date first: first day
        :param date last: last day, not more than a year later
        :return: active cards that were not revoked, by id
        :rtype: recordset of `payment.token`
        """
        return self.browse()
