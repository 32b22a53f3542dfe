"""Endpoints of payment methods."""

from . import bank_methods, customers
from .errors import ApiError, invalid, not_found
from .events import emit
from .metadata import merged
from .methods import (
    ADDRESS_KEYS,
    attach_to,
    detach_from,
    from_number,
    from_token,
    is_token,
    usable,
)
from .routing import route
from .wire import as_list

CREATE = "type card us_bank_account billing_details metadata allow_redisplay"
UPDATE = "billing_details card metadata allow_redisplay us_bank_account"


def find(ctx, method_id):
    """Return the stored payment method the path names."""
    method = ctx.store.get("payment_method", method_id)
    if method is None:
        raise not_found("PaymentMethod", method_id, "payment_method")
    return method


@route(
    "POST",
    "/v1/payment_methods",
    "PaymentMethodCreateParams",
    CREATE,
    publishable="type card us_bank_account billing_details allow_redisplay",
)
def create(ctx):
    """Create a card, unattached.

    A server may name a test token (``card[token]=tok_...``) but not send a number,
    as is the processor's default; numbers come from the sandbox's own page.
    """
    params = ctx.params
    if params.get("type") == bank_methods.TYPE:
        method = bank_methods.from_request(ctx)
        method["allow_redisplay"] = params.get("allow_redisplay", "unspecified")
        return method
    if params.get("type") != "card":
        raise invalid(
            "The sandbox implements payment methods of type card and "
            "us_bank_account only.",
            "type",
            "sandbox_not_implemented",
        )
    card = params.get("card") or {}
    billing = params.get("billing_details")
    metadata = merged({}, params)
    if card.get("token"):
        method = from_token(ctx, card["token"], billing)
    elif not card.get("number"):
        raise invalid(
            "Missing required param: card[number].",
            "card[number]",
            "parameter_missing",
        )
    elif not ctx.publishable:
        raise ApiError(
            402,
            "Sending card numbers from a server is refused, as it is by default at "
            "the processor. Use a test token (pm_card_visa) or the payment form.",
        )
    else:
        method = from_number(ctx, card, billing)
    method["metadata"] = metadata
    method["allow_redisplay"] = params.get("allow_redisplay", "unspecified")
    return method


@route("GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams")
def retrieve(ctx, id):
    """Return one payment method."""
    return find(ctx, id)


@route("POST", "/v1/payment_methods/{id}", "PaymentMethodUpdateParams", UPDATE)
def update(ctx, id):
    """Change billing details, expiry or metadata of a saved card."""
    method, params = find(ctx, id), ctx.params
    if method["customer"] is None:
        raise invalid(
            "You must save this PaymentMethod to a customer before you can update it."
        )
    kind = method["type"]
    changes = _changes(method, params)
    metadata = merged(method["metadata"], params)
    before = {
        kind: dict(method[kind]),
        "billing_details": dict(method["billing_details"]),
        "metadata": method["metadata"],
        "allow_redisplay": method["allow_redisplay"],
    }
    method[kind] = {**method[kind], **changes}
    if params.get("billing_details"):
        method["billing_details"] = _billing(method, params["billing_details"])
    method["metadata"] = metadata
    if params.get("allow_redisplay"):
        method["allow_redisplay"] = params["allow_redisplay"]
    changed = {k: v for k, v in before.items() if method[k] != v}
    emit(ctx, "payment_method.updated", method, changed)
    return method


def _changes(method, params):
    """What may change of a card or of a bank account."""
    other = {"card": bank_methods.TYPE, bank_methods.TYPE: "card"}[method["type"]]
    if params.get(other):
        raise invalid(
            f"You cannot update {other} of a PaymentMethod of the type "
            f"{method['type']}.",
            other,
        )
    changes = params.get(method["type"]) or {}
    if method["type"] == "card" and set(changes) - {"exp_month", "exp_year"}:
        raise invalid("Only exp_month and exp_year of a card can change.", "card")
    return changes


def _billing(method, changes):
    billing = {**method["billing_details"], **changes}
    address = changes.get("address")
    if "address" in changes:
        billing["address"] = {key: (address or {}).get(key) for key in ADDRESS_KEYS}
    return billing


@route(
    "POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", "customer"
)
def attach(ctx, id):
    """Save the card on a customer. ``id`` may be a test token."""
    customer_id = ctx.params.get("customer")
    if not customer_id:
        raise invalid(
            "Missing required param: customer.", "customer", "parameter_missing"
        )
    customers.find(ctx.store, customer_id, "customer")
    if not is_token(id) and find(ctx, id)["customer"]:
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            "payment_method",
        )
    method = usable(ctx, id, customer_id)
    if bank_methods.is_bank(method) and not method["_verified"]:
        raise invalid(
            "A bank account must be verified before it is saved. Use a SetupIntent.",
            "payment_method",
            "bank_account_unverified",
        )
    attach_to(ctx, method, customer_id)
    return method


@route("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams")
def detach(ctx, id):
    """Take the card off its customer for good."""
    method = find(ctx, id)
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so "
            "detachment is impossible.",
            "payment_method",
        )
    detach_from(ctx, method)
    return method


@route(
    "GET",
    "/v1/payment_methods",
    "PaymentMethodListParams",
    "customer type limit starting_after ending_before allow_redisplay",
)
def list_methods(ctx):
    """List the saved methods of ``customer`` (without one: nothing to list)."""
    customer_id = ctx.params.get("customer")
    if customer_id:
        customers.find(ctx.store, customer_id, "customer")
    return _of_customer(ctx, customer_id, "/v1/payment_methods")


@route("GET", "/v1/customers/{id}/payment_methods", "CustomerListPaymentMethodsParams")
def list_of_customer(ctx, id):
    """List the saved methods of the customer in the path."""
    customers.find(ctx.store, id)
    return _of_customer(ctx, id, f"/v1/customers/{id}/payment_methods")


@route(
    "GET",
    "/v1/customers/{id}/payment_methods/{method_id}",
    "CustomerRetrievePaymentMethodParams",
)
def retrieve_of_customer(ctx, id, method_id):
    """Return one saved method of the customer in the path."""
    customers.find(ctx.store, id)
    method = find(ctx, method_id)
    if method["customer"] != id:
        raise not_found("PaymentMethod", method_id, "payment_method")
    return method


def _of_customer(ctx, customer_id, url):
    wanted = {
        name: ctx.params[name]
        for name in ("type", "allow_redisplay")
        if ctx.params.get(name)
    }

    def keep(method):
        if customer_id is None or method["customer"] != customer_id:
            return False
        return all(method[name] == value for name, value in wanted.items())

    return as_list(ctx.store, "payment_method", url, ctx.params, keep)
