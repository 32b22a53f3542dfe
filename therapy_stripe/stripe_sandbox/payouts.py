"""Payouts: the available balance on its way to the practice's bank account."""

from . import balance
from .errors import invalid, not_found, unexpected_state
from .events import emit
from .metadata import merged
from .routing import Context, route
from .settings import DAY
from .wire import as_list

TABLE = "payout"
DESTINATION = "ba_sandbox00000000000000"
#: Virtual seconds until a payout is with the bank, and until its list of balance
#: transactions is complete.
SUBMIT_DELAY, RECONCILE_DELAY = 600, 1200
FAILURES = {
    "account_closed": "The bank account has been closed.",
    "bank_account_restricted": "The bank account has restrictions on payouts.",
    "could_not_process": "The bank could not process this payout.",
    "declined": "The bank has declined this payout.",
    "incorrect_account_holder_name": "The account holder's name does not match.",
    "invalid_account_number": "The account number is wrong.",
    "no_account": "The bank account could not be found.",
}
OPEN = ("pending", "in_transit")


def run(store):
    """Pay out what is available, one automatic payout per currency.

    A currency whose balance is not above zero waits until it is.

    :rtype: list of payouts
    """
    free = {}
    for row in store.tables[balance.TABLE].values():
        if row["status"] == "available" and row["_payout"] is None:
            free.setdefault(row["currency"], []).append(row)
    created = []
    for currency, rows in free.items():
        amount = sum(row["net"] for row in rows)
        if amount > 0:
            created.append(_create(Context(store, {}), currency, amount, rows))
    return created


def daily(store):
    """Job: the account's schedule says to pay out each day."""
    if store.settings["payout_interval"] == "daily":
        run(store)
    # Comes back tomorrow while there is money to come.
    if any(row["_payout"] is None for row in store.tables[balance.TABLE].values()):
        balance.schedule_daily(store)


def _create(ctx, currency, amount, rows=None, **fields):
    """Store a payout of ``amount``; ``rows`` are what an automatic one consists of."""
    store, automatic = ctx.store, rows is not None
    arrival = balance.midnight(store.now()) + store.settings["payout_days"] * DAY
    payout = store.put(
        TABLE,
        {
            "id": store.new_id("po"),
            "object": TABLE,
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": arrival,
            "automatic": automatic,
            "balance_transaction": None,
            "created": store.now(),
            "currency": currency,
            "description": "STRIPE PAYOUT" if automatic else None,
            "destination": DESTINATION,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "in_progress" if automatic else "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "pending",
            "trace_id": {"status": "pending", "value": None},
            "type": "bank_account",
            **fields,
        },
    )
    own = balance.record(store, "payout", payout, -amount, description="STRIPE PAYOUT")
    payout["balance_transaction"] = own["id"]
    for row in [*(rows or []), *([own] if automatic else [])]:
        row["_payout"] = payout["id"]
    emit(ctx, "payout.created", payout)
    for delay, step in ((SUBMIT_DELAY, "submit"), (RECONCILE_DELAY, "reconcile")):
        store.schedule(delay, "payout", payout_id=payout["id"], step=step)
    arrives = max(arrival - store.now(), RECONCILE_DELAY + 1)
    store.schedule(arrives, "payout", payout_id=payout["id"], step="pay")
    return payout


def proceed(store, payout_id, step):
    """Job: the bank has it (``submit``), it is itemised, or it has arrived."""
    payout = store.tables[TABLE][payout_id]
    if step == "submit" and payout["status"] == "pending":
        payout["status"] = "in_transit"
        emit(Context(store, {}), "payout.updated", payout, {"status": "pending"})
    elif step == "reconcile" and payout["reconciliation_status"] == "in_progress":
        payout["reconciliation_status"] = "completed"
        emit(Context(store, {}), "payout.reconciliation_completed", payout)
    elif step == "pay" and payout["status"] in OPEN:
        payout["status"] = "paid"
        trace = f"{store.counter:015d}"
        payout["trace_id"] = {"status": "supported", "value": trace}
        emit(Context(store, {}), "payout.paid", payout)


