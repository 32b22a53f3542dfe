"""Minutes to billable units.

Sources: CPT, introduction, "Time" (a unit of time is attained when its mid-point is
passed); Medicare Claims Processing Manual (CMS Pub. 100-04), chapter 5, section 20.2
(timed codes of a day are counted together).
"""

import math
from collections.abc import Sequence


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


def whole_units(minutes: float, minutes_per_unit: int) -> int:
    """Return the units of a payer who pays full units only.

    >>> whole_units(29, 15), whole_units(30, 15), whole_units(0, 0)
    (1, 2, 1)

    :param float minutes: time spent
    :param int minutes_per_unit: length of a unit, 0 = untimed
    :return: whole units >= 0
    :rtype: int
    """
    if minutes_per_unit <= 0:
        return 1
    return math.floor(minutes / minutes_per_unit)


def window_units(minutes: float, shortest: int, longest: int = 0) -> int:
    """Return 1 if the time lies in the window of a code, else 0.

    Codes of psychotherapy are chosen by time: too short or too long a session is
    another code, not another number of units.

    >>> [window_units(m, 16, 37) for m in (15, 16, 37, 38)]
    [0, 1, 1, 0]
    >>> window_units(120, 53)
    1

    :param float minutes: time spent
    :param int shortest: least minutes
    :param int longest: most minutes, 0 = no end
    :return: 1 or 0
    :rtype: int
    """
    return int(minutes >= shortest and (not longest or minutes <= longest))


def allocate_units(minutes: Sequence[float], total: int, block: int) -> list[int]:
    """Give units to services: full blocks first, then the largest rests of time.

    >>> allocate_units([33, 7], 3, 15)
    [2, 1]
    >>> allocate_units([18, 13, 10, 8], 3, 15)
    [1, 1, 1, 0]
    >>> allocate_units([7, 7, 7], 1, 15), allocate_units([45, 30], 4, 15)
    ([1, 0, 0], [3, 1])

    A service gets at most one unit beyond its full blocks. Of equal times the service
    that is listed first gets the unit.

    :param minutes: time spent on each service, in order
    :param int total: units that may be billed together
    :param int block: length of a unit, > 0
    :return: units of each service; their sum is at most the total
    :rtype: list[int]
    """
    places = range(len(minutes))
    blocks = [math.floor(time / block) for time in minutes]
    units = [0] * len(minutes)
    left = max(total, 0)
    while left and any(units[place] < blocks[place] for place in places):
        # Round by round, the service with the most time not yet counted.
        place = max(
            (place for place in places if units[place] < blocks[place]),
            key=lambda place: (minutes[place] - units[place] * block, -place),
        )
        units[place] += 1
        left -= 1
    rests = sorted(
        (place for place in places if minutes[place] > blocks[place] * block),
        key=lambda place: (blocks[place] * block - minutes[place], place),
    )
    for place in rests[:left]:
        units[place] += 1
    return units


def pooled_units(
    services: Sequence[tuple[object, float, float | None]], block: int = 15
) -> list[float]:
    """Return the units of a day's timed services counted together (CMS 8-minute rule).

    The day's units are those of the sum of all minutes. They are allocated to codes,
    and within a code to its services, as :func:`allocate_units` does. What was fixed
    before (billed, or entered by hand) stays and is taken off the day's units; of its
    minutes no more count than its units stand for and the half of one more.

    >>> pooled_units([("97110", 10, None), ("97116", 10, None)])
    [1, 0]
    >>> pooled_units([("97110", 25, None), ("97116", 15, None), ("97112", 10, None)])
    [2, 1, 0]
    >>> pooled_units([("97110", 10, None), ("97116", 9, None), ("97110", 8, None)])
    [1, 1, 0]
    >>> pooled_units([("97110", 10, 1), ("97116", 10, None)])
    [1, 0]

    :param services: code, minutes, and the units if they are fixed, of each service
    :param int block: length of a unit, > 0
    :return: units of each service, in order; fixed ones as they are
    :rtype: list[float]
    """
    half = (block - 1) // 2
    counted = [
        minutes if fixed is None else min(minutes, fixed * block + half)
        for _code, minutes, fixed in services
    ]
    total = expected_units(sum(counted), block)
    total -= math.ceil(sum(fixed or 0 for _code, _minutes, fixed in services))
    by_code: dict[object, list[int]] = {}
    for place, (code, _minutes, fixed) in enumerate(services):
        if fixed is None:
            by_code.setdefault(code, []).append(place)
    sums = [sum(services[place][1] for place in group) for group in by_code.values()]
    units = [fixed or 0 for _code, _minutes, fixed in services]
    code_units = allocate_units(sums, total, block)
    for group, share in zip(by_code.values(), code_units, strict=True):
        times = [services[place][1] for place in group]
        for place, count in zip(
            group, allocate_units(times, share, block), strict=True
        ):
            units[place] = count
    return units
