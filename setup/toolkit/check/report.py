"""What the check prints: one line per fact, and the totals."""

import time
import traceback


class Report:
    """Counts facts that hold and facts that do not."""

    def __init__(self, on_break=lambda name: None):
        self.passed = self.failed = 0
        self.on_break = on_break

    def fact(self, name, holds, detail=""):
        """Print a fact and whether it holds; return whether it does."""
        word = "ok " if holds else "FAILED "
        print(f"  {word}{name}{': ' if detail else ''}{detail}", flush=True)
        self.passed += bool(holds)
        self.failed += not holds
        return holds

    def equal(self, name, got, wanted):
        """A fact that compares two figures; both are printed when they differ."""
        detail = f"{got}" if got == wanted else f"{got}, should be {wanted}"
        return self.fact(name, got == wanted, detail)

    def step(self, name, function, *arguments):
        """Run one step; an exception in it is a fact that does not hold.

        :return: what the step returns, or None when it broke.
        """
        print(f"{name}", flush=True)
        start = time.monotonic()
        try:
            return function(*arguments)
        except Exception as error:
            self.fact(f"{name} ran to its end", False, _short(error))
            traceback.print_exc()
            self.on_break(f"broken-{name.split()[0]}")
            return None
        finally:
            print(f"    {time.monotonic() - start:.1f} s", flush=True)


def _short(error):
    return " ".join(str(error).split())[:300]
