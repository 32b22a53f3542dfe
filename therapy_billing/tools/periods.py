"""Periods that an insurer or agency counts units in."""

from datetime import date


def period_key(day: date, period: str) -> tuple[int, ...]:
    """Return what all days of one period share.

    >>> period_key(date(2026, 11, 1), "week") == period_key(date(2026, 11, 2), "week")
    False
    >>> period_key(date(2026, 11, 2), "week") == period_key(date(2026, 11, 8), "week")
    True
    >>> period_key(date(2026, 11, 30), "month"), period_key(date(2026, 11, 30), "all")
    ((2026, 11), ())

    :param date day: a day of service
    :param str period: week (Monday to Sunday), month, or all
    :return: a key
    :rtype: tuple
    """
    if period == "week":
        return tuple(day.isocalendar()[:2])
    if period == "month":
        return (day.year, day.month)
    return ()
