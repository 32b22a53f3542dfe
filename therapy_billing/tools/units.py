"""Minutes to billable units."""

import math


def expected_units(minutes: float, minutes_per_unit: int) -> int:
    """Return the units that minutes of one timed service give (AMA midpoint rule).

    A unit counts when more than half of its time was spent (CPT, "Time": a unit of
    time is attained when the mid-point is passed). An untimed service is 1 unit.

    >>> expected_units(55, 0), expected_units(0, 0)
    (1, 1)
    >>> expected_units(120, 15), expected_units(22, 15), expected_units(23, 15)
    (8, 1, 2)
    >>> expected_units(7, 15), expected_units(8, 15)
    (0, 1)

    :param float minutes: time spent
    :param int minutes_per_unit: length of a unit, 0 = untimed
    :return: whole units >= 0
    :rtype: int
    """
    if minutes_per_unit <= 0:
        return 1
    whole, rest = divmod(minutes, minutes_per_unit)
    return math.floor(whole) + (1 if rest * 2 > minutes_per_unit else 0)
