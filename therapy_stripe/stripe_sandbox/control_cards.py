"""Control API: what happens to a saved card without anybody asking for it."""

from . import bank_methods, cards, methods, wire
from .control import control
from .errors import invalid, not_found
from .events import emit
from .routing import Context


def _card(app, method_id):
    method = app.store.get("payment_method", method_id)
    if method is None or bank_methods.is_bank(method):
        raise not_found("card", method_id)
    return method


def _named(name):
    if name not in cards.BY_NAME:
        raise invalid(f"No such test card: {name}.", "card")
    return cards.BY_NAME[name]


@control("POST", "cards/{id}/update")
def update(app, body, id):
    """Bring the card up to date as its network does.

    ``exp_month``, ``exp_year``; ``card``: name of the test card that replaces it, with
    number, brand, funding and behaviour.
    """
    with app.store.lock:
        method = _card(app, id)
        if method["customer"] is None:
            raise invalid("Only saved cards are brought up to date.")
        changes = {k: body[k] for k in ("exp_month", "exp_year") if k in body}
        if not all(type(value) is int for value in changes.values()):
            raise invalid("exp_month and exp_year are whole numbers.")
        before = {"card": dict(method["card"])}
        ctx = Context(app.store, {})
        if "card" in body:
            card = _named(body["card"])
            other = methods.new_card(ctx, card, 12, method["card"]["exp_year"])
            del app.store.tables["payment_method"][other["id"]]
            method["_number"] = card.number
            changes = {**other["card"], **changes}
        method["card"] = {**method["card"], **changes}
        emit(ctx, "payment_method.automatically_updated", method, before)
        app.store.dirty.set()
        return wire.public(method)


@control("POST", "cards/{id}/behave")
def behave(app, body, id):
    """Let the card look as it does and act as test card ``card`` from now on."""
    with app.store.lock:
        method = _card(app, id)
        method["_number"] = _named(body.get("card")).number
        app.store.dirty.set()
        return wire.public(method)
