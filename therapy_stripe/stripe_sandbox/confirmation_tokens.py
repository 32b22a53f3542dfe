"""Confirmation tokens: what a payer's form holds, to be looked at before paying."""

from . import mandates
from .bank_methods import is_bank
from .errors import invalid, not_found
from .methods import from_token, is_token, snapshot, usable
from .routing import route

TABLE = "confirmation_token"
PARAMS = "test_helpers.ConfirmationTokenCreateParams"
WRITABLE = "payment_method return_url setup_future_usage shipping"
#: Seconds after which a token that was not used is worthless.
LIFE = 12 * 3600


@route("POST", "/v1/confirmation_tokens", PARAMS, publishable=WRITABLE)
def create(ctx):
    """Create a token in a payer's browser of what the payment form made."""
    if not ctx.publishable:
        raise invalid(
            "Confirmation tokens are made by a script in the payer's browser. Tests "
            "use /v1/test_helpers/confirmation_tokens."
        )
    return _create(ctx, shown=False)


@route("POST", f"/v1/test_helpers/{TABLE}s", PARAMS, WRITABLE)
def create_test(ctx):
    """Create a token of a test token or a saved payment method, without a browser."""
    return _create(ctx, shown=True)


def _create(ctx, shown):
    """Store a token; ``shown``: tell which saved payment method it stands for."""
    name = ctx.params.get("payment_method")
    if not name:
        raise invalid(
            "Missing required param: payment_method.",
            "payment_method",
            "parameter_missing",
        )
    if is_token(name):
        method, shown = from_token(ctx, name), False
    else:
        method = ctx.store.get("payment_method", name)
        if method is None:
            raise not_found("PaymentMethod", name, "payment_method", 400)
        usable(ctx, name, method["customer"])
    token = {
        "id": ctx.store.new_id("ctoken"),
        "object": TABLE,
        "created": ctx.store.now(),
        "expires_at": ctx.store.now() + LIFE,
        "livemode": False,
        "mandate_data": _mandate_data(method),
        "payment_intent": None,
        "payment_method_options": None,
        "payment_method_preview": _preview(method),
        "return_url": ctx.params.get("return_url"),
        "setup_future_usage": ctx.params.get("setup_future_usage"),
        "setup_intent": None,
        "shipping": ctx.params.get("shipping"),
        "use_stripe_sdk": ctx.publishable,
        "_payment_method": method["id"],
    }
    if shown:
        token["payment_method_preview"]["customer"] = method["customer"]
    return ctx.store.put(TABLE, token)


def _mandate_data(method):
    """The form shows the terms of a bank debit; going on accepts them."""
    if not is_bank(method):
        return None
    return {"customer_acceptance": mandates.FROM_BROWSER}


def _preview(method):
    found = snapshot(method)
    names = ("allow_redisplay", "billing_details", "customer", "type", method["type"])
    return {name: found[name] for name in names}


@route("GET", "/v1/confirmation_tokens/{id}", "ConfirmationTokenRetrieveParams")
def retrieve(ctx, id):
    """Return one token; ``payment_method_preview.card.funding`` tells the funding."""
    token = ctx.store.get(TABLE, id)
    if token is None:
        raise not_found("confirmation_token", id, "confirmation_token")
    return token


def apply(ctx):
    """Put what the token named in the request holds into the request's parameters."""
    params = ctx.params
    name = params.get(TABLE)
    if not name:
        return
    token = ctx.store.get(TABLE, name)
    if token is None:
        raise not_found("confirmation_token", name, TABLE, 400)
    for other in ("payment_method", "mandate_data"):
        if params.get(other):
            raise invalid(f"Pass only one of {TABLE} and {other}.", other)
    if token["payment_intent"] or token["setup_intent"]:
        raise invalid(f"The ConfirmationToken {name} has already been used.", TABLE)
    if token["expires_at"] <= ctx.store.now():
        raise invalid(f"The ConfirmationToken {name} has expired.", TABLE)
    params["payment_method"] = token["_payment_method"]
    for field in ("mandate_data", "return_url", "setup_future_usage", "shipping"):
        if token[field] is not None:
            params.setdefault(field, token[field])


def use(ctx, intent):
    """Note that the token of this request is used up by ``intent``."""
    name = ctx.params.get(TABLE)
    if name:
        token = ctx.store.tables[TABLE][name]
        token[intent["object"]] = intent["id"]
        token["expires_at"] = None
