"""Mandates: what a payer agreed to before a bank account is debited."""

from .bank_methods import is_bank
from .errors import invalid, not_found
from .events import emit
from .routing import Context, route

TABLE = "mandate"
#: What a script in the payer's browser stands for.
FROM_BROWSER = {
    "type": "online",
    "online": {"ip_address": "127.0.0.1", "user_agent": "sandbox"},
}


def check(ctx, intent, method, params):
    """Refuse to confirm a bank debit that nobody agreed to."""
    if not is_bank(method) or ctx.publishable or acceptance(ctx, params):
        return
    named = params.get("mandate")
    if named and (named != method["_mandate"] or ctx.store.get(TABLE, named) is None):
        raise not_found("mandate", named, "mandate", 400)
    current = ctx.store.get(TABLE, method["_mandate"] or "")
    if current is None or current["status"] == "inactive":
        payment = intent["object"] == "payment_intent"
        kind = "PaymentIntent" if payment else "SetupIntent"
        raise invalid(
            f"This {kind} requires a mandate, but no existing mandate "
            "was found. Collect mandate acceptance from the customer and retry the "
            "request, providing acceptance data in the mandate_data parameter.",
            "mandate_data",
            f"{intent['object']}_mandate_invalid",
        )


def acceptance(ctx, params):
    """Return how the payer agreed: as the server says, or in the browser."""
    given = (params.get("mandate_data") or {}).get("customer_acceptance")
    return given or (FROM_BROWSER if ctx.publishable else None)


def of(ctx, intent, method, params, reusable):
    """Return the id of the mandate of this confirmation, made anew where given.

    :param reusable: for later debits as well, not for this one only
    """
    given = acceptance(ctx, params)
    if given is None:
        return method["_mandate"]
    online = given.get("online") or {}
    accepted = {
        "accepted_at": given.get("accepted_at") or ctx.store.now(),
        "type": given["type"],
        given["type"]: {
            "ip_address": online.get("ip_address"),
            "user_agent": online.get("user_agent"),
        }
        if given["type"] == "online"
        else {},
    }
    mandate = {
        "id": ctx.store.new_id("mandate"),
        "object": TABLE,
        "customer_acceptance": accepted,
        "livemode": False,
        "payment_method": method["id"],
        "payment_method_details": {
            "type": "us_bank_account",
            "us_bank_account": {},
        },
        "status": "active" if method["_verified"] else "pending",
        "type": "multi_use" if reusable else "single_use",
    }
    if reusable:
        mandate["multi_use"] = {}
    else:
        mandate["single_use"] = {
            "amount": intent["amount"],
            "currency": intent["currency"],
        }
    ctx.store.put(TABLE, mandate)
    if reusable:
        method["_mandate"] = mandate["id"]
    return mandate["id"]


def change(store, mandate_id, status):
    """Set the status of a mandate and tell of it."""
    mandate = store.get(TABLE, mandate_id or "")
    if mandate and mandate["status"] != status:
        before = {"status": mandate["status"]}
        mandate["status"] = status
        emit(Context(store, {}), "mandate.updated", mandate, before)


@route("GET", "/v1/mandates/{id}", "MandateRetrieveParams")
def retrieve(ctx, id):
    """Return one mandate."""
    mandate = ctx.store.get(TABLE, id)
    if mandate is None:
        raise not_found("mandate", id, "mandate")
    return mandate
