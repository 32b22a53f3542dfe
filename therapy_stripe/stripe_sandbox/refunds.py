"""Refunds."""

from . import balance, charges, disputes, fraud_warnings
from .errors import invalid, not_found, unexpected_state
from .events import emit
from .metadata import merged
from .methods import card_of
from .routing import Context, route
from .settings import DAY
from .wire import as_list

#: Virtual seconds until the two refund test cards change their mind.
SETTLE_DELAY = 3600
#: Why a bank sends a refund back.
FAILURES = (
    "declined",
    "expired_or_canceled_card",
    "insufficient_funds",
    "lost_or_stolen_card",
    "unknown",
)
OPEN = ("pending", "succeeded")
WRITABLE = "amount charge metadata payment_intent reason"


@route("POST", "/v1/refunds", "RefundCreateParams", WRITABLE)
def create(ctx):
    """Refund a charge, in whole or in part (``amount`` in minor units)."""
    store, params = ctx.store, ctx.params
    charge = _charge(ctx)
    _check_disputes(store, charge)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise unexpected_state(
            f"Charge {charge['id']} has already been refunded.",
            "charge_already_refunded",
        )
    amount = params.get("amount", left)
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            "amount",
            "parameter_invalid_integer",
        )
    if amount > left:
        raise unexpected_state(
            f"Refund amount ({amount} minor units of {charge['currency']}) is greater "
            f"than unrefunded amount on charge ({left}).",
            None,
            param="amount",
        )
    card = card_of(store.tables["payment_method"][charge["payment_method"]])
    bank_debit = charge["payment_method_details"]["type"] == "us_bank_account"
    refund = store.put(
        "refund",
        {
            "id": store.new_id("pyr" if bank_debit else "re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": store.now(),
            "currency": charge["currency"],
            "destination_details": _destination(bank_debit),
            "metadata": merged({}, params),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if card.refund == "pending" else "succeeded",
            "transfer_reversal": None,
        },
    )
    if refund["status"] == "pending":
        refund["pending_reason"] = "processing"
    refund["balance_transaction"] = _book(store, refund, charge)["id"]
    _count(charge, amount)
    if card.refund:
        days = store.settings["bank_days"] * DAY
        delay = days if bank_debit else SETTLE_DELAY
        store.schedule(delay, "refund", refund_id=refund["id"], how=card.refund)
    emit(ctx, "refund.created", refund)
    emit(ctx, "charge.refunded", charge)
    fraud_warnings.settled(ctx, charge)
    if charge["refunded"]:
        for dispute in disputes.of_charge(store, charge["id"]):
            if dispute["status"] in disputes.INQUIRIES:
                disputes.close(ctx, dispute, "warning_closed")
    return refund


def _check_disputes(store, charge):
    """While a chargeback has the money, it cannot be given back as well."""
    for dispute in disputes.of_charge(store, charge["id"]):
        if not dispute["is_charge_refundable"]:
            raise unexpected_state(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                "charge_disputed",
            )


def _destination(bank_debit):
    """Where the money goes, and what the payer's bank will call it."""
    if bank_debit:
        details = {"reference": None, "reference_status": "pending"}
        return {"type": "us_bank_transfer", "us_bank_transfer": details}
    details = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"type": "card", "card": details}


def _charge(ctx):
    """Return the charge to refund, named by itself or by its payment intent."""
    params = ctx.params
    if params.get("charge"):
        charge = charges.find(ctx.store, params["charge"], "charge")
        if params.get("payment_intent") not in (None, charge["payment_intent"]):
            raise invalid("The charge is not of that PaymentIntent.", "payment_intent")
    elif params.get("payment_intent"):
        intent = ctx.store.get("payment_intent", params["payment_intent"])
        if intent is None:
            raise not_found(
                "payment_intent", params["payment_intent"], "payment_intent", 400
            )
        charge = ctx.store.get("charge", intent["latest_charge"] or "")
    else:
        raise invalid(
            "One of the following params should be provided: payment_intent or charge.",
            "charge",
            "parameter_missing",
        )
    if charge and charge["paid"] and not charge["captured"]:
        raise unexpected_state(
            f"Charge {charge['id']} has not been captured, so there is nothing to "
            "refund. Cancel its PaymentIntent to release the money.",
            "charge_not_refundable",
        )
    if charge is None or not charge["paid"]:
        raise unexpected_state(
            "There is no successful charge to refund.",
            None,
            param="payment_intent" if params.get("payment_intent") else "charge",
        )
    return charge


