"""Sends frozen calls from a pool of threads, at the moments allotted to them.

Nothing here knows Odoo: a thread must not touch the ORM, so all that a call needs was
put into it beforehand.
"""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from odoo.addons.therapy_billing.tools.checkpoint import IN_CALL, checkpoint
from odoo.addons.therapy_billing.tools.clock import real_seconds

_logger = logging.getLogger(__name__)

#: Longest sleep before an answer is looked for, in seconds.
PATIENCE = 0.25


def _call_at(moment, call):
    """Wait for a moment, then call; an unexpected error is no answer (None)."""
    time.sleep(max(0.0, moment - real_seconds()))
    checkpoint(IN_CALL)
    try:
        return call()
    except Exception:
        # A bug must not look like a refusal: nobody knows what was carried out.
        _logger.exception("A call to a processor ended in an error of our own")
        return None


class Pipeline:
    """Calls that are waiting or under way.

    :param int threads: how many calls may be under way at once
    """

    def __init__(self, threads):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="charge")
        self._flying = {}
        self._capacity = 2 * threads

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        # What was sent is waited for; the callers record it on the way.
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __len__(self):
        return len(self._flying)

    @property
    def room(self):
        """How many more calls keep the threads busy without piling up."""
        return max(0, self._capacity - len(self._flying))

    def send(self, number, call, moment=0.0):
        """Have a call made.

        :param int number: what the answer is for
        :param callable call: takes nothing, returns the answer, uses no ORM
        :param float moment: unix time of the earliest start
        """
        future = self._pool.submit(_call_at, moment, call)
        self._flying[future] = (number, call)

    def collect(self, seconds=PATIENCE):
        """Return the answers that came, after some seconds at the latest.

        :param float seconds: longest wait for the first answer
        :return: (number, call, answer)
        :rtype: list[tuple]
        """
        done, _open = wait(self._flying, seconds, return_when=FIRST_COMPLETED)
        return [(*self._flying.pop(future), future.result()) for future in done]
