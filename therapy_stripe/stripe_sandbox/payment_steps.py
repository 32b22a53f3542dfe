"""Endpoints of payment intents that exist: cancel, capture, prove, list."""

from . import bank_flow, charges, microdeposits, payment_flow
from .errors import invalid
from .events import emit
from .intents import find, wrong_state
from .metadata import merged
from .payment_intents import TABLE, UPDATABLE
from .routing import route
from .wire import as_list

CANCELABLE = UPDATABLE | {"requires_capture"}


@route(
    "GET",
    "/v1/payment_intents",
    "PaymentIntentListParams",
    "created customer ending_before limit starting_after",
)
def list_intents(ctx):
    """List intents, newest first, by customer and creation."""
    customer = ctx.params.get("customer")
    return as_list(
        ctx.store,
        TABLE,
        "/v1/payment_intents",
        ctx.params,
        lambda intent: customer is None or intent["customer"] == customer,
    )


@route(
    "POST",
    "/v1/payment_intents/{id}/verify_microdeposits",
    "PaymentIntentVerifyMicrodepositsParams",
    publishable="amounts descriptor_code",
)
def verify(ctx, id):
    """Take what the payer read on the bank's statement, then debit the account."""
    intent = find(ctx, TABLE, id)
    method = microdeposits.verify(ctx, intent)
    params = {"mandate_data": intent.get("_mandate_data")}
    return bank_flow.start(ctx, intent, method, params)


@route(
    "POST",
    "/v1/payment_intents/{id}/cancel",
    "PaymentIntentCancelParams",
    "cancellation_reason",
)
def cancel(ctx, id):
    """Cancel an intent that has not succeeded; an authorization is released.

    A bank debit on its way cannot be called back.
    """
    intent = find(ctx, TABLE, id)
    if intent["status"] not in CANCELABLE:
        raise wrong_state(intent, "cancel", "payment_intent_unexpected_state")
    payment_flow.release_authorization(ctx, intent, "charge.refunded")
    return payment_flow.cancel(ctx, intent, ctx.params.get("cancellation_reason"))


@route(
    "POST",
    "/v1/payment_intents/{id}/capture",
    "PaymentIntentCaptureParams",
    "amount_to_capture metadata",
)
def capture(ctx, id):
    """Collect an authorized amount, or a part of it; the rest is never collected."""
    intent, params = find(ctx, TABLE, id), ctx.params
    if intent["status"] != "requires_capture":
        raise wrong_state(intent, "capture", "payment_intent_unexpected_state")
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    if not 1 <= amount <= intent["amount_capturable"]:
        raise invalid(
            "The provided amount_to_capture is greater than the amount that can be "
            "captured.",
            "amount_to_capture",
            "amount_too_large",
        )
    intent["metadata"] = merged(intent["metadata"], params)
    charge = ctx.store.tables["charge"][intent["latest_charge"]]
    charge["captured"] = True
    charge["amount_captured"] = amount
    charges.collected(ctx, charge)
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    emit(ctx, "charge.captured", charge)
    emit(ctx, "payment_intent.succeeded", intent)
    return intent
