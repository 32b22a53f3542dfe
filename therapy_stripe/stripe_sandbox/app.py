"""The WSGI application: authentication, faults, idempotency, dispatch, answer."""

import base64
import binascii
import json
import logging
import re
import socket
import time
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from . import (  # noqa: F401  (importing a module registers its endpoints)
    API_VERSION,
    account,
    browser,
    charges,
    control,
    customers,
    events,
    idempotency,
    payment_intents,
    payment_methods,
    refunds,
    routing,
    setup_intents,
    webhook_endpoints,
    wire,
)
from .errors import ApiError, Dropped, invalid
from .faults import Faults
from .intents import PUBLISHABLE_FIELDS
from .validation import Violation, check_object

_logger = logging.getLogger(__name__)

MAX_BODY = 1_000_000
MAX_LOG = 20_000
LOOPBACK = re.compile(r"^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$")
CARD_SECRETS = ("number", "cvc")


class App:
    """One sandbox: a store, its faults and the deliverer of its events."""

    def __init__(self, store):
        self.store = store
        self.faults = Faults()
        self.deliverer = None

    def __call__(self, environ, start_response):
        # Cookies know no ports: those of other servers on this host arrive here.
        environ.pop("HTTP_COOKIE", None)
        request = Request(environ)
        response = self._respond(request)
        return response(environ, start_response)

    def _respond(self, request):
        if not LOOPBACK.match(request.remote_addr or "") or not LOOPBACK.match(
            urlsplit(f"//{request.host}").hostname or ""
        ):
            return Response("The sandbox answers this machine only.", 403)
        if request.path.startswith("/v1/"):
            response = self._api(request)
            self._allow_origin(request, response)
            return response
        if request.path.startswith("/_sandbox/"):
            return control.respond(self, request) or browser.respond(self, request)
        return browser.respond(self, request)

    @staticmethod
    def _allow_origin(request, response):
        """Let pages of this machine read the answer (browsers ask for leave)."""
        origin = request.headers.get("Origin")
        if origin and LOOPBACK.match(urlsplit(origin).hostname or ""):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = (
                "Authorization, Content-Type, Idempotency-Key, Stripe-Version"
            )
            response.headers["Access-Control-Expose-Headers"] = (
                "Request-Id, Stripe-Should-Retry"
            )
            response.headers["Vary"] = "Origin"

    # -- the API -----------------------------------------------------------------

    def _api(self, request):
        if request.method == "OPTIONS":
            return Response(status=204)
        entry = {
            "id": self.store.new_id("req", 14),
            "time": time.time(),
            "method": request.method,
            "path": request.path,
            "params": {},
            "idempotency_key": request.headers.get("Idempotency-Key"),
            "api_version": request.headers.get("Stripe-Version"),
            "key": None,
            "status": None,
            "replayed": False,
            "fault": None,
        }
        self.store.requests.append(entry)
        del self.store.requests[:-MAX_LOG]
        headers = {}
        try:
            status, body = self._run(request, entry, headers)
        except ApiError as exc:
            status, body = exc.status, exc.body()
            if status == 409:
                headers["Stripe-Should-Retry"] = "true"
        except Dropped:
            raise
        except Exception as exc:
            _logger.exception("sandbox error")
            status, body = 500, _bug(exc)
        entry["status"] = status
        return self._answer(request, entry, status, body, headers)

    def _answer(self, request, entry, status, body, headers):
        text = json.dumps(body, indent=2)
        response = Response(text, status, mimetype="application/json")
        response.headers["Request-Id"] = entry["id"]
        response.headers["Stripe-Version"] = API_VERSION
        if entry["idempotency_key"]:
            response.headers["Idempotency-Key"] = entry["idempotency_key"]
        response.headers.update(headers)
        fault = entry["fault"]
        if fault == "drop_after":
            _drop(request)
        if fault == "truncate_body":
            response.automatically_set_content_length = False
            response.set_data(text[: len(text) // 2])
            response.headers["Content-Length"] = str(len(text.encode()))
        if fault == "bad_json":
            response.set_data("<html><body>Bad gateway</body></html>")
        return response

    def _run(self, request, entry, headers):
        """Return ``(status, body)`` of an API request; may raise ApiError."""
        raw = self._decode(request, entry)
        publishable = self._authenticate(request, raw, entry)
        _check_version(entry["api_version"])
        route, arguments = routing.find(request.method, request.path)
        if route is None:
            raise ApiError(
                404, f"Unrecognized request URL ({request.method}: {request.path})."
            )
        if publishable and route.publishable is None:
            raise ApiError(
                403,
                "This API call cannot be made with a publishable API key. Please use "
                "a secret API key.",
                code="secret_key_required",
            )
        key = entry["idempotency_key"] if request.method == "POST" else None
        fault = self.faults.take(request.method, request.path, key) or {}
        entry["fault"] = fault.get("do")
        _fail_before(request, fault)
        if key:
            kept = idempotency.claim(self.store, key, "POST", request.path, raw)
            if kept:
                entry["replayed"] = True
                headers["Idempotent-Replayed"] = "true"
                headers["Original-Request"] = kept["request_id"]
                # Asking again can only bring the same answer.
                headers["Stripe-Should-Retry"] = "false"
                return kept["status"], kept["body"]
        try:
            return self._execute(request, entry, route, arguments, raw, key, fault)
        except BaseException:
            if key:
                self._release_unfinished(key)
            raise

    def _release_unfinished(self, key):
        with self.store.lock:
            kept = self.store.tables["_idempotency"].get(key)
            if kept and kept["status"] is None:
                idempotency.release(self.store, key)

    def _execute(self, request, entry, route, arguments, raw, key, fault):
        """Run the handler and keep its answer under the key where that is due."""
        if fault.get("do") == "delay":
            time.sleep(float(fault.get("seconds", 1)))
        store = self.store
        stored = True
        with store.lock:
            if fault.get("do") == "status" and not fault.get("processed"):
                status, body = _fault_answer(fault)
            else:
                status, body, stored = self._handle(
                    request, entry, route, arguments, raw, key
                )
                if fault.get("do") == "status":
                    kept = (status, body)
                    status, body = _fault_answer(fault)
                    # A gateway's 503 hides an answer that the API did keep.
                    if key and status != 500:
                        idempotency.keep(store, key, *kept, entry["id"])
                        stored = False
            if request.method != "GET":
                store.dirty.set()
            if key and stored and status not in (401, 409, 429, 503):
                idempotency.keep(store, key, status, body, entry["id"])
            elif key:
                self._release_unfinished(key)
        return status, body

    def _handle(self, request, entry, route, arguments, raw, key):
        """Return ``(status, body, stored)`` of the handler's work."""
        publishable = entry["key"] == "publishable"
        ctx = routing.Context(
            self.store,
            {},
            entry["id"],
            key,
            publishable,
            request.host_url.rstrip("/"),
        )
        try:
            ctx.params = route.coerce(raw, publishable)
            wire.check_expand(route.kind, ctx.params.get("expand"))
            result = wire.public(route.handler(ctx, **arguments))
            wire.expand(self.store, result, ctx.params.get("expand"))
            check_object(result)
            return 200, _browser_view(result) if publishable else result, True
        except ApiError as exc:
            body = exc.body()
            try:
                _check_error(body["error"])
            except Violation as violation:
                return 500, _bug(violation), False
            if publishable:
                for name in ("payment_intent", "setup_intent"):
                    if name in body["error"]:
                        body["error"][name] = _browser_view(body["error"][name])
            return exc.status, body, exc.stored
        except Violation as exc:
            _logger.error("answer breaks the SDK's annotations: %s", exc)
            return 500, _bug(exc), False
        except Exception as exc:
            _logger.exception("sandbox error")
            return 500, _bug(exc), False

    def _decode(self, request, entry):
        """Return the parameters of query and body, GET included."""
        if (request.content_length or 0) > MAX_BODY:
            raise ApiError(413, "The request is too large.")
        body = request.get_data(as_text=True)
        form = "application/x-www-form-urlencoded"
        if body and request.mimetype not in (form, ""):
            raise invalid(
                f"Invalid request: the body must be {form}, not {request.mimetype}."
            )
        raw = wire.decode_form(request.query_string.decode(), body)
        entry["params"] = _redacted(raw)
        return raw

    @staticmethod
    def _authenticate(request, raw, entry):
        """Return whether the key is a publishable one; 401 for any other."""
        key = _api_key(request, raw)
        if key.startswith("pk_test_"):
            entry["key"] = "publishable"
            return True
        if key.startswith("sk_test_") and not key.startswith("sk_test_invalid"):
            entry["key"] = "secret"
            return False
        if not key:
            message = "You did not provide an API key."
        elif "_live_" in key:
            message = "The sandbox refuses live keys. Use a test key (sk_test_...)."
        else:
            message = "Invalid API Key provided."
        raise ApiError(401, message)


def _api_key(request, raw):
    """Bearer, Basic (key as user name) or, from scripts, the parameter ``key``."""
    header = request.headers.get("Authorization", "")
    scheme, _space, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    key = raw.get("key")
    # A secret key never travels in a parameter.
    return key if isinstance(key, str) and key.startswith("pk_") else ""


def _check_version(version):
    if version and version != API_VERSION:
        raise invalid(
            f"Invalid Stripe API version: {version}. The sandbox speaks "
            f"{API_VERSION} only."
        )


def _fail_before(request, fault):
    """Faults that strike before the request is looked at."""
    do = fault.get("do")
    if do == "drop_before":
        _drop(request)
    if do == "status" and not fault.get("processed") and fault["status"] != 500:
        status, body = _fault_answer(fault)
        error = ApiError(status, "")
        error.error = body["error"]
        raise error


def _fault_answer(fault):
    status = int(fault["status"])
    code = {429: "rate_limit", 409: "lock_timeout"}.get(status)
    kind = {429: "invalid_request_error", 409: "invalid_request_error"}
    error = {
        "message": fault.get("message", f"Fault injected by the sandbox ({status})."),
        "type": fault.get("type", kind.get(status, "api_error")),
    }
    if fault.get("code", code):
        error["code"] = fault.get("code", code)
    return status, {"error": error}


def _drop(request):
    """Close the connection without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise Dropped("dropped on order")


def _browser_view(result):
    if result.get("object") in ("payment_intent", "setup_intent"):
        return {k: v for k, v in result.items() if k in PUBLISHABLE_FIELDS}
    return result


def _check_error(error):
    for name in ("payment_intent", "setup_intent", "payment_method"):
        if name in error:
            check_object(error[name])


def _bug(exc):
    """The sandbox's own mistake, worded so that nobody takes it for the API's."""
    return {
        "error": {
            "type": "api_error",
            "code": "sandbox_bug",
            "message": f"Bug of the sandbox, not of the API: {exc}",
        }
    }


def _redacted(raw):
    """Copy parameters for the log, without card numbers, codes and secrets."""
    if isinstance(raw, list):
        return [_redacted(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    return {
        key: "[redacted]"
        if key in CARD_SECRETS or key == "client_secret"
        else _redacted(value)
        for key, value in raw.items()
    }
