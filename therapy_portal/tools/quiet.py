"""Hours in which nobody wants a text message."""

from datetime import datetime, timedelta


def next_allowed(local: datetime, quiet_from: float, quiet_to: float) -> datetime:
    """Return the first moment, from a wall clock time on, that is not in quiet hours.

    >>> next_allowed(datetime(2026, 11, 22, 12, 0), 21.0, 8.0)
    datetime.datetime(2026, 11, 22, 12, 0)
    >>> next_allowed(datetime(2026, 11, 22, 21, 0), 21.0, 8.0)
    datetime.datetime(2026, 11, 23, 8, 0)
    >>> next_allowed(datetime(2026, 11, 22, 7, 59, 59), 21.0, 8.5)
    datetime.datetime(2026, 11, 22, 8, 30)
    >>> next_allowed(datetime(2026, 11, 22, 13, 15), 13.0, 15.0)
    datetime.datetime(2026, 11, 22, 15, 0)
    >>> next_allowed(datetime(2026, 11, 22, 3, 0), 0.0, 0.0)
    datetime.datetime(2026, 11, 22, 3, 0)

    :param datetime local: wall clock time of the one who would get the message
    :param float quiet_from: hour of the day from which on it is quiet
    :param float quiet_to: hour of the day at which it ends; the same = never quiet
    :return: the same moment, or the end of the quiet hours
    :rtype: datetime
    """
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = timedelta(hours=quiet_from), timedelta(hours=quiet_to)
    clock = local - midnight
    if start <= end:
        return midnight + end if start <= clock < end else local
    if clock >= start:
        return midnight + timedelta(days=1) + end
    return midnight + end if clock < end else local
