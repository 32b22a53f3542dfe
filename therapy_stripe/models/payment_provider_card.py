import logging
from json import dumps, loads

from odoo import models

from ..outcome import StripeFailure

_logger = logging.getLogger(__name__)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _therapy_read_card(self, confirmation):
        """Override of `therapy_billing` to ask Stripe what card was typed (M7)."""
        if self.code != "stripe":
            return super()._therapy_read_card(confirmation)
        if not confirmation.startswith("ctoken_"):
            return {}
        try:
            adapter = self._therapy_stripe_get_adapter()
            data = adapter.retrieve_confirmation_token(confirmation)
        except StripeFailure as failure:
            _logger.info("No fee: the card could not be read (%s)", failure.code)
            return {}
        preview = data.get("payment_method_preview") or {}
        card = preview.get("card") or {}
        return {
            "funding": card.get("funding") or "unknown",
            "is_benefit_card": False,
            "brand": card.get("brand") or "",
        }

    def _stripe_get_inline_form_values(
        self, amount, currency, partner_id, *args, **kwargs
    ):
        """Override to say whether a card may have a fee at all."""
        values = loads(
            super()._stripe_get_inline_form_values(
                amount, currency, partner_id, *args, **kwargs
            )
        )
        values["has_fee"] = self.company_id.therapy_fee_enabled
        return dumps(values)
