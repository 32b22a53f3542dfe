from odoo import fields, models


class PaymentToken(models.Model):
    """What a card fee depends on (M7)."""

    _inherit = "payment.token"

    is_benefit_card = fields.Boolean(
        string="HSA/FSA Card",
        copy=False,
        help="Paid from a health account: no card fee is taken, and fees for missed "
        "sessions should not be charged to it.",
    )

    def _therapy_get_fee_card(self) -> dict:
        """Return what the fee on a card depends on; for `therapy.fee.rule._get_fee`.

        For a provider that knows the funding of its cards, it must override this
        method.

        Note: self.ensure_one()

        :return: `funding` (credit, debit, prepaid or unknown), `is_benefit_card` and
            `brand`
        :rtype: dict
        """
        self.ensure_one()
        return {
            "funding": "unknown",
            "is_benefit_card": self.is_benefit_card,
            "brand": "",
        }
