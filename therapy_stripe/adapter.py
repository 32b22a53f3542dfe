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

import contextlib
import functools
import json
import logging

import stripe

from . import const
from .calls import StripeCalls
from .calls_money import StripeMoneyCalls
from .outcome import StripeFailure

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

# The library's methods that change nothing at Stripe, or delete (no key exists for
# that); all others are POSTs.
_READS = frozenset({"retrieve", "retrieve_current", "list", "search", "delete"})


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
    throttled = isinstance(error, stripe.RateLimitError)
    return StripeFailure(
        result,
        error.user_message or type(error).__name__,
        error.code
        or body.get("code")
        or (throttled and "rate_limit")
        or body.get("type")
        or "",
        decline_code=body.get("decline_code"),
        advice_code=body.get("advice_code"),
        request_ref=error.request_id,
        param=body.get("param"),
        intent=body.get("payment_intent"),
        refused=isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)),
    )


@contextlib.contextmanager
def translated_errors():
    """Turn whatever the library raises into a :class:`StripeFailure`.

    :raise StripeFailure: instead of the library's or the network's exceptions
    """
    try:
        yield
    except stripe.StripeError as error:
        raise classify(error) from error
    except OSError as error:
        raise StripeFailure("unknown", type(error).__name__) from error


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


class StripeAdapter(StripeCalls, StripeMoneyCalls):
    """Typed calls to one Stripe account.

    Every method returns plain dicts, and raises nothing but :class:`StripeFailure`,
    whenever no object came back.
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
        super().__init__(self._client.v1)

    @staticmethod
    def _call(method, *args, params=None, key=None):
        if not key and method.__name__ not in _READS:
            raise StripeFailure("error", "A POST without idempotency key", "no_key")
        options = {"idempotency_key": key} if key else {}
        with translated_errors():
            return method(*args, params or {}, options).to_dict()

    @staticmethod
    def _list(method, params):
        with translated_errors():
            for item in method(params).auto_paging_iter():
                yield item.to_dict()

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
        with translated_errors():
            answer = self._client.raw_request(
                method.lower(), f"/v1/{path}", **(params or {}), **options
            )
        return json.loads(answer.body)
