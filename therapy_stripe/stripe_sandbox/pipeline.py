"""One API request from its bytes to ``(status, body)``.

In this order: parameters, key, version, endpoint, faults, idempotency key, typed
parameters, handler, check of the answer. Only the last three count as executing.
"""

import logging
import random
import time
from contextlib import nullcontext

from . import auth, faults, idempotency, routing, versions, wire
from .errors import ApiError, Dropped, invalid
from .intents import PUBLISHABLE_FIELDS
from .validation import Violation, check_object

_logger = logging.getLogger(__name__)

MAX_BODY = 1_000_000
FORM = "application/x-www-form-urlencoded"
#: Answers of requests that were not executed, or that lost their answer on the way.
UNKEPT = (401, 409, 429, 503)


def answer(app, request, entry, headers):
    """Return ``(status, body)`` for a request; ``headers`` gets what is special.

    :param entry: the request's line in the log, completed on the way
    """
    try:
        return _run(app, request, entry, headers)
    except ApiError as exc:
        if exc.status == 409 or exc.error.get("code") == "lock_timeout":
            headers["Stripe-Should-Retry"] = "true"
        return exc.status, exc.body()
    except Dropped:
        raise
    except Exception as exc:
        _logger.exception("sandbox error")
        return 500, _bug(exc)


def _run(app, request, entry, headers):
    raw = _decode(request, entry)
    publishable = auth.authenticate(request, raw, entry)
    auth.check_version(entry["api_version"])
    route, arguments = routing.find(request.method, request.path)
    if route is None:
        raise ApiError(
            404, f"Unrecognized request URL ({request.method}: {request.path})."
        )
    if publishable and route.publishable is None:
        raise ApiError(
            403,
            "This API call cannot be made with a publishable API key. Please use a "
            "secret API key.",
            code="secret_key_required",
        )
    # A browser's requests do not count against the account.
    admitted = nullcontext()
    if not publishable:
        admitted = app.limits.admitted(route.name, headers)
    with admitted:
        ctx = routing.Context(
            app.store,
            {},
            entry["id"],
            entry["idempotency_key"] if request.method == "POST" else None,
            publishable,
            request.host_url.rstrip("/"),
            entry["api_version"],
        )
        return _claimed(app, request, entry, headers, (ctx, route, arguments, raw))


def _claimed(app, request, entry, headers, work):
    """Apply faults and the idempotency key around the execution."""
    ctx, _route, _arguments, raw = work
    key = ctx.idempotency_key
    fault = app.faults.take(request.method, request.path, key) or {}
    entry["fault"] = fault.get("do")
    faults.strike_before(request, fault)
    if key:
        kept = idempotency.claim(app.store, key, "POST", request.path, raw)
        if kept:
            entry["replayed"] = True
            headers["Idempotent-Replayed"] = "true"
            headers["Original-Request"] = kept["request_id"]
            # Asking again can only bring the same answer.
            headers["Stripe-Should-Retry"] = "false"
            return kept["status"], kept["body"]
    try:
        return _execute(*work, fault)
    finally:
        if key:
            idempotency.release_unfinished(app.store, key)
        if request.method != "GET":
            app.store.dirty.set()


def _decode(request, entry):
    """Return the parameters of query and body, GET included."""
    if (request.content_length or 0) > MAX_BODY:
        raise ApiError(413, "The request is too large.")
    body = request.get_data(as_text=True)
    if body and request.mimetype not in (FORM, ""):
        raise invalid(
            f"Invalid request: the body must be {FORM}, not {request.mimetype}."
        )
    raw = wire.decode_form(request.query_string.decode(), body)
    entry["params"] = auth.redacted(raw)
    return raw


def _execute(ctx, route, arguments, raw, fault):
    """Run the handler and keep its answer under the key where that is due."""
    if fault.get("do") == "delay":
        time.sleep(float(fault.get("seconds", 1)))
    _take_time(ctx.store.settings)
    with ctx.store.lock:
        if fault.get("do") != "status":
            status, body, stored = _handle(ctx, route, arguments, raw)
        elif not fault.get("processed"):
            (status, body), stored = faults.answer_of(fault), True
        else:
            kept_status, kept_body, stored = _handle(ctx, route, arguments, raw)
            status, body = faults.answer_of(fault)
            if status != 500 and stored:
                # A gateway's 503 hides an answer that the API did keep.
                _keep(ctx, kept_status, kept_body)
                stored = False
        if stored and status not in UNKEPT:
            _keep(ctx, status, body)
    return status, body


def _take_time(settings):
    """Be as slow as the settings ask, without keeping others waiting."""
    spread = settings["latency_jitter_ms"]
    pause = settings["latency_ms"] + (random.uniform(-spread, spread) if spread else 0)
    if pause > 0:
        time.sleep(pause / 1000)


def _keep(ctx, status, body):
    if ctx.idempotency_key:
        idempotency.keep(ctx.store, ctx.idempotency_key, status, body, ctx.request_id)


def _handle(ctx, route, arguments, raw):
    """Return ``(status, body, stored)`` of the handler's work."""
    try:
        old = versions.is_old(ctx.version)
        if old:
            raw = versions.translate(route.name, raw)
        ctx.params = route.coerce(raw, ctx.publishable)
        wire.check_expand(route.kind, ctx.params.get("expand"))
        result = wire.public(route.handler(ctx, **arguments))
        wire.expand(ctx.store, result, ctx.params.get("expand"))
        check_object(result)
        if old:
            result = versions.render(ctx.store, result)
        return 200, _browser_view(result) if ctx.publishable else result, True
    except ApiError as exc:
        return _refusal(ctx, exc)
    except Violation as exc:
        _logger.error("answer breaks the SDK's annotations: %s", exc)
        return 500, _bug(exc), False
    except Exception as exc:
        _logger.exception("sandbox error")
        return 500, _bug(exc), False


def _refusal(ctx, exc):
    """Check the objects inside an error, and trim them for a browser."""
    error = exc.error
    for name in ("payment_intent", "setup_intent", "payment_method"):
        if name not in error:
            continue
        try:
            check_object(error[name])
        except Violation as violation:
            return 500, _bug(violation), False
        if versions.is_old(ctx.version):
            error[name] = versions.render(ctx.store, error[name])
        if ctx.publishable:
            error[name] = _browser_view(error[name])
    return exc.status, exc.body(), exc.stored


def _browser_view(result):
    if result.get("object") in ("payment_intent", "setup_intent"):
        return {k: v for k, v in result.items() if k in PUBLISHABLE_FIELDS}
    return result


def _bug(exc):
    """The sandbox's own mistake, worded so that nobody takes it for the API's."""
    return {
        "error": {
            "type": "api_error",
            "code": "sandbox_bug",
            "message": f"Bug of the sandbox, not of the API: {exc}",
        }
    }
