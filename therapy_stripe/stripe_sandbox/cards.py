"""The test cards: what each number is and how it behaves. Data only.

Numbers and behaviour follow the processor's published test cards; the three
numbers at the end are our own, for payers with benefit cards.

``auth``
    ``never``: no challenge. ``optional``: a challenge only when asked for.
    ``always``: every payment, so never off-session. ``unless_set_up``: every
    on-session payment, and off-session until set up with a challenge.
``decline``
    (code, decline_code, advice_code, message) of every charge.
``attach``
    False when saving the card is declined as well.
``refund``
    ``pending``: refunds wait, then succeed. ``fail``: they succeed, then fail.
``available_now``
    The money of a charge is available at once.
``after``
    (job, data) that follows a collected charge.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """One row: a number, its tokens (``pm_card_<name>``, ``tok_<name>``) and rules."""

    number: str
    names: tuple
    brand: str = "visa"
    funding: str = "credit"
    auth: str = "never"
    decline: tuple | None = None
    attach: bool = True
    already_set_up: bool = False
    blocked: bool = False
    refund: str = ""
    available_now: bool = False
    after: tuple = ()


TRY_AGAIN, NEVER_AGAIN = "try_again_later", "do_not_try_again"
CHECK_CARD = "confirm_card_data"

GENERIC = ("card_declined", "generic_decline", TRY_AGAIN, "Your card was declined.")
NO_FUNDS = (
    "card_declined",
    "insufficient_funds",
    TRY_AGAIN,
    "Your card has insufficient funds.",
)
LOST = ("card_declined", "lost_card", NEVER_AGAIN, "Your card was declined.")
STOLEN = ("card_declined", "stolen_card", NEVER_AGAIN, "Your card was declined.")
# The code says it all for these three; the decline code repeats it.
EXPIRED = ("expired_card", "expired_card", CHECK_CARD, "Your card has expired.")
WRONG_CVC = (
    "incorrect_cvc",
    "incorrect_cvc",
    CHECK_CARD,
    "Your card's security code is incorrect.",
)
PROCESSING = (
    "processing_error",
    "processing_error",
    TRY_AGAIN,
    "An error occurred while processing your card. Try again in a little bit.",
)
VELOCITY = (
    "card_declined",
    "card_velocity_exceeded",
    TRY_AGAIN,
    "Your card was declined for making repeated attempts too frequently.",
)
# No bank was asked, so none gave advice.
BLOCKED = ("card_declined", "fraudulent", None, "Your card was declined.")

CARDS = [
    Card("4242424242424242", ("visa",)),
    Card("4000056655665556", ("visa_debit",), funding="debit"),
    Card("5555555555554444", ("mastercard",), "mastercard"),
    Card("2223003122003222", ("mastercard_2series",), "mastercard"),
    Card("5200828282828210", ("mastercard_debit",), "mastercard", "debit"),
    Card("5105105105105100", ("mastercard_prepaid",), "mastercard", "prepaid"),
    Card("378282246310005", ("amex",), "amex"),
    Card("371449635398431", ("amex_2",), "amex"),
    Card("6011111111111117", ("discover",), "discover"),
    Card("6011981111111113", ("discover_debit",), "discover", "debit"),
    Card(
        "4000000000000002",
        ("visa_chargeDeclined", "chargeDeclined"),
        decline=GENERIC,
        attach=False,
    ),
    Card(
        "4000000000009995",
        (
            "visa_chargeDeclinedInsufficientFunds",
            "chargeDeclinedInsufficientFunds",
        ),
        decline=NO_FUNDS,
        attach=False,
    ),
    Card(
        "4000000000009987",
        ("visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"),
        decline=LOST,
        attach=False,
    ),
    Card(
        "4000000000009979",
        ("visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"),
        decline=STOLEN,
        attach=False,
    ),
    Card(
        "4000000000000069",
        ("chargeDeclinedExpiredCard",),
        decline=EXPIRED,
        attach=False,
    ),
    Card(
        "4000000000000127",
        ("chargeDeclinedIncorrectCvc",),
        decline=WRONG_CVC,
        attach=False,
    ),
    Card(
        "4000000000000119",
        ("chargeDeclinedProcessingError",),
        decline=PROCESSING,
        attach=False,
    ),
    Card(
        "4000000000006975",
        (
            "visa_chargeDeclinedVelocityLimitExceeded",
            "chargeDeclinedVelocityLimitExceeded",
        ),
        decline=VELOCITY,
        attach=False,
    ),
    Card("4000000000000341", ("chargeCustomerFail",), decline=GENERIC),
    Card("4000002500003155", ("authenticationRequiredOnSetup",), auth="unless_set_up"),
    Card("4000002760003184", ("authenticationRequired",), auth="always"),
    Card(
        "4000003800000446",
        ("authenticationRequiredSetupForOffSession",),
        auth="unless_set_up",
        already_set_up=True,
    ),
    Card(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        auth="unless_set_up",
        decline=NO_FUNDS,
    ),
    Card("4000000000003220", ("threeDSecure2Required",), auth="always"),
    Card("4000000000003055", ("threeDSecureOptional",), auth="optional"),
    Card(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        auth="always",
        decline=GENERIC,
    ),
    Card("4100000000000019", ("radarBlock",), decline=BLOCKED, blocked=True),
    Card(
        "4000000000000259",
        ("createDispute",),
        after=("dispute", {"reason": "fraudulent"}),
    ),
    Card(
        "4000000000002685",
        ("createDisputeProductNotReceived",),
        after=("dispute", {"reason": "product_not_received"}),
    ),
    Card(
        "4000000000001976",
        ("createDisputeInquiry",),
        after=("dispute", {"reason": "general", "inquiry": True}),
    ),
    Card("4000000000005423", ("createIssuerFraudRecord",), after=("fraud_warning", {})),
    Card("4000000000007726", ("pendingRefund",), refund="pending"),
    Card("4000000000005126", ("refundFail",), refund="fail"),
    Card("4000000000000077", ("bypassPending",), available_now=True),
    # Our own: health savings and flexible spending cards, and one whose issuer
    # tells nothing.
    Card("4000000000000507", ("hsaPrepaid",), funding="prepaid"),
    Card("4000000000000515", ("hsaDebit",), funding="debit"),
    Card("4000000000000523", ("fundingUnknown",), funding="unknown"),
]

BY_NUMBER = {card.number: card for card in CARDS}
BY_NAME = {name: card for card in CARDS for name in card.names}


def luhn_ok(number):
    """Tell whether the check digit of ``number`` (digits only) is right.

    >>> luhn_ok("4242424242424242"), luhn_ok("4242424242424241")
    (True, False)
    """
    digits = [int(digit) for digit in reversed(number)]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def brand_of(number):
    """Return the brand a number's first digits tell, or ``unknown``."""
    for prefixes, brand in (
        (("34", "37"), "amex"),
        (("4",), "visa"),
        (("51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"), None),
        (("6011", "64", "65"), "discover"),
    ):
        if number.startswith(prefixes):
            return brand or "mastercard"
    return "unknown"
