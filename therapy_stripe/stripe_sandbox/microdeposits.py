"""Proof that a bank account is the payer's: two small deposits.

A test account is proven by the amounts 32 and 45 cents or the code SM11AA at any
time. Other values the processor documents: 10 and 11 or SM33CC (too many wrong
answers), 40 and 41 or SM44DD (too late).
"""

from . import balance, methods, setup_attempts
from .errors import ApiError, invalid, unexpected_state
from .events import emit
from .methods import snapshot
from .routing import Context
from .settings import DAY
from .wire import public

RIGHT, EXCEEDED, TIMEOUT = (32, 45), (10, 11), (40, 41)
RIGHT_CODE, EXCEEDED_CODE, TIMEOUT_CODE = "SM11AA", "SM33CC", "SM44DD"
#: Wrong answers that are forgiven, by codes and by amounts.
CODE_TRIES, AMOUNT_TRIES = 3, 10
LIFE = 10 * DAY
MESSAGES = {
    "failed": "Microdeposit transfers failed. Please check the account, institution "
    "and transit numbers provided.",
    "verification_attempts_exceeded": "You have exceeded the number of allowed "
    "verification attempts.",
    "verification_timeout": "Microdeposit verification timed out: the customer did "
    "not verify the bank account within 10 days.",
}


def ask(ctx, intent, method):
    """Send the deposits; the intent waits for what the payer reads on paper."""
    path = f"/_sandbox/microdeposits/{intent['id']}"
    secret = intent["client_secret"]
    intent["status"] = "requires_action"
    intent["_tries"] = 0
    intent["next_action"] = {
        "type": "verify_with_microdeposits",
        "verify_with_microdeposits": {
            "arrival_date": balance.midnight(ctx.store.now()) + 2 * DAY,
            "hosted_verification_url": (f"{ctx.base_url}{path}?client_secret={secret}"),
            "microdeposit_type": "descriptor_code",
        },
    }
    sent = methods.card_of(method).deposits
    ctx.store.schedule(
        LIFE if sent else DAY,
        "microdeposits",
        intent_id=intent["id"],
        method_id=method["id"],
        problem="verification_timeout" if sent else "failed",
    )
    if intent["object"] == "setup_intent":
        setup_attempts.follow(ctx, intent)
    emit(ctx, f"{intent['object']}.requires_action", intent)
    return intent


def waits(intent):
    """Tell whether an intent waits for the payer's answer."""
    action = intent["next_action"] or {}
    return (
        intent["status"] == "requires_action"
        and action.get("type") == "verify_with_microdeposits"
    )


def give_up(store, intent_id, method_id, problem):
    """Job: no deposits arrived, or no answer came."""
    table = "payment_intent" if intent_id.startswith("pi_") else "setup_intent"
    intent = store.tables[table][intent_id]
    if waits(intent) and intent["payment_method"] == method_id:
        _fail(Context(store, {}), intent, problem)


def verify(ctx, intent):
    """Judge the payer's answer; return the payment method that is now proven."""
    if not waits(intent):
        raise unexpected_state(
            f"You cannot verify microdeposits of an intent with a status of "
            f"{intent['status']}.",
            f"{intent['object']}_unexpected_state",
            **{intent["object"]: public(intent)},
        )
    code, amounts = ctx.params.get("descriptor_code"), ctx.params.get("amounts")
    if bool(code) == bool(amounts):
        raise invalid(
            "Provide one of amounts and descriptor_code.",
            "amounts",
            "parameter_missing",
        )
    answer = code.upper() if code else tuple(sorted(amounts))
    if answer in (EXCEEDED, EXCEEDED_CODE):
        raise _fail(ctx, intent, "verification_attempts_exceeded")
    if answer in (TIMEOUT, TIMEOUT_CODE):
        raise _fail(ctx, intent, "verification_timeout")
    if answer not in (RIGHT, RIGHT_CODE):
        raise _wrong(ctx, intent, bool(code))
    method = ctx.store.tables["payment_method"][intent["payment_method"]]
    method["_verified"] = method["_set_up"] = True
    intent["next_action"] = None
    return method


def _wrong(ctx, intent, by_code):
    intent["_tries"] += 1
    if intent["_tries"] >= (CODE_TRIES if by_code else AMOUNT_TRIES):
        return _fail(ctx, intent, "verification_attempts_exceeded")
    what = "descriptor_code" if by_code else "amounts"
    words = what.replace("_", " ")
    return ApiError(
        400,
        f"The {words} provided does not match what was sent to the bank account.",
        code=f"payment_method_microdeposit_verification_{what}_mismatch",
        stored=True,
        **{intent["object"]: public(intent)},
    )


def _fail(ctx, intent, problem):
    """Send the intent back for another payment method; return the 400."""
    method = ctx.store.tables["payment_method"][intent["payment_method"]]
    error = {
        "code": f"payment_method_microdeposit_{problem}",
        "message": MESSAGES[problem],
        "payment_method": snapshot(method),
        "type": "invalid_request_error",
    }
    payment = intent["object"] == "payment_intent"
    intent.update(
        status="requires_payment_method", payment_method=None, next_action=None
    )
    intent["last_payment_error" if payment else "last_setup_error"] = error
    if not payment:
        setup_attempts.follow(ctx, intent, dict(error))
    emit(
        ctx,
        "payment_intent.payment_failed" if payment else "setup_intent.setup_failed",
        intent,
    )
    return ApiError(
        400,
        error["message"],
        code=error["code"],
        stored=True,
        **{intent["object"]: public(intent)},
    )
