"""What a payer's browser asks about bank accounts: sign-in and small deposits."""

import json
from html import escape
from importlib import resources
from string import Template

from . import bank_flow, mandates, microdeposits, setup_intents
from .banks import BY_NAME
from .errors import ApiError
from .routing import Context

MAX_BODY = 1000


def sign_in(store, request):
    """Return the id of an account the payer chose at the test bank."""
    if (request.content_length or 0) > MAX_BODY:
        return 413, {}
    try:
        bank = BY_NAME[json.loads(request.get_data() or b"{}")["name"]]
    except (ValueError, KeyError, TypeError):
        return 400, {"error": {"message": "No such account."}}
    with store.lock:
        linked = store.new_id("fca")
        row = {"id": linked, "number": bank.number}
        store.tables["_linked_account"][linked] = row
    return 200, {"id": linked}


def verification_page(store, request, intent_id):
    """Show the page for the code, or take the code; return its HTML."""
    table = "payment_intent" if intent_id.startswith("pi_") else "setup_intent"
    with store.lock:
        intent = store.get(table, intent_id)
        secret = request.values.get("client_secret")
        if intent is None or secret != intent["client_secret"]:
            raise ApiError(404, "No such verification.")
        problem = ""
        if request.method == "POST" and microdeposits.waits(intent):
            problem = _answer(store, intent, request.form.get("descriptor_code"))
            store.dirty.set()
        waits = microdeposits.waits(intent)
    message = problem or (
        "We sent a small deposit to your account. Its description holds a code."
        if waits
        else "Done. You can close this page."
    )
    text = resources.files(__package__) / "static" / "microdeposits.html"
    return Template(text.read_text("utf-8")).substitute(
        message=escape(message),
        secret=escape(intent["client_secret"]),
        state="" if waits else "hidden",
    )


def _answer(store, intent, code):
    """Judge the code; return what was wrong with it in words, or nothing."""
    ctx = Context(store, {"descriptor_code": code}, store.new_id("req", 14))
    try:
        method = microdeposits.verify(ctx, intent)
        if intent["object"] == "payment_intent":
            params = {"mandate_data": intent.get("_mandate_data")}
            bank_flow.start(ctx, intent, method, params)
        else:
            mandates.change(store, intent["mandate"], "active")
            setup_intents.complete(ctx, intent, method, challenged=False)
    except ApiError as exc:
        return str(exc)
    return ""
