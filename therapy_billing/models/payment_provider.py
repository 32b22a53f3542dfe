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
