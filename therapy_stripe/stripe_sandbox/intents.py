"""What payment intents and setup intents share."""

from urllib.parse import urlencode, urlsplit

from . import bank_methods
from .errors import ApiError, invalid, unexpected_state
from .wire import public

NO_LONGER_SUPPORTED = {
    "payment_method_types": (
        "No longer supported; use allowed_payment_method_types instead.",
        "payment_method_types_no_longer_supported",
    )
}
#: Ways to say which payment methods an intent takes; one at a time.
SELECTORS = (
    "allowed_payment_method_types",
    "excluded_payment_method_types",
    "automatic_payment_methods",
)
#: What a browser may see of an intent.
PUBLISHABLE_FIELDS = set(
    "id object amount amount_details automatic_payment_methods canceled_at "
    "cancellation_reason capture_method client_secret confirmation_method created "
    "currency description last_payment_error last_setup_error livemode next_action "
    "payment_method payment_method_configuration_details payment_method_types "
    "processing receipt_email setup_future_usage shipping source status usage".split()
)
BANK = "us_bank_account"
OPTIONS = {
    ("payment_intent", BANK): {
        "mandate_options",
        "setup_future_usage",
        "verification_method",
    },
    ("setup_intent", BANK): {"mandate_options", "verification_method"},
    ("payment_intent", "card"): {
        "capture_method",
        "mandate_options",
        "request_three_d_secure",
        "setup_credential_usage",
        "setup_future_usage",
        "stored_credential_usage",
    },
    ("setup_intent", "card"): {
        "mandate_options",
        "request_three_d_secure",
        "setup_credential_usage",
    },
}
DEFAULT_OPTIONS = {
    "card": {
        "mandate_options": None,
        "network": None,
        "request_three_d_secure": "automatic",
    },
    BANK: {"verification_method": "automatic"},
}
CHALLENGES = ("any", "challenge")


def find(ctx, table, intent_id):
    """Return the stored intent; a browser must know its client secret."""
    intent = ctx.store.get(table, intent_id)
    if intent is None:
        raise ApiError(
            404,
            f"No such {table}: '{intent_id}'",
            code="resource_missing",
            param="intent",
        )
    if ctx.publishable and ctx.params.get("client_secret") != intent["client_secret"]:
        raise invalid(
            "The client_secret provided does not match the client_secret of this "
            "intent.",
            "client_secret",
        )
    return intent


def select_types(store, intent, params):
    """Write which payment method types the intent takes.

    Bank accounts are debited in US dollars only; where no type is named, they belong
    to the account's choice when ``bank_debits_automatic`` is set.
    """
    given = [name for name in SELECTORS if params.get(name) is not None]
    if len(given) > 1:
        raise invalid(
            f"You may only specify one of these parameters: {', '.join(given)}.",
            given[1],
        )
    if not given and "payment_method_types" in intent:
        return
    allowed = params.get("allowed_payment_method_types")
    excluded = params.get("excluded_payment_method_types") or []
    # Unsuitable types are filtered, not refused; none left is an error.
    enabled = ["card"] + [BANK] * store.settings["bank_debits_automatic"]
    types = [each for each in ("card", BANK) if each in (allowed or enabled)]
    if intent.get("currency", "usd") != "usd":
        types = [each for each in types if each != BANK]
    types = [each for each in types if each not in excluded]
    if not types:
        raise invalid(
            "No valid payment method types for this intent. The sandbox implements "
            "card and, in US dollars, us_bank_account.",
            given[0],
        )
    automatic = params.get("automatic_payment_methods")
    if automatic is not None and not automatic["enabled"]:
        raise invalid(
            "automatic_payment_methods[enabled] must be true.",
            "automatic_payment_methods[enabled]",
        )
    if allowed is None:
        redirects = (automatic or {}).get("allow_redirects", "always")
        automatic = {"allow_redirects": redirects, "enabled": True}
    intent["automatic_payment_methods"] = automatic
    intent["allowed_payment_method_types"] = allowed
    intent["excluded_payment_method_types"] = excluded or None
    intent["payment_method_types"] = types


def write_options(intent, params):
    """Merge ``payment_method_options`` into the intent."""
    options = params.get("payment_method_options")
    current = intent.setdefault("payment_method_options", {}) or {}
    result = {}
    for kind, defaults in DEFAULT_OPTIONS.items():
        wanted = (options or {}).get(kind) or {}
        _refuse_options(set(wanted) - OPTIONS[intent["object"], kind])
        result[kind] = {**defaults, **(current.get(kind) or {}), **wanted}
    _refuse_options(set(options or {}) - set(result))
    types = intent["payment_method_types"]
    intent["payment_method_options"] = {kind: result[kind] for kind in types}


def _refuse_options(names):
    for name in sorted(names):
        raise invalid(
            f"payment_method_options: {name} is not enabled for this account.",
            f"payment_method_options[{name}]",
        )


def check_type(intent, method):
    """Refuse a payment method of a type that the intent does not take."""
    types = intent["payment_method_types"]
    if method["type"] not in types:
        kind = (
            "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
        )
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this "
            f"{kind}. Please attach a payment method of one of the following types: "
            f"{', '.join(types)}.",
            "payment_method",
        )
    if method["type"] == BANK:
        bank_methods.check_usable(method)


def check_return_url(ctx, intent, params):
    """A server that confirms must say where to send the payer back.

    Needed whenever the methods enabled for the account could redirect, so not for
    named types and not with ``allow_redirects=never``. Scripts in the browser
    settle it themselves.
    """
    url = params.get("return_url")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise invalid(f"Not a valid URL: {url}", "return_url", "url_invalid")
    automatic = intent["automatic_payment_methods"]
    if ctx.publishable or not automatic or automatic["allow_redirects"] == "never":
        return
    if not url:
        raise invalid(
            "This intent accepts payment methods enabled for the account, some of "
            "which might redirect the payer away from your page, so you must provide "
            "a return_url. To avoid redirects, set "
            "automatic_payment_methods[allow_redirects]=never or name the "
            "allowed_payment_method_types.",
            "return_url",
        )


def needs_challenge(card, method, off_session, request="automatic"):
    """Tell whether the bank asks the payer to authenticate this payment."""
    if card.auth == "always":
        return True
    if card.auth == "unless_set_up":
        return not (off_session and (method["_set_up"] or card.already_set_up))
    return card.auth == "optional" and not off_session and request in CHALLENGES


def challenge(ctx, intent, params):
    """Put the intent into ``requires_action`` with its next step.

    A server that gave a ``return_url`` gets an address to send the payer to; a
    script gets what it needs to open the page itself.
    """
    query = urlencode({"client_secret": intent["client_secret"]})
    url = f"{ctx.base_url}/_sandbox/3ds/{intent['id']}?{query}"
    return_url = params.get("return_url")
    intent["_return_url"] = return_url
    intent["status"] = "requires_action"
    if return_url and not ctx.publishable and not params.get("use_stripe_sdk"):
        intent["next_action"] = {
            "redirect_to_url": {"return_url": return_url, "url": url},
            "type": "redirect_to_url",
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "type": "three_d_secure_redirect",
                "stripe_js": url,
                "source": ctx.store.new_id("src"),
            },
        }


def wrong_state(intent, verb, code):
    """Return the 400 for ``verb`` in the intent's present state, intent included."""
    kind = intent["object"]
    name = "PaymentIntent" if kind == "payment_intent" else "SetupIntent"
    return unexpected_state(
        f"You cannot {verb} this {name} because it has a status of {intent['status']}.",
        code,
        **{kind: public(intent)},
    )
