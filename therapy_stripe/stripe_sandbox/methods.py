"""What a payment method is and when it may be used."""

import hashlib
import re
import time

from . import bank_methods, banks
from .cards import BY_NAME, BY_NUMBER, luhn_ok
from .errors import ApiError, invalid, not_found
from .events import emit
from .wire import public

ADDRESS_KEYS = ("city", "country", "line1", "line2", "postal_code", "state")
TOKEN_PREFIXES = ("pm_card_", "tok_")


def card_of(method):
    """Return the row of the card or bank table behind a stored payment method."""
    if bank_methods.is_bank(method):
        return banks.BY_NUMBER[method["_number"]]
    return BY_NUMBER[method["_number"]]


def card_error(message, code, **fields):
    """A refusal that a payer can mend: 402 ``card_error``, kept under its key."""
    return ApiError(402, message, type="card_error", code=code, stored=True, **fields)


def declined(card, **fields):
    """Return the 402 with which the bank behind ``card`` says no."""
    code, decline_code, advice_code, message = card.decline
    return card_error(
        message, code, decline_code=decline_code, advice_code=advice_code, **fields
    )


def is_token(method_id):
    """Tell whether this is a test token, of which every use makes a new method."""
    return method_id.startswith(("pm_card_", bank_methods.PREFIX))


def from_token(ctx, token, billing=None):
    """Create a payment method of a test token; every use makes a new one."""
    if token.startswith(bank_methods.PREFIX):
        return bank_methods.from_token(ctx, token, billing)
    name = token
    for prefix in TOKEN_PREFIXES:
        name = name.removeprefix(prefix)
    card = BY_NAME.get(name)
    if card is None:
        raise not_found("PaymentMethod", token, "payment_method", 400)
    year = time.gmtime(ctx.store.now()).tm_year + 2
    return new_card(ctx, card, 12, year, billing)


def from_number(ctx, params, billing=None):
    """Create a payment method of card fields typed into the sandbox's own page.

    A number that is not in the card table is refused without being kept anywhere.
    """
    number = (params.get("number") or "").replace(" ", "")
    if not re.fullmatch(r"\d{12,19}", number) or not luhn_ok(number):
        raise card_error(
            "Your card number is incorrect.", "incorrect_number", param="number"
        )
    card = BY_NUMBER.get(number)
    if card is None:
        raise card_error(
            "Your card was declined. Your request was in test mode, but used a non "
            "test card.",
            "card_declined",
            decline_code="test_mode_live_card",
        )
    year = params.get("exp_year") or 0
    year += 2000 if year < 100 else 0
    month = params.get("exp_month") or 0
    _check_expiry(ctx, month, year)
    length = 4 if card.brand == "amex" else 3
    cvc = params.get("cvc")
    if cvc is not None and not (cvc.isdigit() and len(cvc) == length):
        raise card_error(
            "Your card's security code is invalid.", "invalid_cvc", param="cvc"
        )
    return new_card(ctx, card, month, year, billing, bool(cvc))


def _check_expiry(ctx, month, year):
    today = time.gmtime(ctx.store.now())
    if not 1 <= month <= 12:
        raise card_error(
            "Your card's expiration month is invalid.",
            "invalid_expiry_month",
            param="exp_month",
        )
    if not (today.tm_year, today.tm_mon) <= (year, month) < (today.tm_year + 50, 1):
        raise card_error(
            "Your card's expiration year is invalid.",
            "invalid_expiry_year",
            param="exp_year",
        )


def new_card(ctx, card, month, year, billing=None, with_cvc=True):
    """Store and return a payment method for ``card``."""
    billing = billing or {}
    address = billing.get("address") or {}
    fingerprint = hashlib.sha256(card.number.encode()).hexdigest()[:16]
    return ctx.store.put(
        "payment_method",
        {
            "id": ctx.store.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "address": {key: address.get(key) for key in ADDRESS_KEYS},
                "email": billing.get("email"),
                "name": billing.get("name"),
                "phone": billing.get("phone"),
                "tax_id": billing.get("tax_id"),
            },
            "card": {
                "brand": card.brand,
                "checks": {
                    "address_line1_check": address.get("line1") and "unchecked",
                    "address_postal_code_check": (
                        address.get("postal_code") and "unchecked"
                    ),
                    "cvc_check": "unchecked" if with_cvc else None,
                },
                "country": "US",
                "display_brand": (
                    "american_express" if card.brand == "amex" else card.brand
                ),
                "exp_month": month,
                "exp_year": year,
                "fingerprint": fingerprint,
                "funding": card.funding,
                "generated_from": None,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            "created": ctx.store.now(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_set_up": False,
            "_used": False,
        },
    )


def usable(ctx, method_id, customer_id, param="payment_method"):
    """Return the payment method a request names, or raise why it cannot be used.

    A test token makes a new method. A method saved on a customer works for that
    customer only; one that was detached, or used once without being saved, is
    spent.
    """
    if is_token(method_id):
        return from_token(ctx, method_id)
    method = ctx.store.get("payment_method", method_id)
    if method is None:
        raise not_found("PaymentMethod", method_id, param, 400)
    if method["customer"] is None and method["_used"]:
        raise invalid(
            "This PaymentMethod was previously used without being attached to a "
            "Customer or was detached from a Customer, and may not be used again.",
            param,
        )
    if method["customer"] and method["customer"] != customer_id:
        raise invalid(
            f"The customer does not have a payment method with the ID {method_id}. "
            "The payment method must belong to the customer."
            if customer_id
            else f"The PaymentMethod {method_id} belongs to a Customer. Include that "
            "Customer in the request.",
            param,
            "resource_missing" if customer_id else None,
        )
    return method


def attach_to(ctx, method, customer_id):
    """Save ``method`` on the customer; a card that cannot be saved declines."""
    if method["customer"] == customer_id:
        return
    card = card_of(method)
    if not card.attach:
        raise declined(card)
    passed(method)
    method["customer"] = customer_id
    emit(ctx, "payment_method.attached", method)


def detach_from(ctx, method):
    """Take ``method`` off its customer; it can never be used again."""
    before = {"customer": method["customer"]}
    customer = ctx.store.get("customer", method["customer"])
    if customer:
        settings = customer["invoice_settings"]
        if settings["default_payment_method"] == method["id"]:
            settings["default_payment_method"] = None
    method["customer"] = None
    method["_used"] = True
    emit(ctx, "payment_method.detached", method, before)


def passed(method):
    """Note that the bank checked what was given of CVC and address."""
    if bank_methods.is_bank(method):
        return
    checks = method["card"]["checks"]
    for name, value in checks.items():
        if value == "unchecked":
            checks[name] = "pass"


def snapshot(method):
    """Return the public copy that errors carry."""
    return public(method)
