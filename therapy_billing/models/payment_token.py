from odoo import models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _therapy_get_fee_card(self) -> dict:
        """Return what a card fee depends on (M7); for `therapy.fee.rule._get_fee`.

        For a provider that knows its cards, it must override this method.

        Note: self.ensure_one()

        :return: `funding` (credit, debit, prepaid or unknown), `is_benefit_card` and
            `brand`
        :rtype: dict
        """
        self.ensure_one()
        return {"funding": "unknown", "is_benefit_card": False, "brand": ""}
