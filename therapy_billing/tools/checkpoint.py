"""Places where a test may kill the process, to prove that nothing is lost there.

Does nothing at all unless the environment names a folder, which only
``./setup/chaos`` does. A file in that folder, called like the place, kills the first
process that comes by, once, as ``kill -9`` does. Its content, if any, is how many
seconds later.
"""

import contextlib
import os
import signal
import threading
from pathlib import Path

#: Between the steps of a charge, in their order.
BEFORE_COMMIT = "before commit"
AFTER_COMMIT = "after commit, before call"
IN_CALL = "in call"
AFTER_ANSWER = "after answer, before record"
AFTER_RECORD = "after record, before posting"
WINDOWS = (BEFORE_COMMIT, AFTER_COMMIT, IN_CALL, AFTER_ANSWER, AFTER_RECORD)

FOLDER = os.environ.get("THERAPY_CHECKPOINTS")


def checkpoint(name):
    """Die here if a test asked for it.

    :param str name: one of :data:`WINDOWS`
    """
    if not FOLDER:
        return
    armed = Path(FOLDER, name)
    hit = armed.with_name(f"{name}.{os.getpid()}.hit")
    with contextlib.suppress(FileNotFoundError):
        armed.rename(hit)  # Only one process gets it.
        seconds = float(hit.read_text() or 0)
        if not seconds:
            _die()
        threading.Timer(seconds, _die).start()


def _die():
    os.kill(os.getpid(), signal.SIGKILL)