def _book(store, refund, charge):
    """Record what a refund takes from the balance; the charge's fee is not returned.

    A refund of money that is still pending waits with it.
    """
    balance.book_charge(store, charge, announce=True)
    own = store.tables[balance.TABLE][charge["balance_transaction"]]
    return balance.record(
        store,
        "payment_refund" if own["type"] == "payment" else "refund",
        refund,
        -refund["amount"],
        available_on=own["available_on"],
        description="REFUND FOR CHARGE",
    )


def _count(charge, amount):
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def settle(store, refund_id, how):
    """Job: a ``pending`` refund arrives, one that is to ``fail`` does so."""
    refund = store.tables["refund"][refund_id]
    if how == "pending":
        succeed(store, refund)
    elif refund["status"] in OPEN:
        fail(store, refund)


def succeed(store, refund):
    """Let a pending refund arrive."""
    if refund["status"] != "pending":
        return
    before = {"pending_reason": refund.pop("pending_reason"), "status": "pending"}
    refund["status"] = "succeeded"
    _tell(Context(store, {}), refund, before)


def fail(store, refund, reason="expired_or_canceled_card"):
    """Let the payer's bank send a refund back; its money returns to the balance."""
    charge = store.tables["charge"][refund["charge"]]
    own = store.tables[balance.TABLE][refund["balance_transaction"]]
    back = balance.record(
        store,
        {"refund": "refund_failure"}.get(own["type"], "payment_failure_refund"),
        refund,
        refund["amount"],
        available_on=own["available_on"],
        description="REFUND FAILURE",
    )
    before = {
        "failure_balance_transaction": None,
        "failure_reason": None,
        "status": refund["status"],
    }
    refund.pop("pending_reason", None)
    refund.update(
        status="failed",
        failure_reason=reason,
        failure_balance_transaction=back["id"],
    )
    _count(charge, -refund["amount"])
    ctx = Context(store, {})
    _tell(ctx, refund, before)
    emit(ctx, "refund.failed", refund)


def _tell(ctx, refund, before):
    """Announce a change, under the old name of the event as well."""
    emit(ctx, "charge.refund.updated", refund, before)
    emit(ctx, "refund.updated", refund, before)


@route("POST", "/v1/refunds/{id}/cancel", "RefundCancelParams")
def cancel(ctx, id):
    """Refuse: only refunds that wait for the payer's bank details can be canceled."""
    refund = retrieve(ctx, id)
    raise unexpected_state(
        f"Only refunds with the status requires_action can be canceled. This refund "
        f"has a status of {refund['status']}.",
        None,
    )


@route("GET", "/v1/refunds/{id}", "RefundRetrieveParams")
def retrieve(ctx, id):
    """Return one refund."""
    refund = ctx.store.get("refund", id)
    if refund is None:
        raise not_found("refund", id)
    return refund


@route("POST", "/v1/refunds/{id}", "RefundUpdateParams", "metadata")
def update(ctx, id):
    """Change the metadata of a refund."""
    refund = retrieve(ctx, id)
    before = {"metadata": refund["metadata"]}
    refund["metadata"] = merged(refund["metadata"], ctx.params)
    if refund["metadata"] != before["metadata"]:
        _tell(ctx, refund, before)
    return refund


@route(
    "GET",
    "/v1/refunds",
    "RefundListParams",
    "charge created ending_before limit payment_intent starting_after",
)
def list_refunds(ctx):
    """List refunds, newest first, by charge or payment intent."""
    names = ("charge", "payment_intent")
    wanted = {name: ctx.params[name] for name in names if ctx.params.get(name)}
    return as_list(
        ctx.store,
        "refund",
        "/v1/refunds",
        ctx.params,
        lambda refund: all(refund[name] == value for name, value in wanted.items()),
    )
