"""The account's balance: one balance transaction per movement of money."""

from .errors import invalid, not_found
from .events import emit
from .routing import Context, route
from .settings import DAY
from .wire import as_list

TABLE = "balance_transaction"
#: ``reporting_category`` where it is not the type itself.
CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "payment_failure_refund": "charge_failure",
    "adjustment": "dispute",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
}
CARD_TYPES, BANK_TYPES = ("charge", "refund"), ("payment", "payment_refund")


def fee_of(settings, amount, kind):
    """Return the processor's fee in minor units for collecting ``amount``.

    :param kind: payment method type, ``card`` or ``us_bank_account``

    >>> rates = {"card_fee_basis_points": 290, "card_fee_fixed": 30,
    ...          "bank_fee_basis_points": 80, "bank_fee_maximum": 500}
    >>> [fee_of(rates, amount, "card") for amount in (50, 5000, 5150)]
    [31, 175, 179]
    >>> [fee_of(rates, amount, "us_bank_account") for amount in (5000, 100000)]
    [40, 500]
    """
    if kind == "us_bank_account":
        part = (amount * settings["bank_fee_basis_points"] + 5000) // 10000
        return min(part, settings["bank_fee_maximum"])
    part = (amount * settings["card_fee_basis_points"] + 5000) // 10000
    return part + settings["card_fee_fixed"]


def midnight(seconds):
    """Return the start of the day (UTC) that ``seconds`` falls in."""
    return seconds - seconds % DAY


def record(store, kind, source, amount, fee=0, **fields):
    """Store and return the balance transaction of one movement.

    :param kind: its ``type``
    :param source: the charge, refund, dispute or payout behind it
    :param amount: gross, negative when it leaves the balance
    :param fee: what the processor keeps (negative: gives back)
    :param fields: ``available_on`` (default: now), ``description``,
        ``fee_description``, ``category``
    """
    now = store.now()
    available_on = max(now, fields.get("available_on", now))
    transaction = {
        "id": store.new_id("txn"),
        "object": TABLE,
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": now,
        "currency": source["currency"],
        "description": fields.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _fee_details(fee, source["currency"], fields),
        "net": amount - fee,
        "reporting_category": fields.get("category") or CATEGORIES.get(kind, kind),
        "source": source["id"],
        "status": "available" if available_on <= now else "pending",
        "type": kind,
        "_payout": None,
    }
    store.put(TABLE, transaction)
    if available_on > now:
        store.schedule_once(f"release:{available_on}", available_on, "release")
    schedule_daily(store)
    return transaction


def _fee_details(fee, currency, fields):
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": fields.get("fee_description", "Stripe processing fees"),
            "type": "stripe_fee",
        }
    ]


def schedule_daily(store):
    """See to it that the next midnight looks for money to pay out."""
    due = midnight(store.now()) + DAY
    store.schedule_once(f"daily:{due}", due + 1, "daily_payout")


def settle_charge(ctx, charge, later):
    """Book a captured charge, at once or (``later``) after the usual delay.

    A later booking is announced by ``charge.updated``, as the processor does for
    ``capture_method=automatic_async``.
    """
    if later:
        delay = ctx.store.settings["balance_delay"]
        ctx.store.schedule(delay, "charge_balance", charge_id=charge["id"])
    else:
        book_charge(ctx.store, charge)


def book_charge(store, charge, announce=False):
    """Record the balance transaction of a captured charge, once."""
    if charge["balance_transaction"]:
        return
    kind = charge["payment_method_details"]["type"]
    created = midnight(store.now())
    available = created + store.settings["available_days"] * DAY
    transaction = record(
        store,
        "payment" if kind == "us_bank_account" else "charge",
        charge,
        charge["amount_captured"],
        fee_of(store.settings, charge["amount_captured"], kind),
        available_on=store.now() if charge.get("_available_now") else available,
        description=charge["description"],
    )
    charge["balance_transaction"] = transaction["id"]
    if announce:
        before = {"balance_transaction": None}
        emit(Context(store, {}), "charge.updated", charge, before)


def book_bank_charge(store, charge):
    """Record a bank debit when it is sent; its money waits for the bank's answer."""
    book_charge(store, charge)
    row = store.tables[TABLE][charge["balance_transaction"]]
    row["_waits"] = True
    row["available_on"] += store.settings["bank_days"] * DAY
    store.schedule_once(
        f"release:{row['available_on']}", row["available_on"], "release"
    )