def pay(store, payout):
    """Let a payout arrive now, itemised."""
    if payout["status"] not in OPEN:
        raise invalid(f"The payout is {payout['status']}.")
    for step in ("submit", "reconcile", "pay"):
        proceed(store, payout["id"], step)
    return payout


def fail(store, payout, code):
    """Let the bank send a payout back, also one that already showed as paid."""
    if code not in FAILURES:
        raise invalid(f"code is one of {', '.join(FAILURES)}.", "code")
    if payout["status"] not in (*OPEN, "paid"):
        raise invalid(f"The payout is {payout['status']}.")
    back = balance.record(
        store,
        "payout_failure",
        payout,
        payout["amount"],
        description="STRIPE PAYOUT FAILURE",
    )
    payout.update(
        status="failed",
        failure_code=code,
        failure_message=FAILURES[code],
        failure_balance_transaction=back["id"],
    )
    emit(Context(store, {}), "payout.failed", payout)
    return payout


def find(store, payout_id):
    """Return the stored payout."""
    payout = store.get(TABLE, payout_id)
    if payout is None:
        raise not_found("payout", payout_id, "payout")
    return payout


@route(
    "POST",
    "/v1/payouts",
    "PayoutCreateParams",
    "amount currency description metadata method statement_descriptor",
)
def create(ctx):
    """Pay out by hand; the balance must suffice."""
    params = ctx.params
    if params.get("method") == "instant":
        raise invalid(
            "The sandbox's bank account takes standard payouts only.", "method"
        )
    if params["amount"] < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            "amount",
            "parameter_invalid_integer",
        )
    currency = params["currency"].lower()
    if params["amount"] > balance.available(ctx.store, currency):
        raise unexpected_state(
            "You have insufficient available funds in your Stripe account for this "
            "payout.",
            "balance_insufficient",
        )
    return _create(
        ctx,
        currency,
        params["amount"],
        description=params.get("description"),
        metadata=merged({}, params),
        statement_descriptor=params.get("statement_descriptor"),
    )


@route("GET", "/v1/payouts/{id}", "PayoutRetrieveParams")
def retrieve(ctx, id):
    """Return one payout."""
    return find(ctx.store, id)


@route("POST", "/v1/payouts/{id}", "PayoutUpdateParams", "metadata")
def update(ctx, id):
    """Change the metadata of a payout."""
    payout = find(ctx.store, id)
    before = {"metadata": payout["metadata"]}
    payout["metadata"] = merged(payout["metadata"], ctx.params)
    if payout["metadata"] != before["metadata"]:
        emit(ctx, "payout.updated", payout, before)
    return payout


@route("POST", "/v1/payouts/{id}/cancel", "PayoutCancelParams")
def cancel(ctx, id):
    """Take back a payout that the bank does not have yet."""
    payout = find(ctx.store, id)
    if payout["automatic"] or payout["status"] != "pending":
        raise unexpected_state(
            "You may only cancel pending payouts that were created by hand.", None
        )
    balance.record(
        ctx.store, "payout_cancel", payout, payout["amount"], description="CANCELED"
    )
    payout["status"] = "canceled"
    emit(ctx, "payout.canceled", payout)
    return payout


@route(
    "GET",
    "/v1/payouts",
    "PayoutListParams",
    "arrival_date created destination ending_before limit starting_after status",
)
def list_payouts(ctx):
    """List payouts, newest first, by status, creation and arrival."""
    wanted = {
        name: ctx.params[name]
        for name in ("destination", "status")
        if ctx.params.get(name)
    }
    return as_list(
        ctx.store,
        TABLE,
        "/v1/payouts",
        ctx.params,
        lambda payout: all(payout[name] == value for name, value in wanted.items()),
    )
