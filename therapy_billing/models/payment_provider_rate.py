from odoo import fields, models

#: Charges per second where a provider has no number of its own: far below what card
#: processors allow.
RATE_LIVE, RATE_TEST = 15.0, 8.0


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    therapy_charge_rate = fields.Float(
        string="Charges per Second",
        digits=(6, 1),
        help="How fast a charge run asks this processor, all servers together. 0 means "
        "15 in live mode and 8 in test mode.",
    )

    _therapy_charge_rate_range = models.Constraint(
        "CHECK(therapy_charge_rate >= 0 AND therapy_charge_rate <= 100)",
        "The charges per second are between 0 and 100.",
    )

    def _therapy_get_charge_rate(self) -> float:
        """Return how many calls a second a charge run may make.

        Note: self.ensure_one()

        :return: calls per second, above 0
        :rtype: float
        """
        self.ensure_one()
        if self.therapy_charge_rate:
            return self.therapy_charge_rate
        return RATE_LIVE if self.state == "enabled" else RATE_TEST
