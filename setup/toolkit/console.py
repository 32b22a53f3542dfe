"""What the commands say: steps with their time, and errors in plain words."""

import sys
import time
from contextlib import contextmanager


class Stop(Exception):
    """An error the reader can do something about; its text is one paragraph."""


def say(text=""):
    """Print one line at once, also when the output is a pipe."""
    print(text, flush=True)


@contextmanager
def step(name):
    """Print ``name`` when the block starts, and its duration when it ends."""
    print(f"  {name} ...", end="" if sys.stdout.isatty() else "\n", flush=True)
    start = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"\r  {name}: stopped after {time.monotonic() - start:.1f} s", flush=True)
        raise
    print(f"\r  {name}: {time.monotonic() - start:.1f} s    ", flush=True)
