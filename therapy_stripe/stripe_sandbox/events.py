"""Events: one per transition, kept for listing, handed to the webhooks."""

import random

from . import API_VERSION, versions
from .errors import not_found
from .routing import route
from .validation import check_object
from .wire import as_list, public


def emit(ctx, event_type, obj, previous=None):
    """Record that ``event_type`` happened to ``obj`` and queue its deliveries.

    The payload is a copy of the object as it is now. ``previous`` holds the old
    values of changed fields (only on ``*.updated``). Raises ``Violation`` when the
    payload breaks the SDK's annotations.
    """
    store = ctx.store
    data = {"object": public(obj)}
    if previous is not None:
        data["previous_attributes"] = public(previous)
    event = {
        "id": store.new_id("evt"),
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "created": store.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": ctx.request_id, "idempotency_key": ctx.idempotency_key},
        "type": event_type,
    }
    for endpoint in endpoints_for(store, event):
        queue(store, event, endpoint)
        if versions.is_old(endpoint["api_version"]) and "_old" not in event:
            event["_old"] = versions.render(store, public(obj))
    check_object(public(event))
    return store.put("event", event)


def endpoints_for(store, event):
    """Return the enabled webhook endpoints that subscribe to the event's type."""
    return [
        endpoint
        for endpoint in store.tables["webhook_endpoint"].values()
        if endpoint["status"] == "enabled"
        and {"*", event["type"]} & set(endpoint["enabled_events"])
    ]


def queue(store, event, endpoint):
    """Add one delivery; the delivery threads pick it up when its mode allows."""
    delivery_id, jitter = store.new_id("dlv", 12), store.deliver["jitter"]
    delivery = {
        "id": delivery_id,
        "event": event["id"],
        "type": event["type"],
        "endpoint": endpoint["id"],
        "attempts": 0,
        "due": store.now() + store.deliver["delay"] + random.uniform(0, jitter),
        "status": _first_status(store.deliver),
        "last_status": None,
    }
    store.tables["_delivery"][delivery_id] = delivery
    if delivery["status"] != "lost":
        store.open_deliveries[delivery_id] = delivery
    event["pending_webhooks"] += 1


def _first_status(rules):
    """A lost delivery is one that never arrives, whatever is tried."""
    if random.random() < rules["lose"]:
        return "lost"
    return "held" if rules["mode"] == "hold" else "pending"


@route("GET", "/v1/events/{id}", "EventRetrieveParams")
def retrieve(ctx, id):
    """Return one event."""
    event = ctx.store.get("event", id)
    if event is None:
        raise not_found("event", id)
    return event


@route("GET", "/v1/events", "EventListParams")
def list_events(ctx):
    """List events, newest first, by type(s), creation and delivery."""
    wanted = set(ctx.params.get("types") or [])
    if ctx.params.get("type"):
        wanted.add(ctx.params["type"])
    delivered = ctx.params.get("delivery_success")

    def keep(event):
        if wanted and not any(_type_fits(event["type"], each) for each in wanted):
            return False
        return delivered is None or delivered == (event["pending_webhooks"] == 0)

    return as_list(ctx.store, "event", "/v1/events", ctx.params, keep)


def _type_fits(event_type, wanted):
    """``charge.*`` names a whole family."""
    if wanted.endswith("*"):
        return event_type.startswith(wanted[:-1])
    return event_type == wanted
