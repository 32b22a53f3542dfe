"""The fee on credit cards (rule M7 of the money rules): exact, and rounded down.

Everything here works in whole minor units (cents); percentages are whole thousandths
of a percent. No float enters or leaves.
"""

from collections.abc import Sequence

#: Thousandths of a percent in the whole.
WHOLE = 100_000


def to_thousandths(percent: float) -> int:
    """Return a percentage as whole thousandths of a percent.

    >>> to_thousandths(3.0), to_thousandths(2.9), to_thousandths(0.125)
    (3000, 2900, 125)

    :param float percent: percentage with at most three decimals
    :return: thousandths of a percent
    :rtype: int
    """
    return int(f"{percent:.3f}".replace(".", ""))


def card_fee(base: int, rates: Sequence[int], cost: tuple[int, int]) -> int:
    """Return the fee on a payment: the lowest of all limits, rounded down.

    3% of 33.33 is 0.9999: a fee of 1.00 would be more than 3%.

    >>> card_fee(3333, [3000], (2900, 30))
    99
    >>> card_fee(5000, [3000, 2000], (2900, 30)), card_fee(5000, [3000], (2900, 30))
    (100, 150)

    Above 300.00 the usual 2.9% + 0.30 of a processor is less than 3%:

    >>> card_fee(100000, [3000], (2900, 30)), card_fee(30000, [3000], (2900, 30))
    (2930, 900)

    :param int base: what is paid on the bills, minor units >= 0
    :param rates: limits in thousandths of a percent, at least one
    :param cost: what accepting the card costs: thousandths of a percent, and minor
        units for each payment
    :return: the fee, minor units
    :rtype: int
    :raise ValueError: if there is no limit, or a number is negative
    """
    if not rates or base < 0 or min(rates) < 0 or min(cost) < 0:
        raise ValueError("A fee needs limits, and no number may be negative.")
    percent, fixed = cost
    return min(base * min(rates), base * percent + fixed * WHOLE) // WHOLE


def fee_to_return(base: int, fee: int, returned: int, given_back: int, now: int) -> int:
    """Return the part of a fee that goes back with a part of its payment.

    In proportion, rounded in favour of the payer, counted over all returns so far: so
    what is kept is never more than the rate, and the last return gives back the rest.

    >>> fee_to_return(5000, 150, 0, 0, 5000), fee_to_return(5000, 150, 0, 0, 2500)
    (150, 75)
    >>> fee_to_return(3333, 99, 0, 0, 1111), fee_to_return(3333, 99, 1111, 33, 2222)
    (33, 66)
    >>> fee_to_return(3333, 99, 0, 0, 1), fee_to_return(3333, 99, 1, 1, 3332)
    (1, 98)

    :param int base: what was paid on the bills, minor units > 0
    :param int fee: the fee on it
    :param int returned: what was given back of the base so far
    :param int given_back: what was given back of the fee so far
    :param int now: what is given back of the base now
    :return: what is given back of the fee now, minor units
    :rtype: int
    :raise ValueError: if more is given back than was paid
    """
    total = returned + now
    if not 0 < now <= total <= base:
        raise ValueError("More cannot be given back than was paid.")
    due = -(-fee * total // base)
    return max(due - given_back, 0)


def split_return(
    base: int, fee: int, returned: int, given_back: int, total: int
) -> tuple[int, int]:
    """Split a sum that was given back elsewhere into payment and fee.

    In proportion over all returns so far; the last one takes the rest of both.

    >>> split_return(5000, 150, 0, 0, 5150), split_return(5000, 150, 0, 0, 2575)
    ((5000, 150), (2500, 75))
    >>> split_return(5000, 150, 2500, 75, 2575), split_return(5000, 0, 0, 0, 999)
    ((2500, 75), (999, 0))

    :param int base: what was paid on the bills
    :param int fee: the fee on it
    :param int returned: what was given back of the base so far
    :param int given_back: what was given back of the fee so far
    :param int total: what is given back now, base and fee together
    :return: (base, fee) of it
    :rtype: tuple
    :raise ValueError: if more is given back than was paid
    """
    base_left, fee_left = base - returned, fee - given_back
    if not 0 < total <= base_left + fee_left:
        raise ValueError("More cannot be given back than was paid.")
    so_far = returned + given_back + total
    fee_now = fee * so_far // (base + fee) - given_back
    fee_now = min(max(fee_now, total - base_left, 0), total, fee_left)
    return total - fee_now, fee_now
