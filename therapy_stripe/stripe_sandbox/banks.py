"""The test bank accounts: numbers, tokens and how each behaves. Data only.

All belong to the processor's test bank (routing number 110000000). A debit is
``processing`` for some days, then succeeds or fails with ``failure``.
"""

from dataclasses import dataclass

ROUTING_NUMBER = "110000000"
BANK_NAME = "STRIPE TEST BANK"


@dataclass(frozen=True)
class Bank:
    """One row, with the same questions answered as for a card.

    ``failure``
        (code, message) with which a debit fails after some days
    ``blocked_by``
        (network code, reason) that makes the account unusable afterwards
    ``stuck``
        a debit stays in process until told otherwise
    ``deposits``
        False when small deposits cannot be sent to it
    ``refused``
        the processor's risk rules stop each debit at once
    """

    number: str
    names: tuple
    failure: tuple | None = None
    blocked_by: tuple | None = None
    stuck: bool = False
    deposits: bool = True
    refused: bool = False
    after: tuple = ()
    # what cards have and bank accounts have not
    attach: bool = True
    decline: tuple | None = None
    refund: str = "pending"
    available_now: bool = False


BANKS = [
    Bank("000123456789", ("success",)),
    Bank(
        "000111111113",
        ("accountClosed",),
        ("account_closed", "The customer's bank account has been closed."),
        ("R02", "bank_account_closed"),
    ),
    Bank(
        "000111111116",
        ("noAccount",),
        ("no_account", "The customer's bank account could not be located."),
        ("R03", "bank_account_invalid_details"),
    ),
    Bank(
        "000222222227",
        ("insufficientFunds",),
        (
            "insufficient_funds",
            "The customer's account has insufficient funds to cover this payment.",
        ),
    ),
    Bank(
        "000333333335",
        ("debitNotAuthorized",),
        (
            "debit_not_authorized",
            "The customer has notified their bank that this payment was unauthorized.",
        ),
        ("R10", "debit_not_authorized"),
    ),
    Bank(
        "000444444440",
        ("invalidCurrency",),
        (
            "invalid_currency",
            "The bank was unable to process this payment because of its currency.",
        ),
    ),
    Bank("000666666661", ("failMicrodeposits",), deposits=False),
    Bank(
        "000555555559",
        ("dispute",),
        after=("dispute", {"reason": "debit_not_authorized"}),
    ),
    Bank("000000000009", ("processing",), stuck=True),
    Bank(
        "000777777771",
        ("weeklyLimitExceeded",),
        (
            "charge_exceeds_source_limit",
            "The payment exceeds the account's weekly limit.",
        ),
    ),
    Bank("000000004954", ("riskLevelHighest",), refused=True),
]

BY_NUMBER = {bank.number: bank for bank in BANKS}
BY_NAME = {name: bank for bank in BANKS for name in bank.names}
BY_NAME[""] = BANKS[0]
#: Failures that a person in the control API may name.
FAILURES = {bank.failure[0]: bank for bank in BANKS if bank.failure}
