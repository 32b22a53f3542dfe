"""Stops a run when the processor, the network or our settings are broken."""

from collections import deque

#: So many refusals of our keys or settings in a row.
REFUSED = 5
#: So great a part of the last answers that said nothing.
UNKNOWN_PART, WINDOW = 0.2, 50
#: So many answers at least before the part counts.
LEAST = 20


class Breaker:
    """Watches the answers of one run in one process.

    >>> from types import SimpleNamespace as Answer
    >>> breaker = Breaker()
    >>> for _ in range(5):
    ...     breaker.watch(Answer(result="error", refused=True))
    >>> breaker.reason
    'refused'
    >>> breaker = Breaker()
    >>> for number in range(20):
    ...     breaker.watch(None if number % 4 == 0 else Answer(result="done"))
    >>> breaker.reason
    'unknown'
    """

    def __init__(self):
        self.reason = ""
        self._refused = 0
        self._last = deque(maxlen=WINDOW)

    def watch(self, answer):
        """Look at an answer.

        :param answer: has ``result`` and maybe ``refused``; None = no answer
        """
        self._refused = self._refused + 1 if getattr(answer, "refused", False) else 0
        self._last.append(answer is None or answer.result == "unknown")
        if self._refused >= REFUSED:
            self.reason = "refused"
        elif len(self._last) >= LEAST:
            if sum(self._last) > UNKNOWN_PART * len(self._last):
                self.reason = "unknown"
