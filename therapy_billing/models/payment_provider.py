from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _therapy_get_minimum(self, currency) -> float:
        """Return the least amount that the provider can charge.

        For a provider that has a minimum, it must override this method.

        Note: self.ensure_one()

        :param currency: the `res.currency`
        :return: the amount in the currency; 0 = no minimum
        :rtype: float
        """
        self.ensure_one()
        return 0.0

    def _therapy_read_card(self, confirmation) -> dict:
        """Return what kind of card a payer typed, before it is charged (M7).

        For a provider that can tell, it must override this method.

        Note: self.ensure_one()

        :param str confirmation: what stands for the card at the provider; it came
            from the payer's browser
        :return: see `payment.token._therapy_get_fee_card`; empty if nobody knows
        :rtype: dict
        """
        self.ensure_one()
        return {}
