"""When a declined card may be tried again; rules come as data, dates go out."""

from datetime import timedelta

#: What a decline means, the one that decides first.
CLASSES = ("payer", "never", "new_card", "wait")


def parse_days(text):
    """Return the days of tries after the first one.

    >>> parse_days("3, 7,14")
    (3, 7, 14)
    >>> parse_days("")
    ()
    >>> parse_days("7, 3")
    Traceback (most recent call last):
    ...
    ValueError: 7, 3

    :param str text: whole days, separated by commas, ascending, each above 0
    :rtype: tuple[int]
    :raise ValueError: if they are not
    """
    days = tuple(int(part) for part in (text or "").split(",") if part.strip())
    if any(a >= b for a, b in zip((0, *days), days, strict=False)):
        raise ValueError(text)
    return days


def next_try(first, tries, days):
    """Return when to try again after a decline that may pass.

    >>> from datetime import datetime
    >>> first = datetime(2026, 11, 2, 9)
    >>> [next_try(first, n, (3, 7, 14)) for n in (1, 2)]
    [datetime.datetime(2026, 11, 5, 9, 0), datetime.datetime(2026, 11, 9, 9, 0)]
    >>> next_try(first, 4, (3, 7, 14)) is None
    True

    :param datetime first: the first try
    :param int tries: tries so far
    :param tuple days: days after the first try, ascending
    :return: the moment, or None when all tries are used up
    :rtype: datetime | None
    """
    if not 1 <= tries <= len(days):
        return None
    return first + timedelta(days=days[tries - 1])


def strictest(classes):
    """Return the class that decides when several codes say different things.

    >>> strictest(["wait", "never"])
    'never'
    >>> strictest([])
    ''

    :param classes: classes of the codes that were known
    :rtype: str
    """
    return min(classes, key=CLASSES.index, default="")
