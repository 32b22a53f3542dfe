"""Finding payment intents, and the proof of bank accounts that pay them."""

from . import bank_flow, microdeposits
from .intents import find
from .payment_intents import TABLE
from .routing import route
from .wire import as_list


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
