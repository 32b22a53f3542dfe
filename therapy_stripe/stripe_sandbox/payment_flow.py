"""From confirmation to success, challenge or decline of a payment intent."""

from . import bank_flow, charges, confirmation_tokens, mandates, microdeposits
from .bank_methods import is_bank
from .errors import invalid
from .events import emit
from .intents import (
    challenge,
    check_return_url,
    check_type,
    needs_challenge,
    wrong_state,
)
from .methods import attach_to, card_error, card_of, passed, snapshot, usable
from .routing import Context
from .settings import DAY
from .wire import public

CONFIRMABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
#: Virtual seconds after which a bank lets go of an amount that was not captured.
AUTHORIZATION_LIFE = 7 * DAY
AUTHENTICATION_REQUIRED = (
    "authentication_required",
    "authentication_required",
    None,
    "Your card was declined. This transaction requires authentication.",
)


def check(ctx, intent, params):
    """Check a confirmation before anything changes; return the payment method."""
    if intent["status"] not in CONFIRMABLE:
        raise wrong_state(intent, "confirm", "payment_intent_unexpected_state")
    name = params.get("payment_method") or intent["payment_method"]
    if not name:
        raise wrong_state_without_method(intent)
    check_return_url(ctx, intent, params)
    method = usable(ctx, name, intent["customer"])
    check_type(intent, method)
    mandates.check(ctx, intent, method, params)
    return method


def wrong_state_without_method(intent):
    """Return the 400 for confirming an intent that has no payment method."""
    return invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method. "
        "Update it with a payment method, or pass one when you confirm it.",
        "payment_method",
        "payment_intent_unexpected_state",
    )


def confirm(ctx, intent, method, params):
    """Try to collect. Returns the intent, or raises the 402 of a decline."""
    confirmation_tokens.use(ctx, intent)
    intent["payment_method"] = method["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    for name in ("setup_future_usage", "receipt_email", "shipping", "capture_method"):
        if name in params:
            intent[name] = params[name]
    if is_bank(method):
        if method["_verified"]:
            return bank_flow.start(ctx, intent, method, params)
        acceptance = mandates.acceptance(ctx, params)
        intent["_mandate_data"] = {"customer_acceptance": acceptance}
        return microdeposits.ask(ctx, intent, method)
    card = card_of(method)
    off_session = bool(params.get("off_session"))
    request = intent["payment_method_options"]["card"]["request_three_d_secure"]
    if not needs_challenge(card, method, off_session, request):
        return collect(ctx, intent, method, challenged=False)
    if off_session or params.get("error_on_requires_action"):
        raise decline(ctx, intent, method, AUTHENTICATION_REQUIRED)
    challenge(ctx, intent, params)
    emit(ctx, "payment_intent.requires_action", intent)
    return intent


def collect(ctx, intent, method, challenged):
    """Charge the card of ``method``; raise the 402 when its bank says no."""
    card = card_of(method)
    if card.decline:
        raise decline(ctx, intent, method, card.decline, challenged, card.blocked)
    passed(method)
    method["_used"] = True
    charge = charges.new_charge(ctx, intent, method, challenged)
    intent["latest_charge"] = charge["id"]
    intent["next_action"] = None
    usage = intent["setup_future_usage"] or intent["payment_method_options"][
        "card"
    ].get("setup_future_usage")
    if usage in ("on_session", "off_session"):
        method["_set_up"] = method["_set_up"] or (challenged and usage == "off_session")
        if intent["customer"]:
            attach_to(ctx, method, intent["customer"])
    if charge["captured"]:
        charges.collected(ctx, charge, intent["capture_method"] == "automatic_async")
    emit(ctx, "charge.succeeded", charge)
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        ctx.store.schedule(AUTHORIZATION_LIFE, "expire", intent_id=intent["id"])
        emit(ctx, "payment_intent.amount_capturable_updated", intent)
    else:
        intent["status"] = "succeeded"
        intent["amount_received"] = intent["amount"]
        emit(ctx, "payment_intent.succeeded", intent)
    return intent


def decline(ctx, intent, method, failure, challenged=False, blocked=False):
    """Record a failed attempt and return the 402 that tells of it.

    The intent goes back to ``requires_payment_method`` without its method, which
    ``last_payment_error`` still carries.
    """
    charge = charges.new_charge(ctx, intent, method, challenged, failure, blocked)
    intent["latest_charge"] = charge["id"]
    code, decline_code, advice_code, message = failure
    error = card_error(
        message,
        code,
        decline_code=decline_code,
        advice_code=advice_code,
        charge=charge["id"],
        payment_method=snapshot(method),
    )
    emit(ctx, "charge.failed", charge)
    fail(ctx, intent, error.error)
    error.error["payment_intent"] = public(intent)
    return error


def fail(ctx, intent, error):
    """Send the intent back for another payment method, with the reason."""
    intent["status"] = "requires_payment_method"
    intent["payment_method"] = None
    intent["next_action"] = None
    intent["last_payment_error"] = dict(error)
    emit(ctx, "payment_intent.payment_failed", intent)


def release_authorization(ctx, intent, event_type):
    """Give back an amount that was held and not captured, if there is one."""
    if intent["status"] != "requires_capture":
        return
    charge = ctx.store.tables["charge"][intent["latest_charge"]]
    charge["refunded"] = True
    charge["amount_refunded"] = charge["amount"]
    emit(ctx, event_type, charge)


def cancel(ctx, intent, reason):
    """End an intent that has not succeeded."""
    intent.update(
        status="canceled",
        amount_capturable=0,
        canceled_at=ctx.store.now(),
        cancellation_reason=reason,
        next_action=None,
    )
    emit(ctx, "payment_intent.canceled", intent)
    return intent


def expire(store, intent_id):
    """Job: nobody captured the amount in time."""
    intent, ctx = store.tables["payment_intent"][intent_id], Context(store, {})
    if intent["status"] == "requires_capture":
        release_authorization(ctx, intent, "charge.expired")
        cancel(ctx, intent, "expired")


def authentication_failed(ctx, intent):
    """The payer failed or left the challenge."""
    method = ctx.store.tables["payment_method"][intent["payment_method"]]
    fail(
        ctx,
        intent,
        {
            "code": "payment_intent_authentication_failure",
            "message": (
                "We are unable to authenticate your payment method. Please choose a "
                "different payment method and try again."
            ),
            "payment_method": snapshot(method),
            "type": "invalid_request_error",
        },
    )
