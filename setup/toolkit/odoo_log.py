"""What an Odoo test run said, read from its log."""

import re
from dataclasses import dataclass, field

from . import paths

ALLOWED = paths.REPO / "setup" / "log_allowed.txt"
LINE = re.compile(
    r"^\S+ \S+ \d+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (\S+) (\S+): (.*)$"
)
COUNT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests")
FAILED = re.compile(r"^(FAIL|ERROR): (?:Subtest )?(\S+)")
STARTED = re.compile(r"^Starting (\S+) \.\.\.")
SKIPPED = re.compile(r"^skipped (\S+) : (.*)")


@dataclass
class Verdict:
    """The counts of one run, and the lines that make it fail."""

    tests: int = 0
    failed: int = 0
    started: list = field(default_factory=list)
    failures: dict = field(default_factory=dict)
    skips: list = field(default_factory=list)
    noise: list = field(default_factory=list)

    def problems(self):
        """Return every reason why the run is not green, as lines of text."""
        found = [f"{kind}: {name}" for name, kind in self.failures.items()]
        found += [f"skipped: {text}" for text in self.skips]
        found += [f"log: {line}" for line in self.noise]
        if not self.tests:
            found.append("no test was run")
        return found


def allowed():
    """Return the patterns of log lines that may appear, from the list in the repo."""
    lines = ALLOWED.read_text().splitlines() if ALLOWED.exists() else []
    return [re.compile(line) for line in lines if line and not line.startswith("#")]


def read(path):
    """Return the :class:`Verdict` on the log file ``path``."""
    verdict, patterns = Verdict(), allowed()
    for line in path.read_text(errors="replace").splitlines():
        if not (found := LINE.match(line)):
            continue
        level, _database, logger, text = found.groups()
        if count := COUNT.search(text):
            failures, errors, tests = (int(value) for value in count.groups())
            verdict.tests, verdict.failed = tests, failures + errors
        elif started := STARTED.match(text):
            verdict.started.append(started.group(1))
        elif skipped := SKIPPED.match(text):
            verdict.skips.append(": ".join(skipped.groups()))
        elif failed := FAILED.match(text):
            verdict.failures.setdefault(failed.group(2), failed.group(1))
        elif level in ("WARNING", "ERROR", "CRITICAL") and not any(
            pattern.search(f"{logger}: {text}") for pattern in patterns
        ):
            verdict.noise.append(f"{level} {logger}: {text}")
    return verdict
