"""Payment methods of the type us_bank_account."""

import hashlib

from . import banks
from .errors import ApiError, invalid, not_found
from .metadata import merged

PREFIX = "pm_usBankAccount"
TYPE = "us_bank_account"


def is_bank(method):
    """Tell whether a stored payment method is a bank account."""
    return method["type"] == TYPE


def from_token(ctx, token, billing=None):
    """Create a verified account of a test token; every use makes a new one."""
    bank = banks.BY_NAME.get(token.removeprefix(PREFIX).removeprefix("_"))
    if bank is None:
        raise not_found("PaymentMethod", token, "payment_method", 400)
    billing = {"name": "Test Holder", **(billing or {})}
    return _new(ctx, bank, {}, billing, verified=True)


def from_request(ctx):
    """Create the account a request describes: by numbers, or after a sign-in.

    Numbers must be proven with small deposits later; an account chosen while signed
    in at the bank (``financial_connections_account``) is proven.
    """
    params = ctx.params
    account, billing = params.get(TYPE) or {}, params.get("billing_details") or {}
    if not billing.get("name"):
        raise _missing("billing_details[name]")
    linked = account.get("financial_connections_account")
    if linked:
        number = ctx.store.tables["_linked_account"].get(linked)
        if number is None:
            raise not_found("financial connections account", linked, TYPE, 400)
        bank = banks.BY_NUMBER[number["number"]]
    else:
        bank = _by_numbers(account)
    method = _new(ctx, bank, account, billing, verified=bool(linked))
    method[TYPE]["financial_connections_account"] = linked
    method["metadata"] = merged({}, params)
    return method


def _by_numbers(account):
    for name in ("account_holder_type", "account_number", "routing_number"):
        if not account.get(name):
            raise _missing(f"{TYPE}[{name}]")
    if account["routing_number"] != banks.ROUTING_NUMBER:
        raise invalid(
            "The routing number is not valid. In test mode use "
            f"{banks.ROUTING_NUMBER}.",
            f"{TYPE}[routing_number]",
            "routing_number_invalid",
        )
    bank = banks.BY_NUMBER.get(account["account_number"])
    if bank is None:
        raise invalid(
            "You must use a test bank account number in test mode.",
            f"{TYPE}[account_number]",
            "account_number_invalid",
        )
    return bank


def _missing(name):
    return invalid(f"Missing required param: {name}.", name, "parameter_missing")


def _new(ctx, bank, account, billing, verified):
    address = billing.get("address") or {}
    digest = hashlib.sha256(f"bank:{bank.number}".encode()).hexdigest()
    keys = ("city", "country", "line1", "line2", "postal_code", "state")
    return ctx.store.put(
        "payment_method",
        {
            "id": ctx.store.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": {key: address.get(key) for key in keys},
                "email": billing.get("email"),
                "name": billing.get("name"),
                "phone": billing.get("phone"),
                "tax_id": billing.get("tax_id"),
            },
            "created": ctx.store.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": TYPE,
            TYPE: {
                "account_holder_type": account.get("account_holder_type", "individual"),
                "account_type": account.get("account_type", "checking"),
                "bank_name": banks.BANK_NAME,
                "financial_connections_account": None,
                "fingerprint": digest[:16],
                "last4": bank.number[-4:],
                "networks": {"preferred": "ach", "supported": ["ach"]},
                "routing_number": banks.ROUTING_NUMBER,
                "status_details": {},
            },
            "_number": bank.number,
            "_set_up": verified,
            "_used": False,
            "_verified": verified,
            "_mandate": None,
        },
    )


def check_usable(method):
    """Refuse an account that its bank has closed to debits."""
    blocked = method[TYPE]["status_details"].get("blocked")
    if blocked:
        raise ApiError(
            402,
            "The bank account cannot be debited any more "
            f"({blocked['network_code']}, {blocked['reason']}). Ask the customer for "
            "another payment method.",
            code="bank_account_unusable",
            stored=True,
        )


def block(method, bank):
    """Note why this account takes no more debits, if it is that kind of failure."""
    if bank.blocked_by:
        code, reason = bank.blocked_by
        method[TYPE]["status_details"] = {
            "blocked": {"network_code": code, "reason": reason}
        }
