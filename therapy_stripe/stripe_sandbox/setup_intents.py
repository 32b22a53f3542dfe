"""Setup intents: saving a card without charging it."""

from . import confirmation_tokens, customers, mandates, microdeposits, setup_attempts
from .bank_methods import is_bank
from .errors import invalid
from .events import emit
from .intents import (
    NO_LONGER_SUPPORTED,
    SELECTORS,
    challenge,
    check_return_url,
    check_type,
    find,
    select_types,
    write_options,
    wrong_state,
)
from .metadata import merged
from .methods import attach_to, card_of, declined, snapshot, usable
from .routing import route
from .wire import as_list, public

TABLE = "setup_intent"
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}
ATTRIBUTES = (
    "allowed_payment_method_types excluded_payment_method_types customer description "
    "metadata payment_method payment_method_options"
)
CREATE = (
    f"{ATTRIBUTES} automatic_payment_methods confirm confirmation_token mandate_data "
    "return_url usage use_stripe_sdk"
)
CONFIRM = (
    "allowed_payment_method_types confirmation_token mandate_data payment_method "
    "payment_method_options return_url use_stripe_sdk"
)


@route(
    "POST",
    "/v1/setup_intents",
    "SetupIntentCreateParams",
    CREATE,
    refused=NO_LONGER_SUPPORTED,
)
def create(ctx):
    """Create an intent, and confirm it at once with ``confirm=true``."""
    store, params = ctx.store, ctx.params
    if params.get("customer"):
        customers.find(store, params["customer"], "customer")
    for name in ("confirmation_token", "mandate_data", "return_url"):
        if params.get(name) and not params.get("confirm"):
            raise invalid(f"{name} can only be used when confirm=true.", name)
    confirmation_tokens.apply(ctx)
    intent_id = store.new_id("seti")
    intent = {
        "id": intent_id,
        "object": TABLE,
        "application": None,
        "cancellation_reason": None,
        "client_secret": f"{intent_id}_secret_{store.token(24)}",
        "created": store.now(),
        "customer": params.get("customer"),
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": merged({}, params),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
    select_types(store, intent, params)
    write_options(intent, params)
    if params.get("confirm"):
        method = _check(ctx, intent)
    elif params.get("payment_method"):
        method = usable(ctx, params["payment_method"], intent["customer"])
        check_type(intent, method)
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    store.put(TABLE, intent)
    emit(ctx, "setup_intent.created", intent)
    return _confirm(ctx, intent, method) if params.get("confirm") else intent


@route("GET", "/v1/setup_intents/{id}", "SetupIntentRetrieveParams", publishable="")
def retrieve(ctx, id):
    """Return one intent."""
    return find(ctx, TABLE, id)


@route(
    "POST",
    "/v1/setup_intents/{id}",
    "SetupIntentUpdateParams",
    ATTRIBUTES,
    refused=NO_LONGER_SUPPORTED,
)
def update(ctx, id):
    """Change an intent that is not final."""
    intent, params = find(ctx, TABLE, id), ctx.params
    if intent["status"] not in OPEN and set(params) - {"metadata", "description"}:
        raise wrong_state(intent, "update", "setup_intent_unexpected_state")
    customer = params.get("customer", intent["customer"])
    if params.get("customer"):
        customers.find(ctx.store, customer, "customer")
    draft = {**intent, "metadata": merged(intent["metadata"], params)}
    if any(params.get(name) is not None for name in SELECTORS):
        select_types(ctx.store, draft, params)
    write_options(draft, params)
    if params.get("payment_method"):
        method = usable(ctx, params["payment_method"], customer)
        check_type(draft, method)
        draft["payment_method"] = method["id"]
        draft["status"] = "requires_confirmation"
        draft["next_action"] = None
    for name in ("customer", "description"):
        if name in params:
            draft[name] = params[name]
    intent.update(draft)
    return intent


@route(
    "POST",
    "/v1/setup_intents/{id}/confirm",
    "SetupIntentConfirmParams",
    CONFIRM,
    publishable="confirmation_token payment_method return_url use_stripe_sdk",
    refused=NO_LONGER_SUPPORTED,
)
def confirm(ctx, id):
    """Confirm an intent, from a server or from the payer's browser."""
    intent, params = find(ctx, TABLE, id), ctx.params
    confirmation_tokens.apply(ctx)
    draft = {**intent}
    if params.get("allowed_payment_method_types"):
        select_types(ctx.store, draft, params)
    write_options(draft, params)
    method = _check(ctx, draft)
    intent.update(draft)
    return _confirm(ctx, intent, method)


def _check(ctx, intent):
    """Check a confirmation before anything changes; return the payment method."""
    if intent["status"] not in OPEN:
        raise wrong_state(intent, "confirm", "setup_intent_unexpected_state")
    name = ctx.params.get("payment_method") or intent["payment_method"]
    if not name:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment "
            "method.",
            "payment_method",
            "setup_intent_unexpected_state",
        )
    check_return_url(ctx, intent, ctx.params)
    method = usable(ctx, name, intent["customer"])
    check_type(intent, method)
    mandates.check(ctx, intent, method, ctx.params)
    return method


