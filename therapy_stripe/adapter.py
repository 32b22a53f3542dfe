"""The only door to Stripe: no other file of this addon imports the library.

What the door guarantees:

- one API version, whatever version the installed library would choose;
- an idempotency key of ours on every POST, so that a repeated request is one charge;
- two repetitions by the library and a scalar time-out;
- no telemetry, no request body in any log;
- every answer is one of five words: *done*, *pending*, *declined*, *error*
  (configuration; nothing was charged) or *unknown* (ask again, never assume).
  The list is closed: an exception that is not named here means *unknown*.

The adapter knows no Odoo record and no environment: it may be called between two
database transactions, with parameters frozen beforehand.
"""

import functools
import json
import logging
import secrets
from dataclasses import dataclass, field

import stripe

from . import const

stripe.enable_telemetry = False
# At DEBUG the library writes request and response bodies to the log.
logging.getLogger("stripe").setLevel(logging.INFO)

_logger = logging.getLogger(__name__)

# Errors that say for certain that the request was refused before it began.
_REFUSED = (
    stripe.InvalidRequestError,
    stripe.AuthenticationError,
    stripe.PermissionError,
)
# Errors after which nobody knows whether the request was carried out. Also
# everything that is not named at all.
_UNKNOWN = (
    stripe.IdempotencyError,
    stripe.RateLimitError,
    stripe.APIConnectionError,
    stripe.APIError,
)


class StripeFailure(Exception):
    """A call to Stripe that did not return an object.

    :param str result: ``declined``, ``error`` or ``unknown``
    :param str message: Stripe's own words, for staff
    :param str code: Stripe's error code, or a code of ours for a local refusal
    :param dict details: ``decline_code``, ``advice_code``, ``request_ref``,
        ``param``, ``intent`` (the PaymentIntent inside a decline, as a dict)
    """

    def __init__(self, result, message, code="", **details):
        super().__init__(message)
        self.result = result
        self.message = message
        self.code = code or ""
        self.decline_code = details.get("decline_code") or ""
        self.advice_code = details.get("advice_code") or ""
        self.request_ref = details.get("request_ref") or ""
        self.param = details.get("param") or ""
        self.intent = details.get("intent") or {}


@dataclass(frozen=True)
class Outcome:
    """What became of one try to charge, in one of the five words.

    :ivar str result: done, pending, declined, error or unknown
    :ivar dict intent: the PaymentIntent as Stripe returned it, or an empty dict
    """

    result: str
    intent: dict = field(default_factory=dict)
    message: str = ""
    code: str = ""
    decline_code: str = ""
    advice_code: str = ""
    request_ref: str = ""

    @classmethod
    def from_intent(cls, intent):
        """Return the outcome told by the status of a PaymentIntent.

        :param dict intent: PaymentIntent
        :rtype: Outcome
        """
        error = intent.get("last_payment_error") or {}
        return cls(
            result=const.INTENT_RESULTS.get(intent.get("status"), "unknown"),
            intent=intent,
            message=error.get("message") or "",
            code=error.get("code") or "",
            decline_code=error.get("decline_code") or "",
            advice_code=error.get("advice_code") or "",
        )

    @classmethod
    def from_failure(cls, failure):
        """Return the outcome told by a failed call.

        :param StripeFailure failure: what the call raised
        :rtype: Outcome
        """
        return cls(
            result=failure.result,
            intent=failure.intent,
            message=failure.message,
            code=failure.code,
            decline_code=failure.decline_code,
            advice_code=failure.advice_code,
            request_ref=failure.request_ref,
        )


def one_time_key(scope):
    """Return a key for a POST that is harmless to repeat (cancel, detach).

    Such a request must not be answered from Stripe's memory of an earlier one, so
    its key is new at each call; the library's own repetitions share it.

    :param str scope: what is done to what, without personal data
    :rtype: str
    """
    return f"{scope}:{secrets.token_hex(8)}"


def classify(error):
    """Turn an exception of the library into a :class:`StripeFailure`.

    :param stripe.StripeError error: exception
    :rtype: StripeFailure
    """
    body = (error.json_body or {}).get("error") if error.json_body else None
    body = body if isinstance(body, dict) else {}
    if isinstance(error, stripe.CardError):
        result = "declined"
    elif isinstance(error, _REFUSED) and not isinstance(error, _UNKNOWN):
        result = "error"
    else:
        result = "unknown"
    return StripeFailure(
        result,
        error.user_message or type(error).__name__,
        error.code or body.get("code") or body.get("type") or "",
        decline_code=body.get("decline_code"),
        advice_code=body.get("advice_code"),
        request_ref=error.request_id,
        param=body.get("param"),
        intent=body.get("payment_intent"),
    )


@functools.lru_cache(maxsize=64)
def get_adapter(secret_key, api_base):
    """Return the adapter of one Stripe account; one per key and address.

    :param str secret_key: secret or restricted key
    :param str api_base: address of a sandbox without trailing slash, or ""
    :rtype: StripeAdapter
    """
    return StripeAdapter(secret_key, api_base)


