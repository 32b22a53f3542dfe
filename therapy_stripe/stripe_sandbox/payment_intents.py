"""Endpoints of payment intents."""

import re

from . import charges, confirmation_tokens, customers, payment_flow
from .errors import invalid
from .events import emit
from .intents import (
    NO_LONGER_SUPPORTED,
    SELECTORS,
    check_type,
    find,
    select_types,
    write_options,
    wrong_state,
)
from .metadata import merged
from .methods import usable
from .routing import route

#: Smallest amount per currency, in minor units; 50 where none is listed.
MINIMUM = {"gbp": 30, "jpy": 50, "mxn": 1000}
CURRENCIES = set(
    "usd eur gbp cad aud nzd chf sek nok dkk jpy mxn pln czk huf sgd hkd inr".split()
)
MAXIMUM = 99_999_999
MAX_DESCRIPTION, MAX_DESCRIPTOR = 1000, 22
UPDATABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
TABLE = "payment_intent"

ATTRIBUTES = (
    "allowed_payment_method_types excluded_payment_method_types "
    "payment_method payment_method_options receipt_email setup_future_usage shipping "
    "capture_method"
)
CONFIRM = (
    f"{ATTRIBUTES} confirmation_token error_on_requires_action mandate mandate_data "
    "off_session return_url use_stripe_sdk"
)
UPDATE = (
    f"{ATTRIBUTES} amount currency customer description metadata "
    "statement_descriptor statement_descriptor_suffix"
)
CREATE = f"{CONFIRM} {UPDATE} automatic_payment_methods confirm confirmation_method"
BROWSER = (
    "confirmation_token payment_method return_url receipt_email shipping "
    "setup_future_usage use_stripe_sdk"
)
#: Parameters of creation that only mean something together with ``confirm``.
ONLY_WITH_CONFIRM = (
    "confirmation_token",
    "error_on_requires_action",
    "mandate",
    "mandate_data",
    "off_session",
    "return_url",
)


def check_amount(amount, currency):
    """Refuse amounts (minor units) outside the processor's limits."""
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", "currency")
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            "amount",
            "parameter_invalid_integer",
        )
    minimum = MINIMUM.get(currency, 50)
    if amount < minimum:
        raise invalid(
            f"Amount must be at least {minimum} minor units of {currency}.",
            "amount",
            "amount_too_small",
        )
    if amount > MAXIMUM:
        raise invalid(
            f"Amount must be no more than {MAXIMUM} minor units.",
            "amount",
            "amount_too_large",
        )


def check_texts(params):
    """Apply the rules for description and statement descriptors."""
    if len(params.get("description") or "") > MAX_DESCRIPTION:
        raise invalid(
            f"Invalid description: at most {MAX_DESCRIPTION} characters.", "description"
        )
    if params.get("statement_descriptor"):
        raise invalid(
            "The statement_descriptor parameter is not supported for card payments. "
            "Use statement_descriptor_suffix instead.",
            "statement_descriptor",
        )
    suffix = params.get("statement_descriptor_suffix")
    if not suffix:
        return
    room = MAX_DESCRIPTOR - len(f"{charges.DESCRIPTOR_PREFIX}* ")
    if (
        len(suffix) > room
        or re.search(r"[<>\\'\"*]", suffix)
        or not suffix.isascii()
        or not re.search("[A-Za-z]", suffix)
    ):
        raise invalid(
            "The statement descriptor suffix must have at least one letter, no other "
            f"than Latin characters, none of < > \\ ' \" *, and at most {room} "
            "characters beside this account's prefix.",
            "statement_descriptor_suffix",
        )


