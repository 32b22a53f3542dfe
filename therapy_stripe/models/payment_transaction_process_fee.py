from odoo import fields, models


class PaymentTransaction(models.Model):
    """The kind of card that was really charged, and what it means for a fee (M7)."""

    _inherit = "payment.transaction"

    therapy_charged_funding = fields.Char(
        string="Funding of the Charge",
        readonly=True,
        copy=False,
        help="Kind of the account behind the card that was charged, as Stripe says.",
    )

    def _therapy_stripe_on_succeeded(self, intent):
        """Override to look at the kind of the card that was charged."""
        result = super()._therapy_stripe_on_succeeded(intent)
        self._therapy_stripe_check_funding(intent.get("latest_charge"))
        return result

    def _therapy_stripe_check_funding(self, charge):
        """Give a fee back that was taken from no credit card.

        A card may be replaced between the page and the charge, or be typed anew.

        Note: self.ensure_one()

        :param dict charge: Stripe's charge; nothing is done if it was not fetched
        """
        self.ensure_one()
        if not isinstance(charge, dict) or self.therapy_charged_funding:
            return
        details = charge.get("payment_method_details") or {}
        card = details.get("card") or {}
        self.therapy_charged_funding = card.get("funding") or details.get("type")
        if self.fee_amount and self.therapy_charged_funding != "credit":
            self._therapy_owe_fee()
