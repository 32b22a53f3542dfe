"""What a payer's browser loads: the script, the card form, the challenge page."""

import json
import re
from html import escape
from importlib import resources
from string import Template
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from . import bank_pages, microdeposits, payment_flow, setup_intents
from .cards import BY_NUMBER, brand_of
from .errors import ApiError
from .routing import Context

TYPES = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
SCRIPT_PATHS = {"/v3", "/v3/", "/endive/stripe.js"}
#: One file to the browser, four to us.
SCRIPT_PARTS = (
    "stripe/1-api.js",
    "stripe/2-element.js",
    "stripe/3-elements.js",
    "stripe/4-stripe.js",
)
ASSETS = {"elements-bank.js", "elements.js", "elements.css", "challenge.js"}
CHALLENGE = re.compile(r"^/_sandbox/(?P<page>3ds|microdeposits)/(?P<id>(pi|seti)_\w+)$")
LOCAL_ORIGIN = re.compile(r"^http://(127(\.\d{1,3}){3}|localhost)(:\d+)?$")
MAX_SMALL_BODY = 1000
#: Pages of this machine may frame ours; ours load nothing from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors http://127.0.0.1:* http://localhost:*"
)


def respond(app, request):
    """Answer a request for a page, an asset or the challenge; else 404."""
    path = request.path
    if path in SCRIPT_PATHS:
        return _served("".join(map(_text, SCRIPT_PARTS)), "js")
    name = path.removeprefix("/_sandbox/static/")
    if name in ASSETS:
        return _asset(name)
    if path == "/_sandbox/elements":
        return _asset("elements.html")
    if path == "/_sandbox/card_details" and request.method == "POST":
        return _card_details(request)
    if path == "/_sandbox/bank_sign_in" and request.method == "POST":
        status, body = bank_pages.sign_in(app.store, request)
        return Response(json.dumps(body), status, mimetype="application/json")
    match = CHALLENGE.match(path)
    if match:
        try:
            if match["page"] == "microdeposits":
                return _html(
                    bank_pages.verification_page(app.store, request, match["id"])
                )
            return _challenge(app, request, match["id"])
        except ApiError as exc:
            return Response(str(exc), exc.status, mimetype="text/plain")
    return Response("Not found.", 404, mimetype="text/plain")


def _text(name):
    return (resources.files(__package__) / "static" / name).read_text("utf-8")


def _asset(name):
    return _served(_text(name), name.rsplit(".")[-1])


def _served(text, kind):
    response = Response(text, content_type=f"{TYPES[kind]}; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _card_details(request):
    """Tell brand and funding of a typed number; it is neither kept nor logged."""
    if (request.content_length or 0) > MAX_SMALL_BODY:
        return Response(status=413)
    number = re.sub(r"\D", "", str(json.loads(request.get_data() or b"{}")["number"]))
    card = BY_NUMBER.get(number)
    details = {
        "brands": [card.brand if card else brand_of(number)],
        "funding": card.funding if card else "unknown",
    }
    return Response(json.dumps(details), mimetype="application/json")


# -- 3D Secure -------------------------------------------------------------------


def _challenge(app, request, intent_id):
    """Show the bank's page, or take the payer's answer."""
    table = "payment_intent" if intent_id.startswith("pi_") else "setup_intent"
    with app.store.lock:
        intent = app.store.get(table, intent_id)
        secret = request.values.get("client_secret")
        if intent is None or secret != intent["client_secret"]:
            raise ApiError(404, "No such authentication.")
        if microdeposits.waits(intent):
            raise ApiError(404, "No such authentication.")
        if request.method == "POST" and intent["status"] == "requires_action":
            settle(app.store, intent, request.form.get("outcome") == "complete")
            app.store.dirty.set()
        waiting = intent["status"] == "requires_action"
        return _page(request, intent) if waiting else _leave(request, intent)


def settle(store, intent, success):
    """Finish the challenge of ``intent``: go on to the bank, or fail."""
    ctx = Context(store, {}, store.new_id("req", 14))
    payment = intent["object"] == "payment_intent"
    module = payment_flow if payment else setup_intents
    if not success:
        module.authentication_failed(ctx, intent)
        return
    method = store.tables["payment_method"][intent["payment_method"]]
    proceed = payment_flow.collect if payment else setup_intents.complete
    try:
        proceed(ctx, intent, method, challenged=True)
    except ApiError:
        # The intent tells the payer's page what went wrong.
        return


def _page(request, intent):
    what = "Save this card for later payments"
    if intent["object"] == "payment_intent":
        amount = f"{intent['amount'] / 100:,.2f} {intent['currency'].upper()}"
        what = f"Confirm the payment of {amount}"
    text = Template(_text("challenge.html")).substitute(
        what=escape(what),
        secret=escape(intent["client_secret"]),
        embed=escape(request.values.get("embed", "")),
        origin=escape(_origin(request)),
        state="ask",
    )
    return _html(text)


def _origin(request):
    """The page that opened the challenge, if it is one of this machine."""
    origin = request.values.get("origin", "")
    return origin if LOCAL_ORIGIN.match(origin) else ""


def _leave(request, intent):
    """Go back to the shop: a message to the page around us, or a redirect."""
    back = intent.get("_return_url")
    if back and not request.values.get("embed"):
        return redirect(return_address(intent, back), 303)
    text = Template(_text("challenge.html")).substitute(
        what="Done. You can close this page.",
        secret="",
        embed=escape(request.values.get("embed", "")),
        origin=escape(_origin(request)),
        state="done",
    )
    return _html(text)


def return_address(intent, url):
    """Add to ``url`` what a payer's page needs to know about the intent."""
    status = {"succeeded": "succeeded", "requires_capture": "succeeded"}
    status.update(processing="pending")
    query = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": status.get(intent["status"], "failed"),
        }
    )
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def _html(text):
    response = Response(text, content_type="text/html; charset=utf-8")
    # The answer to a form may redirect to the shop, so form-action stays open.
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
