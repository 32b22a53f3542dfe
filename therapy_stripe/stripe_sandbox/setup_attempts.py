"""Setup attempts: one per confirmation of a setup intent."""

from .methods import snapshot
from .routing import route
from .wire import as_list

TABLE = "setup_attempt"
CARD_FIELDS = (
    "brand checks country exp_month exp_year fingerprint funding last4".split()
)


def begin(ctx, intent, method):
    """Note that the intent is being confirmed with ``method``."""
    attempt = {
        "id": ctx.store.new_id("setatt"),
        "object": TABLE,
        "application": None,
        "created": ctx.store.now(),
        "customer": intent["customer"],
        "flow_directions": None,
        "livemode": False,
        "on_behalf_of": None,
        "payment_method": method["id"],
        "payment_method_details": _details(method),
        "setup_error": None,
        "setup_intent": intent["id"],
        "status": "requires_confirmation",
        "usage": intent["usage"],
    }
    ctx.store.put(TABLE, attempt)
    intent["latest_attempt"] = attempt["id"]


def _details(method):
    kind = method["type"]
    if kind != "card":
        return {"type": kind, kind: {}}
    card = snapshot(method)["card"]
    known = {name: card[name] for name in CARD_FIELDS}
    known.update(network=card["brand"], three_d_secure=None, wallet=None)
    return {"type": kind, kind: known}


def follow(ctx, intent, error=None):
    """Bring the latest attempt to the state of its intent."""
    attempt = ctx.store.get(TABLE, intent["latest_attempt"] or "")
    if attempt is None:
        return
    failed = {"requires_payment_method": "failed", "canceled": "abandoned"}
    attempt["status"] = failed.get(intent["status"], intent["status"])
    attempt["setup_error"] = error


@route(
    "GET",
    "/v1/setup_attempts",
    "SetupAttemptListParams",
    "created ending_before limit setup_intent starting_after",
)
def list_attempts(ctx):
    """List the attempts of ``setup_intent``, newest first."""
    wanted = ctx.params["setup_intent"]
    return as_list(
        ctx.store,
        TABLE,
        "/v1/setup_attempts",
        ctx.params,
        lambda attempt: attempt["setup_intent"] == wanted,
    )