@route(
    "POST",
    "/v1/payment_intents",
    "PaymentIntentCreateParams",
    CREATE,
    refused=NO_LONGER_SUPPORTED,
)
def create(ctx):
    """Create an intent, and confirm it at once with ``confirm=true``."""
    params = ctx.params
    if params.get("confirm"):
        confirmation_tokens.apply(ctx)
    intent = _new(ctx)
    if not params.get("confirm"):
        for name in ONLY_WITH_CONFIRM:
            if params.get(name) is not None:
                raise invalid(
                    f"{name} can only be used when confirm=true.",
                    name,
                )
        method = None
        if params.get("payment_method"):
            method = usable(ctx, params["payment_method"], intent["customer"])
            check_type(intent, method)
            intent["payment_method"] = method["id"]
            intent["status"] = "requires_confirmation"
        ctx.store.put(TABLE, intent)
        emit(ctx, "payment_intent.created", intent)
        return intent
    method = payment_flow.check(ctx, intent, params)
    ctx.store.put(TABLE, intent)
    emit(ctx, "payment_intent.created", intent)
    return payment_flow.confirm(ctx, intent, method, params)


def _new(ctx):
    """Build the intent that the parameters describe, without storing it."""
    store, params = ctx.store, ctx.params
    currency = params["currency"].lower()
    check_amount(params["amount"], currency)
    check_texts(params)
    if params.get("customer"):
        customers.find(store, params["customer"], "customer")
    if params.get("confirmation_method") == "manual":
        raise invalid(
            "The sandbox implements automatic confirmation only.",
            "confirmation_method",
            "sandbox_not_implemented",
        )
    intent_id = store.new_id("pi")
    intent = {
        "id": intent_id,
        "object": TABLE,
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{store.token(24)}",
        "confirmation_method": "automatic",
        "created": store.now(),
        "currency": currency,
        "customer": params.get("customer"),
        "description": params.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": merged({}, params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "processing": None,
        "receipt_email": params.get("receipt_email"),
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": params.get("shipping"),
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    select_types(store, intent, params)
    write_options(intent, params)
    return intent


@route("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", publishable="")
def retrieve(ctx, id):
    """Return one intent."""
    return find(ctx, TABLE, id)


@route(
    "POST",
    "/v1/payment_intents/{id}",
    "PaymentIntentUpdateParams",
    UPDATE,
    refused=NO_LONGER_SUPPORTED,
)
def update(ctx, id):
    """Change an intent that is not final; afterwards only metadata, description."""
    intent, params = find(ctx, TABLE, id), ctx.params
    always = {"metadata", "description", "expand"}
    if intent["status"] not in UPDATABLE and set(params) - always:
        raise wrong_state(intent, "update", "payment_intent_unexpected_state")
    check_texts(params)
    currency = params.get("currency", intent["currency"]).lower()
    check_amount(params.get("amount", intent["amount"]), currency)
    customer = params.get("customer", intent["customer"])
    if params.get("customer"):
        customers.find(ctx.store, customer, "customer")
    metadata = merged(intent["metadata"], params)
    draft = {**intent}
    if any(params.get(name) is not None for name in SELECTORS):
        select_types(ctx.store, draft, params)
    write_options(draft, params)
    if params.get("payment_method"):
        method = usable(ctx, params["payment_method"], customer)
        check_type(draft, method)
        draft["payment_method"] = method["id"]
        draft["status"] = "requires_confirmation"
        draft["next_action"] = None
    for name in (
        "amount capture_method customer description receipt_email setup_future_usage "
        "shipping statement_descriptor_suffix"
    ).split():
        if name in params:
            draft[name] = params[name]
    intent.update(draft, currency=currency, metadata=metadata)
    return intent


@route(
    "POST",
    "/v1/payment_intents/{id}/confirm",
    "PaymentIntentConfirmParams",
    CONFIRM,
    publishable=BROWSER,
    refused=NO_LONGER_SUPPORTED,
)
def confirm(ctx, id):
    """Confirm an intent, from a server or from the payer's browser."""
    intent, params = find(ctx, TABLE, id), ctx.params
    confirmation_tokens.apply(ctx)
    draft = {**intent}
    if any(params.get(name) is not None for name in SELECTORS):
        select_types(ctx.store, draft, params)
    write_options(draft, params)
    method = payment_flow.check(ctx, draft, params)
    intent.update(draft)
    return payment_flow.confirm(ctx, intent, method, params)
