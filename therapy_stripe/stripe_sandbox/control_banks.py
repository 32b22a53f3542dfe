"""Control API: what payers' banks make of bank debits."""

from . import bank_flow, charges, disputes, wire
from .control import control
from .errors import not_found


def _intent(app, body):
    intent = app.store.get("payment_intent", body.get("payment_intent") or "")
    if intent is None:
        raise not_found(
            "payment_intent", body.get("payment_intent"), "payment_intent", 400
        )
    return intent


@control("POST", "ach/settle")
def settle(app, body):
    """Let the debit of ``payment_intent`` succeed now, or fail with ``code``."""
    with app.store.lock:
        intent = _intent(app, body)
        if body.get("code"):
            bank = bank_flow.bank_failing_with(body["code"])
            bank_flow.fail(app.store, intent, bank)
        else:
            bank_flow.succeed(app.store, intent)
        app.store.dirty.set()
        return wire.public(intent)


@control("POST", "ach/return")
def give_back(app, body):
    """Return a debit that had succeeded: a dispute, lost at once."""
    with app.store.lock:
        charge = charges.find(app.store, body.get("charge"), "charge")
        reason = body.get("reason", "insufficient_funds")
        dispute = disputes.open_dispute(app.store, charge["id"], reason)
        app.store.dirty.set()
        return wire.public(dispute)
