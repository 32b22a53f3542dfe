"""The calls this addon makes to Stripe, one method each.

The class knows the library's services only through the object it is given; how a
call is sent, repeated and understood is for the adapter.
"""

import contextlib
import dataclasses
import secrets

from .outcome import Outcome, StripeFailure


def one_time_key(scope):
    """Return a key for a POST that is harmless to repeat (cancel, detach).

    Such a request must not be answered from Stripe's memory of an earlier one, so
    its key is new at each call; the library's own repetitions share it.

    :param str scope: what is done to what, without personal data
    :rtype: str
    """
    return f"{scope}:{secrets.token_hex(8)}"


class StripeCalls:
    """Typed calls; base of the adapter."""

    def __init__(self, api):
        self._api = api

    @staticmethod
    def _call(method, *args, params=None, key=None):
        raise NotImplementedError

    @staticmethod
    def _list(method, params):
        raise NotImplementedError

    # === CHARGES === #

    def charge(self, params, key):
        """Create and confirm a PaymentIntent; never raise.

        :param dict params: parameters frozen before the call
        :param str key: idempotency key of this try
        :rtype: Outcome
        """
        try:
            intent = self.create_payment_intent(params, key)
        except StripeFailure as failure:
            outcome = Outcome.from_failure(failure)
        else:
            outcome = Outcome.from_intent(intent)
        if outcome.needs_payer and outcome.intent.get("id"):
            # The payer will pay in another way: this intent must not succeed too.
            with contextlib.suppress(StripeFailure):
                closed = self.cancel_payment_intent(outcome.intent["id"])
                outcome = dataclasses.replace(outcome, intent=closed)
        return outcome

    def create_payment_intent(self, params, key):
        """Create a PaymentIntent.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :return: PaymentIntent
        :rtype: dict
        """
        return self._call(self._api.payment_intents.create, params=params, key=key)

    def retrieve_payment_intent(self, intent_ref):
        """Return a PaymentIntent with its latest charge and payment method.

        :param str intent_ref: ``pi_...``
        :rtype: dict
        """
        params = {"expand": ["latest_charge", "payment_method"]}
        return self._call(self._api.payment_intents.retrieve, intent_ref, params=params)

    def cancel_payment_intent(self, intent_ref):
        """Cancel a PaymentIntent.

        :param str intent_ref: ``pi_...``
        :rtype: dict
        :raise StripeFailure: code ``payment_intent_unexpected_state`` if too late
        """
        return self._call(
            self._api.payment_intents.cancel,
            intent_ref,
            key=one_time_key(f"cancel:{intent_ref}"),
        )

    def capture_payment_intent(self, intent_ref, key):
        """Capture an authorized PaymentIntent.

        :param str intent_ref: ``pi_...``
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(self._api.payment_intents.capture, intent_ref, key=key)

    def find_payment_intent(self, customer_ref, since, metadata):
        """Return the customer's PaymentIntent that carries our metadata.

        A list, not a search: Stripe's search may lag behind for an hour.

        :param str customer_ref: ``cus_...``
        :param int since: unix time of the earliest creation
        :param dict metadata: keys and values that must all match
        :return: the PaymentIntent, or an empty dict when there is none
        :rtype: dict
        :raise StripeFailure: if the list could not be read to its end
        """
        params = {
            "customer": customer_ref,
            "created": {"gte": since},
            "limit": 100,
            "expand": ["data.latest_charge", "data.payment_method"],
        }
        for intent in self._list(self._api.payment_intents.list, params):
            carried = intent.get("metadata") or {}
            if all(carried.get(key) == metadata[key] for key in metadata):
                return intent
        return {}

    # === CARDS === #

    def create_customer(self, params, key):
        """Create a Customer.

        :param dict params: parameters of the request, without personal data
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(self._api.customers.create, params=params, key=key)

    def create_setup_intent(self, params, key):
        """Create a SetupIntent.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(self._api.setup_intents.create, params=params, key=key)

    def retrieve_setup_intent(self, intent_ref):
        """Return a SetupIntent with its payment method.

        :param str intent_ref: ``seti_...``
        :rtype: dict
        """
        params = {"expand": ["payment_method"]}
        return self._call(self._api.setup_intents.retrieve, intent_ref, params=params)

    def cancel_setup_intent(self, intent_ref):
        """Cancel a SetupIntent.

        :param str intent_ref: ``seti_...``
        :rtype: dict
        :raise StripeFailure: code ``setup_intent_unexpected_state`` if too late
        """
        return self._call(
            self._api.setup_intents.cancel,
            intent_ref,
            key=one_time_key(f"cancel:{intent_ref}"),
        )

    def verify_setup_intent(self, intent_ref, params, key):
        """Prove a bank account by its two small deposits.

        :param str intent_ref: ``seti_...``
        :param dict params: ``descriptor_code`` or ``amounts``
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(
            self._api.setup_intents.verify_microdeposits,
            intent_ref,
            params=params,
            key=key,
        )

    def retrieve_mandate(self, mandate_ref):
        """Return a Mandate.

        :param str mandate_ref: ``mandate_...``
        :rtype: dict
        """
        return self._call(self._api.mandates.retrieve, mandate_ref)

    def retrieve_payment_method(self, method_ref):
        """Return a PaymentMethod.

        :param str method_ref: ``pm_...``
        :rtype: dict
        """
        return self._call(self._api.payment_methods.retrieve, method_ref)

    def update_payment_method(self, method_ref, params, key):
        """Change what can be changed of a PaymentMethod.

        :param str method_ref: ``pm_...``
        :param dict params: parameters of the request
        :param str key: idempotency key
        :rtype: dict
        """
        return self._call(
            self._api.payment_methods.update, method_ref, params=params, key=key
        )

    def detach_payment_method(self, method_ref):
        """Take a PaymentMethod from its customer: it can never be charged again.

        :param str method_ref: ``pm_...``
        :rtype: dict
        :raise StripeFailure: if it is not attached, or Stripe did not answer
        """
        return self._call(
            self._api.payment_methods.detach,
            method_ref,
            key=one_time_key(f"detach:{method_ref}"),
        )

    # === ACCOUNT === #

    def retrieve_account(self):
        """Return the Stripe account that the key belongs to.

        :rtype: dict
        """
        return self._call(self._api.accounts.retrieve_current)

    # === ENDPOINT === #

    def delete_webhook_endpoint(self, endpoint_ref):
        """Delete a webhook endpoint.

        :param str endpoint_ref: ``we_...``
        :rtype: dict
        :raise StripeFailure: if it could not be deleted
        """
        return self._call(self._api.webhook_endpoints.delete, endpoint_ref)