def free(store, charge):
    """The debit has succeeded: its money becomes available like any other."""
    row = store.tables[TABLE][charge["balance_transaction"]]
    row["_waits"] = False
    due = max(row["available_on"], store.now() + 1)
    row["available_on"] = due
    store.schedule_once(f"release:{due}", due, "release")


def reverse_bank_charge(store, charge):
    """Take back a debit that failed: amount and fee, less the fee for the failure."""
    row = store.tables[TABLE][charge["balance_transaction"]]
    row["_waits"] = False
    row["available_on"] = store.now()
    fee = store.settings["bank_failure_fee"]
    back = record(
        store,
        "payment_failure_refund",
        charge,
        -row["amount"],
        fee - row["fee"],
        available_on=store.now() + 1,
        description="Payment failure refund",
        fee_description="Fee of the failure, less the fee of the payment",
    )
    charge["failure_balance_transaction"] = back["id"]


def book_late(store, charge_id):
    """Job: the balance transaction of an asynchronous capture has come."""
    book_charge(store, store.tables["charge"][charge_id], announce=True)


def release(store):
    """Job: what has become available is so from now on."""
    now, freed = store.now(), False
    for transaction in store.tables[TABLE].values():
        if _due(transaction, now):
            transaction["status"], freed = "available", True
    if freed:
        emit(Context(store, {}), "balance.available", balance_of(store))


def _due(transaction, now):
    waits = transaction["status"] != "pending" or transaction.get("_waits")
    return not waits and transaction["available_on"] <= now


def release_all(store):
    """Book what waits for its balance transaction and make all money available."""
    for job in store.take_jobs("charge_balance"):
        book_late(store, **job["data"])
    for transaction in store.tables[TABLE].values():
        if transaction["status"] == "pending" and not transaction.get("_waits"):
            transaction["available_on"] = store.now()
    release(store)


def balance_of(store):
    """Return the balance object: what is available and pending per currency."""
    sums = {"usd": {"available": 0, "pending": 0}}
    for transaction in store.tables[TABLE].values():
        row = sums.setdefault(transaction["currency"], {"available": 0, "pending": 0})
        row[transaction["status"]] += transaction["net"]
    return {
        "object": "balance",
        "livemode": False,
        **{
            name: [
                {
                    "amount": row[name],
                    "currency": currency,
                    "source_types": {"card": row[name]},
                }
                for currency, row in sums.items()
            ]
            for name in ("available", "pending")
        },
    }


def available(store, currency):
    """Return what may be paid out in ``currency``, in minor units."""
    return sum(
        transaction["net"]
        for transaction in store.tables[TABLE].values()
        if transaction["currency"] == currency and transaction["status"] == "available"
    )


@route("GET", "/v1/balance", "BalanceRetrieveParams", "")
def retrieve_balance(ctx):
    """Return the balance."""
    return balance_of(ctx.store)


@route("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams")
def retrieve(ctx, id):
    """Return one balance transaction."""
    transaction = ctx.store.get(TABLE, id)
    if transaction is None:
        raise not_found("balance transaction", id)
    return transaction


@route(
    "GET",
    "/v1/balance_transactions",
    "BalanceTransactionListParams",
    "created currency ending_before limit payout source starting_after type",
)
def list_transactions(ctx):
    """List balance transactions, newest first; ``payout`` is an automatic one."""
    params = ctx.params
    payout = params.get("payout")
    if payout:
        _check_payout(ctx.store, payout)
    wanted = {
        {"payout": "_payout"}.get(name, name): params[name]
        for name in ("currency", "payout", "source", "type")
        if params.get(name)
    }
    return as_list(
        ctx.store,
        TABLE,
        "/v1/balance_transactions",
        params,
        lambda row: all(row[name] == value for name, value in wanted.items()),
    )


def _check_payout(store, payout_id):
    payout = store.get("payout", payout_id)
    if payout is None:
        raise not_found("payout", payout_id, "payout", 400)
    if not payout["automatic"]:
        raise invalid(
            "Balance transaction history can only be filtered on automatic "
            "transfers, not manual.",
            "payout",
        )
