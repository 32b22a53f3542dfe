"""The old version of the API that Odoo's own provider speaks, beside ours.

Only what changed between the two and is used: ``payment_method_types`` of intents,
the ``charges`` of a payment intent and the ``refunds`` of a charge inside their
objects. Everything is made and checked in the new version and rendered down.
"""

from . import API_VERSION
from .errors import invalid
from .wire import public

OLD = "2019-05-16"
KNOWN = (API_VERSION, OLD)
#: Endpoints where the two versions differ in what they take.
CREATES = ("POST /v1/payment_intents", "POST /v1/setup_intents")
CHANGES = tuple(f"{name}/{{id}}{verb}" for name in CREATES for verb in ("", "/confirm"))
#: Names that the old version does not know.
NEW_NAMES = ("allowed_payment_method_types", "excluded_payment_method_types")
NEW_FIELDS = {
    "payment_intent": (*NEW_NAMES, "latest_charge"),
    "setup_intent": NEW_NAMES,
}


def is_old(version):
    """Tell whether a request or an endpoint asks for the old version."""
    return version == OLD


def translate(endpoint, raw):
    """Return an old request's decoded parameters as the new version writes them."""
    if endpoint not in CREATES + CHANGES:
        return raw
    for name in NEW_NAMES:
        if name in raw:
            raise invalid(
                f"Received unknown parameter: {name}", name, "parameter_unknown"
            )
    raw = dict(raw)
    types = raw.pop("payment_method_types", None)
    if types is not None:
        raw["allowed_payment_method_types"] = types
    elif endpoint in CREATES and "automatic_payment_methods" not in raw:
        raw["allowed_payment_method_types"] = ["card"]
    if endpoint == CREATES[0]:
        # Captures became asynchronous later.
        raw.setdefault("capture_method", "automatic")
    return raw


def render(store, value):
    """Return a public object as the old version shows it, all the way down."""
    if isinstance(value, list):
        return [render(store, item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("object")
    hidden = NEW_FIELDS.get(kind, ())
    result = {k: render(store, v) for k, v in value.items() if k not in hidden}
    if kind == "payment_intent":
        rows = _of(store, "charge", "payment_intent", value["id"])
        charges = [render(store, public(row)) for row in rows]
        result["charges"] = _page(charges, f"/v1/charges?payment_intent={value['id']}")
    if kind == "charge":
        refunds = [public(row) for row in _of(store, "refund", "charge", value["id"])]
        result["refunds"] = _page(refunds, f"/v1/charges/{value['id']}/refunds")
        disputes = _of(store, "dispute", "charge", value["id"])
        result["dispute"] = disputes[-1]["id"] if disputes else None
    return result


def _of(store, table, field, wanted):
    return [
        row for row in reversed(store.tables[table].values()) if row[field] == wanted
    ]


def _page(rows, url):
    return {
        "object": "list",
        "data": rows[:10],
        "has_more": len(rows) > 10,
        "total_count": len(rows),
        "url": url,
    }
