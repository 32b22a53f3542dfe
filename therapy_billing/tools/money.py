"""Exact division of amounts of money (rule M1 of the money rules).

Everything here works in whole minor units (cents). No float enters or leaves.
"""

from collections.abc import Sequence


def to_minor(amount: float, digits: int = 2) -> int:
    """Return an amount, rounded with its currency before, in minor units.

    >>> to_minor(175.25), to_minor(-0.07), to_minor(1234.0, 0), to_minor(0.1 + 0.2)
    (17525, -7, 1234, 30)

    :param float amount: the amount
    :param int digits: decimals of the currency
    :return: whole minor units
    :rtype: int
    """
    return int(f"{amount:.{digits}f}".replace(".", ""))


def to_major(minor: int, digits: int = 2) -> float:
    """Return minor units as an amount.

    >>> to_major(17525), to_major(-7), to_major(1234, 0)
    (175.25, -0.07, 1234.0)

    :param int minor: whole minor units
    :param int digits: decimals of the currency
    :return: the amount, the nearest float
    :rtype: float
    """
    return minor / 10**digits


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a total over weights by largest remainder; ties go to the first.

    >>> allocate(100, [1, 1, 1])
    [34, 33, 33]
    >>> allocate(17525, [33, 67])
    [5783, 11742]
    >>> allocate(1, [50, 50]), allocate(0, [1, 2]), allocate(5, [0, 1])
    ([1, 0], [0, 0], [0, 5])
    >>> allocate(-100, [1, 1, 1])
    [-34, -33, -33]

    :param int total: minor units to divide, of any sign
    :param weights: whole weights >= 0, at least one of them > 0
    :return: one part per weight, in order; their sum is exactly the total
    :rtype: list[int]
    :raise ValueError: if a weight is negative or all are 0
    """
    weight_sum = sum(weights)
    if any(weight < 0 for weight in weights) or weight_sum <= 0:
        raise ValueError("Weights must be 0 or more, and not all of them 0.")
    sign = -1 if total < 0 else 1
    parts, remainders = [], []
    for weight in weights:
        part, remainder = divmod(abs(total) * weight, weight_sum)
        parts.append(part)
        remainders.append(remainder)
    missing = abs(total) - sum(parts)
    # sorted() is stable, so equal remainders keep the order of the weights.
    by_remainder = sorted(range(len(parts)), key=lambda i: -remainders[i])
    for index in by_remainder[:missing]:
        parts[index] += 1
    return [sign * part for part in parts]


def spread(shares: Sequence[int], lines: Sequence[int]) -> list[list[int]]:
    """Spread the shares of a session over its lines so that rows and columns add up.

    Each share is spread by largest remainder, in line order, over what the shares
    before it left of each line. So every share and every line comes out exact.

    >>> spread([5783, 11742], [17525])
    [[5783], [11742]]
    >>> spread([1, 1], [1, 1])
    [[1, 0], [0, 1]]
    >>> spread([3000, 19525], [17525, 5000])
    [[2334, 666], [15191, 4334]]

    :param shares: minor units >= 0 per payer
    :param lines: minor units >= 0 per line; same sum as the shares
    :return: a row per share with a column per line
    :rtype: list[list[int]]
    :raise ValueError: if the sums differ
    """
    if sum(shares) != sum(lines):
        raise ValueError("The shares and the lines do not have the same sum.")
    left = list(lines)
    rows = []
    for share in shares:
        row = allocate(share, left) if any(left) else [0] * len(left)
        left = [rest - part for rest, part in zip(left, row, strict=True)]
        rows.append(row)
    return rows


def divide_part(
    total: int, weights: Sequence[int], fixed: Sequence[int] = ()
) -> list[int]:
    """Divide the patient's part between guarantors: fixed amounts first, in order.

    A fixed amount is at most what those before it left. What is left over all of them
    is divided over the weights.

    >>> divide_part(10000, [7000, 3000])
    [7000, 3000]
    >>> divide_part(10000, [0, 10000], fixed=[2000, 0])
    [2000, 8000]
    >>> divide_part(1500, [0, 10000], fixed=[2000, 0])
    [1500, 0]
    >>> divide_part(10000, [0, 0, 5000, 5000], fixed=[2000, 1001, 0, 0])
    [2000, 1001, 3500, 3499]

    :param int total: the patient's part in minor units, >= 0
    :param weights: whole weights >= 0 per guarantor, 0 for fixed amounts
    :param fixed: minor units >= 0 per guarantor; empty = none is fixed
    :return: minor units >= 0 per guarantor; their sum is exactly the total
    :rtype: list[int]
    :raise ValueError: if a fixed amount is negative, or nobody takes what is left
    """
    fixed = fixed or [0] * len(weights)
    if any(amount < 0 for amount in fixed):
        raise ValueError("A fixed amount must be 0 or more.")
    parts, left = [], total
    for amount in fixed:
        parts.append(min(amount, left))
        left -= parts[-1]
    rest = allocate(left, weights) if left else [0] * len(parts)
    return [part + more for part, more in zip(parts, rest, strict=True)]


def split_session(
    lines: Sequence[int],
    percents: Sequence[int],
    copay: int | None = None,
    fixed: Sequence[int] = (),
) -> tuple[list[list[int]], list[int]]:
    """Divide the lines of one session between its guarantors and its insurer.

    With an insurer the guarantors bear the copay, at most the session's total, and
    the insurer the rest; without one they bear the whole.

    >>> split_session([17525], [100])
    ([[17525]], [0])
    >>> split_session([17525], [3300, 6700], copay=3000)
    ([[990], [2010]], [14525])
    >>> split_session([2000], [100], copay=3000)
    ([[2000]], [0])

    :param lines: minor units >= 0 per session line
    :param percents: weights of the guarantors, in order
    :param copay: the patient's part in minor units; None = no insurer
    :param fixed: fixed minor units per guarantor; empty = none is fixed
    :return: (a row per guarantor with a column per line, the insurer's row)
    :rtype: tuple
    """
    total = sum(lines)
    patient_part = total if copay is None else min(copay, total)
    shares = divide_part(patient_part, percents, fixed)
    rows = spread([*shares, total - patient_part], lines)
    return rows[:-1], rows[-1]
