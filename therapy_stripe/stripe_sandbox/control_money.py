"""Control API: totals, settings of the account, payouts on demand."""

from . import balance, payouts, settings, wire
from .control import control


@control("GET", "settings")
def get_settings(app, body):
    """Return the settings."""
    return app.store.settings


@control("POST", "settings")
def change_settings(app, body):
    """Change settings: see ``settings.DEFAULTS``."""
    return settings.change(app.store, body)


@control("POST", "payouts/run")
def run_payouts(app, body):
    """Pay out what is available; ``pending``: all there is; ``arrive``: at once."""
    with app.store.lock:
        if body.get("pending", True):
            balance.release_all(app.store)
        created = payouts.run(app.store)
        if body.get("arrive"):
            for payout in created:
                payouts.pay(app.store, payout)
        app.store.dirty.set()
        return {"payouts": wire.public(created)}


@control("POST", "payouts/{id}/pay")
def pay_payout(app, body, id):
    """Let a payout arrive now."""
    with app.store.lock:
        app.store.dirty.set()
        return wire.public(payouts.pay(app.store, payouts.find(app.store, id)))


@control("POST", "payouts/{id}/fail")
def fail_payout(app, body, id):
    """Let the bank send a payout back, for ``code`` (default: account_closed)."""
    with app.store.lock:
        app.store.dirty.set()
        payout = payouts.find(app.store, id)
        return wire.public(
            payouts.fail(app.store, payout, body.get("code", "account_closed"))
        )


@control("GET", "totals")
def totals(app, body):
    """Money of all time, for an independent check of a ledger (minor units)."""
    store = app.store
    with store.lock:
        currencies = {}
        for charge in store.tables["charge"].values():
            row = _row(currencies, charge["currency"])
            if charge["paid"] and charge["captured"]:
                row["captured"] += charge["amount_captured"]
                row["charges"] += 1
            elif charge["status"] == "failed":
                row["failed_charges"] += 1
        refunded = {}
        for refund in store.tables["refund"].values():
            if refund["status"] in ("failed", "canceled"):
                continue
            row = _row(currencies, refund["currency"])
            row["refunded"] += refund["amount"]
            row["refunds"] += 1
            intent = refund["payment_intent"]
            refunded[intent] = refunded.get(intent, 0) + refund["amount"]
        return {
            "currencies": currencies,
            "balance": _balance(store),
            "balance_transactions": _by_type(store),
            "counts": {
                name: len(rows)
                for name, rows in store.tables.items()
                if not name.startswith("_")
            },
            "payment_intents": [
                {
                    "id": intent["id"],
                    "amount": intent["amount"],
                    "amount_received": intent["amount_received"],
                    "amount_refunded": refunded.get(intent["id"], 0),
                    "currency": intent["currency"],
                    "status": intent["status"],
                    "customer": intent["customer"],
                    "latest_charge": intent["latest_charge"],
                    "created": intent["created"],
                    "metadata": intent["metadata"],
                }
                for intent in store.tables["payment_intent"].values()
            ],
        }


def _row(currencies, currency):
    return currencies.setdefault(
        currency,
        {"captured": 0, "refunded": 0, "charges": 0, "failed_charges": 0, "refunds": 0},
    )


def _balance(store):
    """``{currency: {available, pending}}``."""
    found = balance.balance_of(store)
    sums = {}
    for name in ("available", "pending"):
        for row in found[name]:
            sums.setdefault(row["currency"], {})[name] = row["amount"]
    return sums


def _by_type(store):
    """``{currency: {type: {count, amount, fee, net}}}``."""
    sums = {}
    for row in store.tables[balance.TABLE].values():
        kinds = sums.setdefault(row["currency"], {})
        line = kinds.setdefault(
            row["type"], {"count": 0, "amount": 0, "fee": 0, "net": 0}
        )
        line["count"] += 1
        for name in ("amount", "fee", "net"):
            line[name] += row[name]
    return sums
