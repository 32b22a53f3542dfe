from functools import partial

from odoo import models
from odoo.exceptions import ValidationError

from ..outcome import Outcome, StripeFailure


class PaymentTransaction(models.Model):
    """Stripe's part in charge runs: calls for threads, and what declines mean."""

    _inherit = "payment.transaction"

    def _therapy_freeze_charge(self):
        """Override of `therapy_billing`: the same request as for a single charge."""
        if self.provider_code != "stripe":
            return super()._therapy_freeze_charge()
        try:
            adapter = self.provider_id._therapy_stripe_get_adapter()
        except StripeFailure as failure:
            raise ValidationError(failure.message) from failure
        return partial(adapter.charge, *self._therapy_stripe_freeze())

    def _therapy_record_answer(self, answer):
        """Override of `therapy_billing` to record an outcome."""
        if self.provider_code != "stripe":
            return super()._therapy_record_answer(answer)
        return self._therapy_stripe_record(answer or Outcome("unknown"))

    def _therapy_get_decline_codes(self):
        """Override of `therapy_billing`: Stripe's codes of a decision of the bank."""
        if self.provider_code != "stripe":
            return super()._therapy_get_decline_codes()
        if self.therapy_stripe_result == "error":
            return []  # Our settings, not the card.
        codes = (
            self.therapy_stripe_advice_code,
            self.therapy_stripe_decline_code,
            self.therapy_stripe_code,
        )
        # "card_declined" only says that another code says why.
        found = [code for code in codes if code and code != "card_declined"]
        return found or [code for code in codes if code]

    def _therapy_get_payer_reason(self):
        """Override of `therapy_billing`: the same sentence in the reader's language."""
        if self.provider_code == "stripe" and (
            self.therapy_stripe_decline_code
            or self.therapy_stripe_result in ("declined", "error")
        ):
            return self._therapy_stripe_explain()
        return super()._therapy_get_payer_reason()
