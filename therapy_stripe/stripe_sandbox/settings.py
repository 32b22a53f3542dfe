"""What a test may set about the account, and the defaults.

Money is in minor units, times are seconds of the virtual clock.
"""

from .errors import invalid

DAY = 24 * 3600

#: Fees follow the processor's published standard prices for the United States.
DEFAULTS = {
    # 2.9 % + 30 cents of each successful card charge, rounded half up
    "card_fee_basis_points": 290,
    "card_fee_fixed": 30,
    # 0.8 % of a bank debit, at most 5 dollars
    "bank_fee_basis_points": 80,
    "bank_fee_maximum": 500,
    # of a bank debit that failed
    "bank_failure_fee": 400,
    # days until the bank has answered a debit, or taken in a refund
    "bank_days": 4,
    # whether automatic_payment_methods take bank accounts too
    "bank_debits_automatic": False,
    # taken with the disputed amount, given back when the dispute is won
    "dispute_fee": 1500,
    "dispute_fee_returned": True,
    # days in which evidence is taken, the day of the dispute not counted
    "dispute_days": 9,
    # from the charge to what the cards that dispute bring
    "dispute_delay": 10,
    # capture_method=automatic_async: the balance transaction comes this much later
    "balance_delay": 3,
    # full days until a charge's money is available, counted from midnight (UTC)
    "available_days": 2,
    # daily or manual
    "payout_interval": "daily",
    # until a new payment intent can be found by search
    "search_delay": 60,
    # milliseconds that each request takes, give or take the second number
    "latency_ms": 0,
    "latency_jitter_ms": 0,
    # days from the creation of a payout to its arrival
    "payout_days": 1,
}
#: How events go out: see ``README.md``.
DELIVERY = {
    "mode": "immediate",
    "duplicate": 1,
    "delay": 0.0,
    "jitter": 0.0,
    "lose": 0.0,
    "reorder": False,
    "wrong_secret": False,
}
MODES = ("immediate", "hold")
CHOICES = {"payout_interval": ("daily", "manual")}


def defaults():
    """Return a fresh copy of the settings."""
    return dict(DEFAULTS)


def delivery():
    """Return a fresh copy of the way events go out."""
    return dict(DELIVERY)


def change_delivery(store, wanted):
    """Set how events go out; what is not named stays as it is."""
    rules = dict(store.deliver)
    for name, value in wanted.items():
        if name not in DELIVERY:
            raise invalid(f"Unknown: {name}.", name)
        numeric = isinstance(DELIVERY[name], float)
        fits = (int, float) if numeric else type(DELIVERY[name])
        if not isinstance(value, fits) or isinstance(value, bool) is not isinstance(
            DELIVERY[name], bool
        ):
            raise invalid(f"{name} is not understood: {value!r}.", name)
        rules[name] = value
    if rules["mode"] not in MODES or rules["duplicate"] < 1:
        raise invalid("mode is immediate or hold, duplicate a number from 1.")
    if min(rules["delay"], rules["jitter"], rules["lose"]) < 0 or rules["lose"] > 1:
        raise invalid("delay and jitter are 0 or more, lose is from 0 to 1.")
    with store.lock:
        store.deliver = rules
        store.dirty.set()
    return rules


def change(store, wanted):
    """Set what ``wanted`` names; all of it is checked before anything changes.

    :param dict wanted: names of :data:`DEFAULTS` with values of the same type
    """
    for name, value in wanted.items():
        if name not in DEFAULTS:
            raise invalid(f"Unknown setting: {name}.", name)
        if type(value) is not type(DEFAULTS[name]):
            kind = type(DEFAULTS[name]).__name__
            raise invalid(f"The setting {name} must be of type {kind}.", name)
        if name in CHOICES and value not in CHOICES[name]:
            raise invalid(f"{name} is one of {', '.join(CHOICES[name])}.", name)
        if type(value) is int and value < 0:
            raise invalid(f"The setting {name} must be 0 or more.", name)
    with store.lock:
        store.settings.update(wanted)
        store.dirty.set()
    return store.settings