def read_event(payload, header, secrets_):
    """Return a webhook's event if one of the secrets signed its raw bytes.

    Nothing of the payload is looked at before a signature was found right.

    :param bytes payload: body of the request, exactly as received
    :param str header: value of ``Stripe-Signature``
    :param secrets_: the endpoint's signing secrets, current and previous
    :return: the event, or None when no secret signed it or the time is off
    :rtype: dict | None
    """
    for secret in filter(None, secrets_):
        try:
            stripe.WebhookSignature.verify_header(
                payload, header, secret, const.WEBHOOK_TOLERANCE
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        try:
            event = json.loads(payload)
        except ValueError:
            return None
        return event if isinstance(event, dict) else None
    return None


class StripeAdapter:
    """Typed calls to one Stripe account.

    Every method returns plain dicts and raises nothing but :class:`StripeFailure`.
    """

    def __init__(self, secret_key, api_base=""):
        bases = {"base_addresses": {"api": api_base}} if api_base else {}
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=const.API_VERSION,
            max_network_retries=const.NETWORK_RETRIES,
            http_client=stripe.RequestsClient(timeout=const.TIMEOUT),
            **bases,
        )
        self._api = self._client.v1

    @staticmethod
    def _call(method, *args, params=None, key=None):
        options = {"idempotency_key": key} if key else {}
        try:
            answer = method(*args, params or {}, options)
        except stripe.StripeError as error:
            raise classify(error) from error
        except OSError as error:
            raise StripeFailure("unknown", type(error).__name__) from error
        return answer.to_dict()

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
            return Outcome.from_failure(failure)
        return Outcome.from_intent(intent)

    def create_payment_intent(self, params, key):
        """Create a PaymentIntent.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :return: PaymentIntent
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.payment_intents.create, params=params, key=key)

    def retrieve_payment_intent(self, intent_ref):
        """Return a PaymentIntent with its latest charge and payment method.

        :param str intent_ref: ``pi_...``
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        params = {"expand": ["latest_charge", "payment_method"]}
        return self._call(
            self._api.payment_intents.retrieve, intent_ref, params=params
        )

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
        :raise StripeFailure: if no object was returned
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
        try:
            page = self._api.payment_intents.list(params)
            for intent in page.auto_paging_iter():
                found = intent.to_dict()
                carried = found.get("metadata") or {}
                if all(carried.get(key) == metadata[key] for key in metadata):
                    return found
        except stripe.StripeError as error:
            raise classify(error) from error
        except OSError as error:
            raise StripeFailure("unknown", type(error).__name__) from error
        return {}

    # === CARDS === #

    def create_customer(self, params, key):
        """Create a Customer.

        :param dict params: parameters of the request, without personal data
        :param str key: idempotency key
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.customers.create, params=params, key=key)

    def create_setup_intent(self, params, key):
        """Create a SetupIntent.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.setup_intents.create, params=params, key=key)

    def retrieve_setup_intent(self, intent_ref):
        """Return a SetupIntent with its payment method.

        :param str intent_ref: ``seti_...``
        :rtype: dict
        :raise StripeFailure: if no object was returned
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

    def retrieve_payment_method(self, method_ref):
        """Return a PaymentMethod.

        :param str method_ref: ``pm_...``
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.payment_methods.retrieve, method_ref)

    # === REFUNDS === #

    def create_refund(self, params, key):
        """Create a Refund.

        :param dict params: parameters of the request
        :param str key: idempotency key
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.refunds.create, params=params, key=key)

    def retrieve_refund(self, refund_ref):
        """Return a Refund.

        :param str refund_ref: ``re_...``
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        return self._call(self._api.refunds.retrieve, refund_ref)

    # === ENDPOINT === #

    def create_webhook_endpoint(self, url, key):
        """Create the webhook endpoint of this database and return it, with its secret.

        :param str url: public address of the webhook
        :param str key: idempotency key
        :rtype: dict
        :raise StripeFailure: if no object was returned
        """
        params = {
            "url": url,
            "enabled_events": list(const.WEBHOOK_EVENTS),
            "api_version": const.API_VERSION,
        }
        return self._call(self._api.webhook_endpoints.create, params=params, key=key)

    def delete_webhook_endpoint(self, endpoint_ref):
        """Delete a webhook endpoint.

        :param str endpoint_ref: ``we_...``
        :rtype: dict
        :raise StripeFailure: if it could not be deleted
        """
        return self._call(self._api.webhook_endpoints.delete, endpoint_ref)

    # === REQUESTS THAT CORE MAKES === #

    def raw(self, method, path, params=None, key=None):
        """Send a request that has no method of its own here.

        :param str method: ``GET``, ``POST`` or ``DELETE``
        :param str path: path below ``/v1/``
        :param dict params: parameters of the request
        :param str key: idempotency key; required for POST
        :return: the object
        :rtype: dict
        :raise StripeFailure: if no object was returned, or a POST has no key
        """
        if method == "POST" and not key:
            raise StripeFailure("error", "A POST without idempotency key", "no_key")
        options = {"idempotency_key": key} if key else {}
        try:
            answer = self._client.raw_request(
                method.lower(), f"/v1/{path}", **(params or {}), **options
            )
        except stripe.StripeError as error:
            raise classify(error) from error
        return json.loads(answer.body)
