from odoo import models
from odoo.exceptions import LockError, UserError, ValidationError

from odoo.addons.payment_stripe.controllers.main import StripeController

from ..outcome import StripeFailure


class PaymentTransaction(models.Model):
    """Taking the money of a payment that was only authorized, or letting it go.

    What pays bills or pays ahead is captured itself: the reservation, the fee and who
    pays are on it. Core's child transaction has nothing of that, and would book it
    otherwise.
    """

    _inherit = "payment.transaction"

    def _capture(self, amount_to_capture=None):
        """Override of `payment` to capture what is ours without a child.

        :param float amount_to_capture: not used: Stripe's provider captures it all
        :return: the transaction that has the result
        :rtype: payment.transaction
        :raise UserError: if Stripe refused or could not be reached
        """
        if self.provider_code != "stripe" or not self._therapy_is_ours():
            return super()._capture(amount_to_capture)
        return self._therapy_stripe_settle(
            lambda adapter: adapter.capture_payment_intent(
                self.provider_reference, f"tk1:{self.uuid}"
            )
        )

    def _void(self, amount_to_void=None):
        """Override of `payment` to void what is ours without a child.

        :param float amount_to_void: not used: Stripe's provider voids it all
        :return: the transaction that has the result
        :rtype: payment.transaction
        :raise UserError: if Stripe refused or could not be reached
        """
        if self.provider_code != "stripe" or not self._therapy_is_ours():
            return super()._void(amount_to_void)
        return self._therapy_stripe_settle(
            lambda adapter: adapter.cancel_payment_intent(self.provider_reference)
        )

    def _therapy_stripe_settle(self, request):
        """Send a request on an authorized intent, and apply the answer.

        Note: self.ensure_one()

        :param callable request: gets the adapter, returns the intent
        :return: the transaction
        :rtype: payment.transaction
        :raise UserError: if Stripe refused or could not be reached
        """
        self.ensure_one()
        self._ensure_provider_is_not_disabled()
        if not self.provider_reference:
            raise UserError(self.env._("Stripe knows nothing of this payment."))
        try:
            try:
                intent = request(self.provider_id._therapy_stripe_get_adapter())
                self._therapy_stripe_apply(intent)
            except StripeFailure as failure:
                if not failure.code.endswith("_intent_unexpected_state"):
                    raise
                # It was taken or let go at Stripe, and we were not told.
                self._therapy_stripe_refresh()
                if self.state == "authorized":
                    raise
        except StripeFailure as failure:
            raise UserError(
                self.env._(
                    "The payment stays authorized. Stripe says: %s", failure.message
                )
            ) from failure
        except LockError:
            raise UserError(
                self.env._("The payment is being worked on. Try again in a moment.")
            ) from None
        return self

    # === WHAT PAYS NO BILL === #

    def _send_capture_request(self):
        """Override of `payment_stripe` to capture with a key.

        :raise ValidationError: if Stripe refused
        """
        if self.provider_code != "stripe":
            return super()._send_capture_request()
        source_ref = self.source_transaction_id.provider_reference
        self._therapy_stripe_process_child(
            lambda adapter: adapter.capture_payment_intent(
                source_ref, f"tk1:{self.uuid}"
            )
        )
        return None

    def _send_void_request(self):
        """Override of `payment_stripe` to void with a key.

        :raise ValidationError: if Stripe refused
        """
        if self.provider_code != "stripe":
            return super()._send_void_request()
        source_ref = self.source_transaction_id.provider_reference
        self._therapy_stripe_process_child(
            lambda adapter: adapter.cancel_payment_intent(source_ref)
        )
        return None

    def _therapy_stripe_process_child(self, request):
        """Send a request on the source's intent and process the answer.

        :param callable request: gets the adapter, returns the intent
        :raise ValidationError: if Stripe refused, or knows nothing of the source
        """
        if not self.source_transaction_id.provider_reference:
            raise ValidationError(
                self.env._("Stripe knows nothing of the payment this belongs to.")
            )
        intent = self._therapy_stripe_request(request)
        if intent:
            data = {"reference": self.reference}
            StripeController._include_payment_intent_in_payment_data(intent, data)
            self._process("stripe", data)

    def _therapy_stripe_request(self, request):
        """Send a request and return its object; mark the try pending if unknown.

        :param callable request: gets the adapter, returns a dict
        :return: the object, or None if the result is unknown
        :rtype: dict | None
        :raise ValidationError: if Stripe refused
        """
        try:
            return request(self.provider_id._therapy_stripe_get_adapter())
        except StripeFailure as failure:
            if failure.result == "unknown":
                self._set_pending(state_message=failure.message)
                return None
            raise ValidationError(failure.message) from failure
