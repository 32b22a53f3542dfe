"""Control API: what payers' banks do after a charge."""

from . import charges, disputes, fraud_warnings, wire
from .control import control
from .errors import invalid

VERDICTS = ("win", "lose", "escalate")


@control("POST", "disputes/create")
def create(app, body):
    """Dispute ``charge``: ``reason``, ``amount``, ``inquiry``."""
    charge = charges.find(app.store, body.get("charge"), "charge")
    options = {k: body[k] for k in ("reason", "amount", "inquiry") if k in body}
    with app.store.lock:
        app.store.dirty.set()
        dispute = disputes.open_dispute(app.store, charge["id"], **options)
        return wire.public(dispute)


@control("POST", "disputes/{id}/{verdict}")
def decide(app, body, id, verdict):
    """Decide a dispute as its bank would: ``win``, ``lose`` or ``escalate``."""
    if verdict not in VERDICTS:
        raise invalid(f"The bank can {', '.join(VERDICTS)}.")
    with app.store.lock:
        dispute = disputes.find(app.store, id)
        inquiry = dispute["status"] in disputes.INQUIRIES
        if dispute["status"] in disputes.CLOSED:
            raise invalid(f"The dispute is {dispute['status']} already.")
        if verdict == "escalate" and not inquiry:
            raise invalid("Only an inquiry escalates.")
        disputes.decide(app.store, id, verdict)
        app.store.dirty.set()
        return wire.public(dispute)


@control("POST", "fraud_warnings/create")
def warn(app, body):
    """Warn early of fraud with ``charge``."""
    charge = charges.find(app.store, body.get("charge"), "charge")
    with app.store.lock:
        app.store.dirty.set()
        return wire.public(fraud_warnings.warn(app.store, charge["id"]))
