"""The control API under ``/_sandbox/``: JSON in and out, no key, loopback only."""

import json
import re
import secrets
import time
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from . import delivery, settings, wire
from .errors import ApiError, invalid, not_found

LOCAL_ORIGIN = re.compile(r"^(127(\.\d{1,3}){3}|localhost|::1)$")
ROUTES = []
ORDERS = ("created", "reversed", "shuffled")


def control(method, path):
    """Register a function ``(app, body, **path arguments)`` that returns JSON."""
    pattern = re.compile(
        "/_sandbox/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$"
    )

    def register(handler):
        ROUTES.append((method, pattern, handler))
        return handler

    return register


def respond(app, request):
    """Answer a control request; None when the path is none of ours."""
    for method, pattern, handler in ROUTES:
        match = pattern.match(request.path)
        if not match or method != request.method:
            continue
        origin = request.headers.get("Origin")
        if origin and not LOCAL_ORIGIN.match(urlsplit(origin).hostname or ""):
            return Response("Not from another site.", 403)
        try:
            body = _body(request)
            result, status = handler(app, body, **match.groupdict()), 200
        except ApiError as exc:
            result, status = exc.body(), exc.status
        except (TypeError, ValueError) as exc:
            result, status = {"error": {"message": f"Not understood: {exc}"}}, 400
        return Response(
            json.dumps(result, indent=2), status, mimetype="application/json"
        )
    return None


def _body(request):
    """The JSON body, or for a GET the query, as a dict."""
    if request.method == "GET":
        return request.args.to_dict()
    text = request.get_data(as_text=True)
    try:
        body = json.loads(text) if text.strip() else {}
    except ValueError:
        raise invalid("The control API takes JSON.") from None
    if not isinstance(body, dict):
        raise invalid("The control API takes a JSON object.")
    return body


@control("GET", "health")
def health(app, body):
    """Tell that the sandbox is up, and what its clock says."""
    return {"ok": True, "now": app.store.now()}


@control("POST", "reset")
def reset(app, body):
    """Forget state, faults and log. ``{"seed": ...}`` starts the ids anew."""
    app.faults.clear()
    app.limits.configure({"on": False})
    app.store.reset(body.get("seed"))
    return {"ok": True}


@control("GET", "state")
def state(app, body):
    """Return the whole state, private bookkeeping included."""
    return app.store.dump()


@control("POST", "snapshot")
def snapshot(app, body):
    """Write the snapshot file now."""
    app.store.save()
    path = app.store.snapshot_path
    return {"ok": True, "file": str(path) if path else None}


@control("GET", "requests")
def requests(app, body):
    """Return the log of API requests, oldest first; ``path``, ``method`` filter."""
    rows = [
        row
        for row in list(app.store.requests)
        if body.get("path", "") in row["path"]
        and body.get("method", row["method"]) == row["method"]
    ]
    return {"requests": rows}


@control("DELETE", "requests")
def clear_requests(app, body):
    """Forget the log."""
    app.store.requests.clear()
    return {"ok": True}


@control("GET", "clock")
def clock(app, body):
    """Return the virtual clock."""
    return {"now": app.store.now(), "offset": app.store.offset}


@control("POST", "clock/advance")
def advance(app, body):
    """Move the clock on by ``seconds`` and do what has come due."""
    seconds = body.get("seconds")
    if not isinstance(seconds, int) or seconds < 0:
        raise invalid("seconds must be a whole number, 0 or more.", "seconds")
    store = app.store
    with store.lock:
        wanted = store.offset + seconds
        # From one due time to the next, so that what happens on the way carries
        # the time at which it happened.
        while store.next_due is not None:
            needed = store.next_due - int(time.time())
            if needed > wanted:
                break
            store.offset = max(store.offset, needed)
            app.run_jobs()
        store.offset = wanted
        store.dirty.set()
    return clock(app, body)


@control("GET", "faults")
def list_faults(app, body):
    """Return the faults and how often each struck."""
    return {"faults": wire.public(app.faults.items)}


@control("POST", "faults")
def add_fault(app, body):
    """Add one fault: see ``faults.Faults.add``."""
    return wire.public(app.faults.add(body))


@control("DELETE", "faults")
def clear_faults(app, body):
    """Forget all faults."""
    app.faults.clear()
    return {"ok": True}


@control("POST", "deliver")
def set_mode(app, body):
    """Set how events go out: see ``settings.DELIVERY``."""
    return settings.change_delivery(app.store, body)


@control("POST", "deliver/flush")
def flush(app, body):
    """Send all held deliveries now; ``order`` created, reversed or shuffled."""
    order = body.get("order", "created")
    if order not in ORDERS:
        raise invalid(f"order is one of {', '.join(ORDERS)}.", "order")
    with app.store.lock:
        held = [
            row
            for row in app.store.tables["_delivery"].values()
            if row["status"] == "held"
        ]
        for row in held:
            row["status"] = "sending"
    if order == "reversed":
        held.reverse()
    if order == "shuffled":
        secrets.SystemRandom().shuffle(held)
    return {"sent": [_sent(row, app.deliverer.attempt(row)) for row in held]}


def _sent(row, status):
    return {
        "event": row["event"],
        "type": row["type"],
        "endpoint": row["endpoint"],
        "status": status,
    }


@control("GET", "deliveries")
def deliveries(app, body):
    """Return all deliveries with attempts and state."""
    with app.store.lock:
        return {"deliveries": list(app.store.tables["_delivery"].values())}


def _event(app, event_id):
    event = app.store.get("event", event_id)
    if event is None:
        raise not_found("event", event_id)
    return event


def _endpoints(app, body):
    rows = app.store.tables["webhook_endpoint"]
    wanted = body.get("endpoint")
    if wanted and wanted not in rows:
        raise not_found("webhook endpoint", wanted, "endpoint", 400)
    return [rows[wanted]] if wanted else list(rows.values())


@control("POST", "events/{id}/redeliver")
def redeliver(app, body, id):
    """Send an event again, now, to ``endpoint`` or to all, ``times`` times."""
    sent = []
    with app.store.lock:
        event, endpoints = _event(app, id), _endpoints(app, body)
    for endpoint in endpoints:
        for _time in range(int(body.get("times", 1))):
            with app.store.lock:
                content = delivery.signed_request(app.store, event, endpoint)
            row = {"event": id, "type": event["type"], "endpoint": endpoint["id"]}
            sent.append(_sent(row, delivery.send(endpoint["url"], *content)))
    return {"sent": sent}


@control("GET", "events/{id}/signed")
def signed(app, body, id):
    """Return body and headers of a delivery, for callers that post it themselves."""
    with app.store.lock:
        event, endpoints = _event(app, id), _endpoints(app, body)
        if not endpoints:
            raise not_found("webhook endpoint", "", "endpoint", 400)
        content, headers = delivery.signed_request(app.store, event, endpoints[0])
    return {"body": content.decode(), "headers": headers, "url": endpoints[0]["url"]}


@control("POST", "webhook_endpoints/{id}/roll")
def roll(app, body, id):
    """Give the endpoint a new secret; the old one signs too for ``overlap`` s."""
    with app.store.lock:
        endpoint = app.store.get("webhook_endpoint", id)
        if endpoint is None:
            raise not_found("webhook endpoint", id)
        expires = int(time.time()) + int(body.get("overlap", 0))
        secret = f"whsec_{app.store.token(32)}"
        endpoint["_secrets"] = [
            {"secret": secret, "expires": None},
            {"secret": endpoint["_secrets"][0]["secret"], "expires": expires},
        ]
        app.store.dirty.set()
    return {**wire.public(endpoint), "secret": secret}
