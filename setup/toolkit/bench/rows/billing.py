"""Billing runs, beside core making and posting the identical bills."""

from .. import practice
from ..result import Row, per_item

TITLE = "billing runs beside core's bills, in batches of the same size and one by one"
N = 5000
NEEDS_SERVER = False

#: Core makes so many bills of each batch one by one too: a sample, its median counts.
ONE_BY_ONE = 2
#: Batches at the start that memory grows in, while caches fill.
WARM_UP = 5
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}


def ours(bench):
    """Bill everything by one run, batch by batch."""
    bench.say(f"making {bench.n} sessions")
    practice.make(bench, bench.n)
    bill(bench, make_run(bench))


def make_run(bench):
    """Return a run over everything that is to be billed."""
    run = bench.env["therapy.billing.run"].create(
        {"date_from": "2026-10-01", "date_to": "2026-10-31"}
    )
    run._start()
    bench.env.cr.commit()
    return run


def bill(bench, run):
    """Bill a run batch by batch as its job does; leave the bills' values behind."""
    Session = bench.env["therapy.session"]
    domain = run._get_sessions_domain()
    with bench.measure("cut"):
        batches = run._get_batches()
    total = Session.search_count(domain)
    for number, patients in enumerate(batches):
        before = Session.search_count(domain)
        with bench.measure("batch") as report:
            run._bill_patients(patients)
            report[0] = before - Session.search_count(domain)
        left = before - report[0]
        bench.env.cr.execute("SELECT COALESCE(MAX(id), 0) FROM account_move")
        newest = bench.env.cr.fetchone()[0]
        bench.put(f"bills-{number}", read_bills(run, getattr(bench, "newest", 0)))
        bench.newest = newest
        bench.env.invalidate_all()
        if number % 5 == 4 or left == 0:
            bench.say(f"{total - left} of {total} sessions billed")
    with bench.measure("result"):
        run._store_result("done")
        bench.env.cr.commit()


def read_bills(run, after):
    """Return what core needs to make the same bills."""
    bills = run.env["account.move"].search(
        [("therapy_run_id", "=", run.id), ("id", ">", after)], order="id"
    )
    return [
        {
            "partner": move.partner_id.name,
            "lines": [
                {
                    "name": line.name,
                    "quantity": line.quantity,
                    "price_unit": line.price_unit,
                    "account": line.account_id.code,
                    "product": line.product_id.name,
                }
                for line in move.invoice_line_ids
            ],
            "date": str(move.invoice_date),
            "due": str(move.invoice_date_due),
            "origin": move.invoice_origin,
        }
        for move in bills
    ]


def core(bench):
    """Make and post the same bills in the same batches."""
    made = Maker(bench.env(context=dict(bench.env.context, **QUIET)))
    number = 0
    while (bills := bench.get(f"bills-{number}")) is not None:
        vals_list = [made.vals(bill) for bill in bills]
        bench.env.cr.commit()
        with bench.measure("batch", len(bills)):
            made.bill(vals_list)
        for vals in vals_list[:ONE_BY_ONE]:
            with bench.measure("one"):
                made.bill([vals])
        bench.env.invalidate_all()
        number += 1


class Maker:
    """Makes bills with core alone."""

    def __init__(self, env):
        self.env, self.found = env, {}
        self.journal = env["account.journal"].search([("type", "=", "sale")], limit=1)

    def _get(self, model, key, **vals):
        """Find or make a record by name."""
        if (model, key) not in self.found:
            self.found[model, key] = self.env[model].sudo().create(vals).id
        return self.found[model, key]

    def vals(self, bill):
        """Return the values of one bill."""
        accounts = self.env["account.account"]
        partner = bill["partner"]
        return {
            "move_type": "out_invoice",
            "partner_id": self._get("res.partner", partner, name=partner),
            "journal_id": self.journal.id,
            "invoice_date": bill["date"],
            "invoice_payment_term_id": False,
            "invoice_date_due": bill["due"],
            "invoice_origin": bill["origin"],
            "invoice_line_ids": [
                (
                    *(0, 0),
                    {
                        "name": line["name"],
                        "quantity": line["quantity"],
                        "price_unit": line["price_unit"],
                        "account_id": accounts.search(
                            [("code", "=", line["account"])]
                        ).id,
                        "product_id": line["product"]
                        and self._get(
                            "product.product",
                            line["product"],
                            name=line["product"],
                            type="service",
                            taxes_id=[(5,)],
                        ),
                        "tax_ids": [(5,)],
                    },
                )
                for line in bill["lines"]
            ],
        }

    def bill(self, vals_list):
        """Create, post and commit bills."""
        moves = self.env["account.move"].create(vals_list)
        moves.action_post()
        self.env.flush_all()
        self.env.cr.commit()


def rows(ours, core, n):
    """Return the rows of the table."""
    mine = [one for one in ours if one["label"] == "batch"]
    theirs = [one for one in core if one["label"] == "batch"]
    # Ours counts sessions, core bills: what a batch costs is compared, pair by pair.
    for one, other in zip(mine, theirs, strict=True):
        one["bills"] = other["count"]
    name = "billing a session"
    batch = per_item(ours, "batch", scale=1000)
    share = sum(one["bills"] for one in mine) / sum(one["count"] for one in mine)
    found = [
        Row(
            *(f"{name}, core in batches", "ms", n, batch),
            *(per_item(core, "batch", scale=1000) * share, 1.25),
        ),
        Row(
            *(f"{name}, core one by one", "ms", n, batch),
            *(per_item(core, "one", scale=1000) * share, 0.35),
        ),
    ]
    queries = [one["queries"] / one["count"] for one in mine]
    found.append(
        Row(
            *("queries per session, end beside start", "queries", n),
            *(queries[-1], queries[0], 1.25),
        )
    )
    start = mine[min(WARM_UP, len(mine)) - 1]["rss"]
    found.append(
        Row(
            *("memory, end beside start", "MB", n, mine[-1]["rss"] / 2**20),
            *(start / 2**20, 1.1),
        )
    )
    return found
