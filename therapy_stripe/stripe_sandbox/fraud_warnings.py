"""Early fraud warnings: a bank tells of fraud before there is a dispute."""

from .errors import not_found
from .events import emit
from .routing import Context, route
from .wire import as_list

TABLE = "radar.early_fraud_warning"
PATH = "/v1/radar/early_fraud_warnings"


def warn(store, charge_id, fraud_type="made_with_stolen_card"):
    """Job: the bank warns of a charge; return the warning."""
    charge = store.tables["charge"][charge_id]
    warning = store.put(
        TABLE,
        {
            "id": store.new_id("issfr"),
            "object": TABLE,
            "actionable": not (charge["refunded"] or charge["disputed"]),
            "charge": charge_id,
            "created": store.now(),
            "fraud_type": fraud_type,
            "livemode": False,
            "payment_intent": charge["payment_intent"],
        },
    )
    emit(Context(store, {}), f"{TABLE}.created", warning)
    return warning


def settled(ctx, charge):
    """After a full refund or a dispute there is nothing left to do."""
    if not (charge["refunded"] or charge["disputed"]):
        return
    for warning in ctx.store.tables[TABLE].values():
        if warning["charge"] == charge["id"] and warning["actionable"]:
            warning["actionable"] = False
            emit(ctx, f"{TABLE}.updated", warning, {"actionable": True})


@route("GET", f"{PATH}/{{id}}", "radar.EarlyFraudWarningRetrieveParams")
def retrieve(ctx, id):
    """Return one warning."""
    warning = ctx.store.get(TABLE, id)
    if warning is None:
        raise not_found("early fraud warning", id)
    return warning


@route(
    "GET",
    PATH,
    "radar.EarlyFraudWarningListParams",
    "charge created ending_before limit payment_intent starting_after",
)
def list_warnings(ctx):
    """List warnings, newest first, by charge or payment intent."""
    names = ("charge", "payment_intent")
    wanted = {name: ctx.params[name] for name in names if ctx.params.get(name)}
    return as_list(
        ctx.store,
        TABLE,
        PATH,
        ctx.params,
        lambda row: all(row[name] == value for name, value in wanted.items()),
    )
