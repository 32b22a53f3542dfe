"""The time: now, and between Stripe's unix seconds and Odoo's naive UTC."""

from datetime import datetime, timezone

from odoo.addons.therapy_billing.tools.clock import now

__all__ = ["from_unix", "now", "to_unix"]


def from_unix(seconds):
    """Return the naive UTC datetime of unix seconds.

    >>> from_unix(1793404800)
    datetime.datetime(2026, 10, 31, 0, 0)

    :param int seconds: seconds since 1970-01-01 UTC
    :rtype: datetime
    """
    return datetime.fromtimestamp(seconds, tz=timezone.utc).replace(tzinfo=None)


def to_unix(moment):
    """Return the unix seconds of a naive UTC datetime.

    >>> to_unix(datetime(2026, 10, 31))
    1793404800

    :param datetime moment: naive UTC
    :rtype: int
    """
    return int(moment.replace(tzinfo=timezone.utc).timestamp())
