"""What a session costs must not depend on how many there are."""

from .. import practice
from ..result import Row, per_item
from .billing import make_run

TITLE = (
    "queries, time and memory of billing runs of growing size, each beside the first"
)
N = 20000
NEEDS_SERVER = False


def sizes(n):
    """Return the sizes of the runs: 500, 5,000 and 20,000 at the usual one."""
    return [max(n // 40, 10), max(n // 4, 20), n]


def ours(bench):
    """Bill runs of growing size on one database, which grows with them."""
    for size in sizes(bench.n):
        practice.make(bench, size)
        run = make_run(bench)
        batches = run._get_batches()
        per_batch = size / len(batches)
        for number, patients in enumerate(batches, start=1):
            with bench.measure(f"batch {size}", per_batch):
                run._bill_patients(patients)
            bench.env.invalidate_all()
            if number % 10 == 0 or number == len(batches):
                bench.say(f"{round(number * per_batch)} of {size} sessions billed")
        with bench.measure(f"run {size}"):
            run._store_result("done")
            bench.env.cr.commit()


def core(_bench):
    """Do nothing: each size stands beside our own smallest one."""


def rows(ours, core, n):
    """Return the rows of the table."""
    first, *others = sizes(n)

    def memory(size):
        return max(one["rss"] for one in ours if one["label"] == f"batch {size}")

    found = []
    for size in others:
        label, least = f"batch {size}", f"batch {first}"
        found += [
            Row(
                *(f"queries per session, beside a run of {first}", "queries", size),
                *(per_item(ours, label, "queries"), per_item(ours, least, "queries")),
                1.15,
            ),
            Row(
                *(f"time per session, beside a run of {first}", "ms", size),
                *(per_item(ours, label, scale=1000), per_item(ours, least, scale=1000)),
                1.5,
            ),
        ]
    # The first run fills the caches of models, views and translations.
    found.append(
        Row(
            *(f"memory, beside a run of {others[0]}", "MB", n, memory(n) / 2**20),
            *(memory(others[0]) / 2**20, 1.15),
        )
    )
    return found
