"""Charges: one per attempt to collect, successful or not."""

from . import balance, bank_methods
from .errors import not_found
from .events import emit
from .metadata import merged
from .methods import card_of, snapshot
from .routing import route
from .wire import as_list

#: The account's part of what the payer's bank prints.
DESCRIPTOR_PREFIX = "PRACTICE"


def new_charge(ctx, intent, method, challenged, failure=None, blocked=False):
    """Store and return the charge of one attempt.

    :param failure: ``(code, decline_code, advice_code, message)`` or None
    :param blocked: the processor's own risk rules stopped it
    """
    manual = intent["capture_method"] == "manual"
    captured = failure is None and not manual
    suffix = intent["statement_descriptor_suffix"]
    descriptor = f"{DESCRIPTOR_PREFIX}* {suffix}" if suffix else DESCRIPTOR_PREFIX
    return ctx.store.put(
        "charge",
        {
            "id": ctx.store.new_id("py" if bank_methods.is_bank(method) else "ch"),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if captured else 0,
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            "balance_transaction": None,
            "billing_details": snapshot(method)["billing_details"],
            "calculated_statement_descriptor": descriptor,
            "captured": captured,
            "created": ctx.store.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": failure and failure[0],
            "failure_message": failure and failure[3],
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "on_behalf_of": None,
            "outcome": _outcome(failure, blocked),
            "paid": failure is None,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": _details(intent, method, challenged),
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "shipping": intent["shipping"],
            "source": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": suffix,
            "status": "failed" if failure else "succeeded",
            "transfer_data": None,
            "transfer_group": None,
            "_available_now": card_of(method).available_now,
        },
    )


def collected(ctx, charge, later=False):
    """Book a charge that was captured.

    :param later: the balance transaction comes after a delay
    """
    balance.settle_charge(ctx, charge, later)
    follow(ctx, charge)


def follow(ctx, charge):
    """Start what the test card or account brings after a collected charge."""
    method = ctx.store.tables["payment_method"][charge["payment_method"]]
    if card_of(method).after:
        kind, data = card_of(method).after
        delay = ctx.store.settings["dispute_delay"]
        ctx.store.schedule(delay, kind, charge_id=charge["id"], **data)


def _outcome(failure, blocked):
    """What banks and risk rules said (``advice_code`` only on declines)."""
    outcome = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 32,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if blocked:
        outcome.update(
            network_status="not_sent_to_network",
            reason="highest_risk_level",
            risk_level="highest",
            risk_score=97,
            seller_message="This payment was blocked as too risky.",
            type="blocked",
        )
    elif failure:
        outcome.update(
            advice_code=failure[2],
            network_status="declined_by_network",
            reason=failure[1],
            seller_message=f"The bank returned the decline code {failure[1]}.",
            type="issuer_declined",
        )
    return outcome


def _details(intent, method, challenged):
    if bank_methods.is_bank(method):
        return {"type": method["type"], method["type"]: _bank_details(method)}
    card = snapshot(method)["card"]
    options = intent["payment_method_options"]["card"]
    secure = None
    if challenged:
        secure = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "exemption_indicator_applied": False,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": intent["id"],
            "version": "2.2.0",
        }
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint")
    return {
        "card": {
            **{name: card[name] for name in same},
            "amount_authorized": intent["amount"],
            "authorization_code": None,
            "funding": card["funding"],
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None,
            "regulated_status": "unregulated",
            "setup_credential_usage": options.get("setup_credential_usage"),
            "stored_credential_usage": options.get("stored_credential_usage"),
            "three_d_secure": secure,
            "wallet": None,
        },
        "type": "card",
    }


def _bank_details(method):
    account = method[method["type"]]
    same = (
        "account_holder_type account_type bank_name fingerprint last4 routing_number"
    ).split()
    return {**{name: account[name] for name in same}, "mandate": None}


def find(store, charge_id, param=None):
    """Return the stored charge (404 in a path, 400 in parameter ``param``)."""
    charge = store.get("charge", charge_id)
    if charge is None:
        raise not_found("charge", charge_id, param or "id", 400 if param else 404)
    return charge


@route("GET", "/v1/charges/{id}", "ChargeRetrieveParams")
def retrieve(ctx, id):
    """Return one charge."""
    return find(ctx.store, id)


@route("POST", "/v1/charges/{id}", "ChargeUpdateParams", "description metadata")
def update(ctx, id):
    """Change description or metadata."""
    charge = find(ctx.store, id)
    metadata = merged(charge["metadata"], ctx.params)
    before = {"metadata": charge["metadata"], "description": charge["description"]}
    charge["metadata"] = metadata
    if "description" in ctx.params:
        charge["description"] = ctx.params["description"]
    changed = {k: v for k, v in before.items() if charge[k] != v}
    emit(ctx, "charge.updated", charge, changed)
    return charge


@route(
    "GET",
    "/v1/charges",
    "ChargeListParams",
    "created customer ending_before limit payment_intent starting_after",
)
def list_charges(ctx):
    """List charges, newest first, by customer or payment intent."""
    names = ("customer", "payment_intent")
    wanted = {name: ctx.params[name] for name in names if ctx.params.get(name)}
    return as_list(
        ctx.store,
        "charge",
        "/v1/charges",
        ctx.params,
        lambda charge: all(charge[name] == value for name, value in wanted.items()),
    )
