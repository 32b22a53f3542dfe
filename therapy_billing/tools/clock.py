"""The one place that tells the time.

Nothing in this addon asks SQL or the standard library for the time: tests freeze
this function, and every node of a cluster agrees on what "today" means for a
practice.
"""

import time
import zoneinfo
from datetime import date, datetime, timezone

from odoo import fields


def now() -> datetime:
    """Return the present moment as a naive UTC datetime (Odoo's convention).

    :return: the moment, without microseconds
    :rtype: datetime
    """
    return fields.Datetime.now()


def real_seconds() -> float:
    """Return the unix time of this machine, for pauses; no test freezes it.

    :return: seconds with fractions
    :rtype: float
    """
    return time.clock_gettime(time.CLOCK_REALTIME)


def to_utc(local: datetime, tz_name: str) -> datetime:
    """Return the naive UTC moment of a wall clock time in a time zone.

    A time that occurs twice (clocks go back) is the first of the two; a time that
    does not exist (clocks go forward) is read with the offset before the change.

    >>> to_utc(datetime(2026, 10, 30, 18, 30), "America/New_York")
    datetime.datetime(2026, 10, 30, 22, 30)
    >>> to_utc(datetime(2026, 11, 2, 18, 30), "America/New_York")
    datetime.datetime(2026, 11, 2, 23, 30)
    >>> to_utc(datetime(2026, 11, 1, 1, 30), "America/New_York")
    datetime.datetime(2026, 11, 1, 5, 30)

    :param datetime local: wall clock time, naive
    :param str tz_name: name of the time zone
    :return: naive UTC datetime
    :rtype: datetime
    """
    aware = local.replace(tzinfo=zoneinfo.ZoneInfo(tz_name))
    return aware.astimezone(timezone.utc).replace(tzinfo=None)


def to_local(moment: datetime, tz_name: str) -> datetime:
    """Return the wall clock time (naive) of a naive UTC moment in a time zone.

    >>> to_local(datetime(2026, 11, 3, 0, 30), "America/New_York")
    datetime.datetime(2026, 11, 2, 19, 30)

    :param datetime moment: naive UTC moment
    :param str tz_name: name of the time zone
    :return: naive local datetime
    :rtype: datetime
    """
    zone = zoneinfo.ZoneInfo(tz_name)
    return moment.replace(tzinfo=timezone.utc).astimezone(zone).replace(tzinfo=None)


def to_local_date(moment: datetime, tz_name: str) -> date:
    """Return the date of a naive UTC moment in a time zone.

    >>> to_local_date(datetime(2026, 11, 3, 0, 30), "America/New_York")
    datetime.date(2026, 11, 2)

    :param datetime moment: naive UTC moment
    :param str tz_name: name of the time zone
    :return: local date
    :rtype: date
    """
    return to_local(moment, tz_name).date()