def _confirm(ctx, intent, method):
    confirmation_tokens.use(ctx, intent)
    setup_attempts.begin(ctx, intent, method)
    intent["payment_method"] = method["id"]
    intent["last_setup_error"] = None
    intent["next_action"] = None
    if is_bank(method):
        intent["mandate"] = mandates.of(ctx, intent, method, ctx.params, True)
        if method["_verified"]:
            return complete(ctx, intent, method, challenged=False)
        return microdeposits.ask(ctx, intent, method)
    card = card_of(method)
    asked = intent["payment_method_options"]["card"]["request_three_d_secure"]
    optional = card.auth == "optional" and asked in ("any", "challenge")
    required = card.auth in ("always", "unless_set_up") and not card.already_set_up
    if required or optional:
        challenge(ctx, intent, ctx.params)
        setup_attempts.follow(ctx, intent)
        emit(ctx, "setup_intent.requires_action", intent)
        return intent
    return complete(ctx, intent, method, challenged=False)


def complete(ctx, intent, method, challenged):
    """Save the card; raise the 402 when its bank refuses to have it saved."""
    card = card_of(method)
    if not card.attach:
        error = declined(card, payment_method=snapshot(method))
        _fail(ctx, intent, error.error)
        error.error["setup_intent"] = public(intent)
        raise error
    if challenged and intent["usage"] == "off_session":
        method["_set_up"] = True
    if intent["customer"]:
        attach_to(ctx, method, intent["customer"])
    intent["status"] = "succeeded"
    intent["next_action"] = None
    setup_attempts.follow(ctx, intent)
    emit(ctx, "setup_intent.succeeded", intent)
    return intent


def _fail(ctx, intent, error):
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_setup_error"] = dict(error)
    setup_attempts.follow(ctx, intent, dict(error))
    emit(ctx, "setup_intent.setup_failed", intent)


def authentication_failed(ctx, intent):
    """The payer failed or left the challenge."""
    method = ctx.store.tables["payment_method"][intent["payment_method"]]
    _fail(
        ctx,
        intent,
        {
            "code": "setup_intent_authentication_failure",
            "message": (
                "We are unable to authenticate your payment method. Please choose a "
                "different payment method and try again."
            ),
            "payment_method": snapshot(method),
            "type": "invalid_request_error",
        },
    )


@route(
    "POST",
    "/v1/setup_intents/{id}/cancel",
    "SetupIntentCancelParams",
    "cancellation_reason",
)
def cancel(ctx, id):
    """Cancel an intent that is not final."""
    intent = find(ctx, TABLE, id)
    if intent["status"] not in OPEN:
        raise wrong_state(intent, "cancel", "setup_intent_unexpected_state")
    intent["status"] = "canceled"
    intent["cancellation_reason"] = ctx.params.get("cancellation_reason")
    intent["next_action"] = None
    setup_attempts.follow(ctx, intent)
    emit(ctx, "setup_intent.canceled", intent)
    return intent


@route(
    "POST",
    "/v1/setup_intents/{id}/verify_microdeposits",
    "SetupIntentVerifyMicrodepositsParams",
    publishable="amounts descriptor_code",
)
def verify(ctx, id):
    """Take what the payer read on the bank's statement, then save the account."""
    intent = find(ctx, TABLE, id)
    method = microdeposits.verify(ctx, intent)
    mandates.change(ctx.store, intent["mandate"], "active")
    return complete(ctx, intent, method, challenged=False)


@route(
    "GET",
    "/v1/setup_intents",
    "SetupIntentListParams",
    "created customer ending_before limit payment_method starting_after",
)
def list_intents(ctx):
    """List intents, newest first, by customer or payment method."""
    names = ("customer", "payment_method")
    wanted = {name: ctx.params[name] for name in names if ctx.params.get(name)}
    return as_list(
        ctx.store,
        TABLE,
        "/v1/setup_intents",
        ctx.params,
        lambda intent: all(intent[name] == value for name, value in wanted.items()),
    )
