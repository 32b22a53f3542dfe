"""Rows of the benchmark's table: what was measured, against what, and the verdict."""

from dataclasses import dataclass
from statistics import median

HEADER = ("what", "unit", "n", "ours", "core", "ratio", "target", "")


def per_item(measures, label, key="seconds", scale=1.0):
    """Return the median of a figure per item over all measures of a label.

    :param measures: dicts with label, count, seconds, queries, rss
    :param str label: which of them count
    :param str key: "seconds" or "queries"
    :param float scale: 1000 for milliseconds
    :return: the median of figure x scale / count
    :rtype: float
    """
    return median(
        one[key] * scale / one["count"] for one in measures if one["label"] == label
    )


@dataclass
class Row:
    """One line of the table.

    ``core`` is what ours is compared with: core's figure, or of rows about growth our
    own figure at the smallest size. A ratio up to ``target`` is good.
    """

    name: str
    unit: str
    n: int
    ours: float
    core: float
    target: float
    ok: bool | None = None

    @property
    def ratio(self):
        """Return ours / core; 0 when there is nothing to divide by."""
        return self.ours / self.core if self.core else 0.0

    def judge(self, *, small):
        """Set ``ok``: whether the target is met, None at a size that says nothing."""
        self.ok = None if small else self.ratio <= self.target

    def as_json(self):
        """Return the row as it is written to a file."""
        return {
            "name": self.name,
            "unit": self.unit,
            "n": self.n,
            "ours": round(self.ours, 3),
            "core": round(self.core, 3),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "ok": self.ok,
        }

    def cells(self):
        """Return the texts of the row's cells."""
        word = {True: "ok", False: "MISSED", None: "not judged"}[self.ok]
        return (
            *(self.name, self.unit, str(self.n), f"{self.ours:.2f}"),
            *(f"{self.core:.2f}", f"{self.ratio:.2f}", f"<= {self.target:.2f}", word),
        )


def table(found):
    """Return the lines of the table of rows."""
    cells = [HEADER, *(row.cells() for row in found)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(HEADER))]
    left = {0, 1, 7}
    return [
        "  ".join(
            text.ljust(width) if index in left else text.rjust(width)
            for index, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
