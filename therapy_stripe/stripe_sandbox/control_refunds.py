"""Control API: refunds made in the dashboard, and what banks make of refunds."""

from . import refunds, wire
from .control import control
from .errors import invalid
from .routing import Context

NAMES = ("amount", "charge", "metadata", "payment_intent", "reason")
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


@control("POST", "refunds/create")
def create(app, body):
    """Refund as a person in the dashboard would: no request, no idempotency key."""
    params = {name: body[name] for name in NAMES if name in body}
    if type(params.get("amount", 1)) is not int:
        raise invalid("amount must be a whole number of minor units.", "amount")
    if params.get("reason") not in (None, *REASONS):
        raise invalid(f"reason is one of {', '.join(REASONS)}.", "reason")
    with app.store.lock:
        app.store.dirty.set()
        return wire.public(refunds.create(Context(app.store, params)))


@control("POST", "refunds/{id}/succeed")
def succeed(app, body, id):
    """Let a pending refund arrive."""
    with app.store.lock:
        refund = refunds.retrieve(Context(app.store, {}), id)
        if refund["status"] != "pending":
            raise invalid(f"The refund is {refund['status']}.")
        refunds.succeed(app.store, refund)
        app.store.dirty.set()
        return wire.public(refund)


@control("POST", "refunds/{id}/fail")
def fail(app, body, id):
    """Let a refund come back, for ``reason``."""
    reason = body.get("reason", "expired_or_canceled_card")
    if reason not in refunds.FAILURES:
        raise invalid(f"reason is one of {', '.join(refunds.FAILURES)}.", "reason")
    with app.store.lock:
        refund = refunds.retrieve(Context(app.store, {}), id)
        if refund["status"] not in refunds.OPEN:
            raise invalid(f"The refund is {refund['status']}.")
        refunds.fail(app.store, refund, reason)
        app.store.dirty.set()
        return wire.public(refund)
