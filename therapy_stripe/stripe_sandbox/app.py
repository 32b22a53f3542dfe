"""The WSGI application: who may ask, which part answers, and in what envelope."""

import json
import re
import time
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

# Importing a module of endpoints registers them.
from . import (  # noqa: F401
    API_VERSION,
    account,
    apple_pay,
    balance,
    browser,
    charges,
    confirmation_tokens,
    control,
    control_banks,
    control_cards,
    control_disputes,
    control_limits,
    control_money,
    control_refunds,
    customers,
    disputes_api,
    events,
    faults,
    fraud_warnings,
    limits,
    mandates,
    payment_intents,
    payment_methods,
    payment_steps,
    payouts,
    pipeline,
    refunds,
    searching,
    setup_attempts,
    setup_intents,
    webhook_endpoints,
)

MAX_LOG = 20_000
LOOPBACK = re.compile(r"^(127(\.\d{1,3}){3}|localhost|\[?::1\]?)$")
CORS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, Stripe-Version"
    ),
    "Access-Control-Expose-Headers": "Request-Id, Stripe-Should-Retry",
    "Vary": "Origin",
}


def is_local(host):
    """Tell whether a host name or address is this machine."""
    return LOOPBACK.match(host or "") is not None


class App:
    """One sandbox: a store, its faults and the deliverer of its events."""

    def __init__(self, store):
        self.store = store
        self.faults = faults.Faults()
        self.limits = limits.Limits()
        self.deliverer = None
        self.run_jobs = None

    def __call__(self, environ, start_response):
        # Cookies know no ports: those of other servers on this host arrive here.
        environ.pop("HTTP_COOKIE", None)
        return self._respond(Request(environ))(environ, start_response)

    def _respond(self, request):
        # The name asked for must be local as well: a foreign page may have made a
        # name of its own point here.
        asked = urlsplit(f"//{request.host}").hostname
        if not is_local(request.remote_addr) or not is_local(asked):
            return Response("The sandbox answers this machine only.", 403)
        if request.path.startswith("/v1/"):
            response = self._api(request)
            origin = request.headers.get("Origin")
            if origin and is_local(urlsplit(origin).hostname):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers.update(CORS)
            return response
        answered = None
        if request.path.startswith("/_sandbox/"):
            answered = control.respond(self, request)
        return answered or browser.respond(self, request)

    def _api(self, request):
        """Answer a request to the API and note it in the log."""
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
        headers = {
            "Request-Id": entry["id"],
            "Stripe-Version": entry["api_version"] or API_VERSION,
        }
        if entry["idempotency_key"]:
            headers["Idempotency-Key"] = entry["idempotency_key"]
        status, body = pipeline.answer(self, request, entry, headers)
        entry["status"] = status
        response = Response(
            json.dumps(body, indent=2), status, headers, mimetype="application/json"
        )
        faults.strike_after(request, response, entry["fault"])
        return response
