"""A bank debit from its start to success or failure, days later."""

from . import balance, bank_methods, banks, charges, mandates
from .errors import ApiError, invalid
from .events import emit
from .methods import attach_to, card_of, snapshot
from .routing import Context
from .settings import DAY
from .wire import public

FAILED = "payment_intent_payment_attempt_failed"
#: Failure codes of a charge that are codes of an intent's error as well.
SPECIFIC = (
    "account_closed",
    "charge_exceeds_source_limit",
    "debit_not_authorized",
    "insufficient_funds",
    "no_account",
)


def start(ctx, intent, method, params):
    """Send the debit to the bank: the intent is ``processing`` for days."""
    bank = card_of(method)
    if bank.refused:
        raise _refused(ctx, intent, method)
    usage = intent["setup_future_usage"] or intent["payment_method_options"][
        "us_bank_account"
    ].get("setup_future_usage")
    reusable = usage in ("off_session", "on_session")
    intent["_mandate"] = mandates.of(ctx, intent, method, params, reusable)
    if reusable and intent["customer"]:
        attach_to(ctx, method, intent["customer"])
    method["_used"] = True
    charge = charges.new_charge(ctx, intent, method, challenged=False)
    details = charge["payment_method_details"][bank_methods.TYPE]
    details["mandate"] = intent["_mandate"]
    charge.update(status="pending", paid=False, outcome=_waiting(charge["outcome"]))
    balance.book_bank_charge(ctx.store, charge)
    intent.update(status="processing", latest_charge=charge["id"], next_action=None)
    emit(ctx, "charge.pending", charge)
    emit(ctx, "payment_intent.processing", intent)
    if not bank.stuck:
        delay = ctx.store.settings["bank_days"] * DAY
        ctx.store.schedule(delay, "bank_debit", intent_id=intent["id"])
    return intent


def _waiting(outcome):
    return {**outcome, "seller_message": "Payment pending."}


def _refused(ctx, intent, method):
    failure = (FAILED, None, None, "The payment was blocked as too risky.")
    charge = charges.new_charge(ctx, intent, method, False, failure, blocked=True)
    intent["latest_charge"] = charge["id"]
    error = ApiError(
        402,
        failure[3],
        type="card_error",
        code=FAILED,
        charge=charge["id"],
        payment_method=snapshot(method),
        stored=True,
    )
    emit(ctx, "charge.failed", charge)
    _back(ctx, intent, dict(error.error))
    error.error["payment_intent"] = public(intent)
    return error


def _back(ctx, intent, error):
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        last_payment_error=error,
        next_action=None,
    )
    emit(ctx, "payment_intent.payment_failed", intent)


def settle(store, intent_id):
    """Job: the bank has answered, as its test account does."""
    intent = store.tables["payment_intent"][intent_id]
    if intent["status"] != "processing":
        return
    method = store.tables["payment_method"][intent["payment_method"]]
    bank = card_of(method)
    if bank.failure:
        fail(store, intent, bank)
    else:
        succeed(store, intent)


def succeed(store, intent):
    """Let the money arrive."""
    ctx = Context(store, {})
    charge = _pending_charge(store, intent)
    outcome = {**charge["outcome"], "seller_message": "Payment complete."}
    charge.update(status="succeeded", paid=True, outcome=outcome)
    balance.free(store, charge)
    intent.update(status="succeeded", amount_received=intent["amount"])
    emit(ctx, "charge.succeeded", charge)
    emit(ctx, "payment_intent.succeeded", intent)
    charges.follow(ctx, charge)


def fail(store, intent, bank):
    """Let the bank send the debit back before it succeeded.

    :param bank: the test account whose failure it is
    """
    ctx = Context(store, {})
    code, message = bank.failure
    charge = _pending_charge(store, intent)
    method = store.tables["payment_method"][charge["payment_method"]]
    bank_methods.block(method, bank)
    balance.reverse_bank_charge(store, charge)
    charge.update(
        status="failed",
        captured=False,
        amount_captured=0,
        failure_code=code,
        failure_message=message,
    )
    emit(ctx, "charge.failed", charge)
    error = {
        "charge": charge["id"],
        "code": code if code in SPECIFIC else FAILED,
        "message": message,
        "payment_method": snapshot(method),
        "type": "invalid_request_error",
    }
    _back(ctx, intent, error)
    if bank.blocked_by:
        mandates.change(store, intent["_mandate"], "inactive")


def _pending_charge(store, intent):
    if intent["status"] != "processing":
        raise invalid(f"The PaymentIntent is {intent['status']}.")
    return store.tables["charge"][intent["latest_charge"]]


def bank_failing_with(code):
    """Return the test account that fails with ``code``."""
    if code not in banks.FAILURES:
        raise invalid(f"code is one of {', '.join(banks.FAILURES)}.", "code")
    return banks.FAILURES[code]
