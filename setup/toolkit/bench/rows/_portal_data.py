"""What the portal's benchmark needs: as many bills on both sides, and two payers."""

from .. import copies, practice
from .billing import Maker, read_bills

#: Sessions that the product bills; what is more is multiplied in SQL.
SESSIONS = 500
#: Bills of the two payers whose pages are opened, at the group's size.
FEW, MANY = 30, 300
#: Of their bills, one in so many is still to be paid; their three children share them.
OPEN = 4
PASSWORD = "payer-of-bills"  # noqa: S105 - the benchmark's own
#: Days of the sessions: those that are multiplied, and those of the two payers.
RANGES = {"block": ("2026-10-01", "2026-10-31"), "own": ("2024-01-01", "2026-09-30")}

WRONG_SHARES = {
    "a bill is not the sum of its shares": """
        SELECT move.id FROM account_move move
         WHERE move.patient_id IS NOT NULL AND move.amount_total <> (
               SELECT COALESCE(SUM(share.amount), 0) FROM therapy_session_share share
                WHERE share.move_id = move.id AND share.live)""",
    "a share is not its session's": """
        SELECT share.id FROM therapy_session_share share
          JOIN therapy_session_line line ON line.id = share.session_line_id
          JOIN account_move move ON move.id = share.move_id
         WHERE line.session_id <> share.session_id
            OR move.partner_id <> share.partner_id""",
}


def sizes(n):
    """Return how many bills the small payer has, and the large one."""
    return min(FEW, n // 2), min(MANY, n)


# === OUR SIDE === #


def make_ours(bench):
    """Make all bills; return the two payers whose pages are opened, by size."""
    few, many = sizes(bench.n)
    bench.say("billing sessions")
    patients = practice.make(bench, min(SESSIONS, bench.n))
    block = _bill(bench, patients, "block")
    times = max(-(-(bench.n - few - many) // len(block)) - 1, 0)
    bench.say(f"{len(block)} bills made, multiplying them by {times + 1}")
    cr = bench.root.cr
    if times:
        copies.begin(cr)
        people = practice.copy_families(cr, patients, times)
        sessions = block.session_share_ids.session_id
        copies.copy_bills(
            *(cr, block, times, people),
            {"patient_id": people, "claim_session_id": sessions},
        )
        _copy_shares(cr, block.session_share_ids, times, people)
        cr.commit()
        bench.root.invalidate_all()
    payers = {"few": _make_payer(bench, few), "many": _make_payer(bench, many)}
    children = bench.root["therapy.guarantor"].search(
        [("partner_id", "in", [payer.id for payer in payers.values()])]
    )
    own = _bill(bench, children.patient_id, "own")
    bench.put("sizes", {"copies": times, "payers": [few, many]})
    for size, payer in payers.items():
        mine = own.filtered(lambda bill, payer=payer: bill.partner_id == payer)
        _pay(bench.root, mine)
        _let_in(bench, payer)
        bench.say(f"a payer with {len(mine)} bills, {size}")
    _finish(bench, WRONG_SHARES)
    return payers


def _bill(bench, patients, name):
    """Bill patients by a run, as its job does; leave the bills' values behind."""
    first, last = RANGES[name]
    run = bench.env["therapy.billing.run"].create(
        {
            "date_from": first,
            "date_to": last,
            "grouping": "session",
            "patient_ids": [(6, 0, patients.ids)],
        }
    )
    run._start()
    bench.env.cr.commit()
    for batch in run._get_batches():
        run._bill_patients(batch)
    run._store_result("done")
    bench.env.flush_all()
    bench.env.cr.commit()
    bench.put(name, read_bills(run, 0))
    moves = bench.root["account.move"].search([("therapy_run_id", "=", run.id)])
    return moves.sorted("id")


def _copy_shares(cr, shares, times, people):
    """Copy what ties bills to sessions."""
    lines = shares.session_line_id
    copies.copy_rows(
        *(cr, shares, times),
        {
            "session_line_id": lines,
            "session_id": lines.session_id,
            "move_id": shares.move_id,
            "move_line_id": shares.move_line_id,
            "partner_id": people,
            "patient_id": people,
        },
    )


def _make_payer(bench, count):
    """Return a parent of three children, the last shared with the other parent.

    The three have so many sessions together; each makes one bill of the parent.
    """
    env = bench.root
    partners = env["res.partner"].create(
        [{"name": f"{word} {count}"} for word in ("Parent", "Other parent")]
    )
    payer, other = partners
    provider = env["res.partner"].search([("is_provider", "=", True)], limit=1)
    service = env["product.product"].search([("therapy_code", "!=", False)], limit=1)
    children = env["res.partner"].create(
        [{"name": f"Child {count}-{x}", "is_patient": True} for x in range(3)]
    )
    rows = [(child, payer, 100) for child in children[:2]]
    rows += [(children[2], payer, 60), (children[2], other, 40)]
    env["therapy.guarantor"].create(
        [
            {"patient_id": child.id, "partner_id": who.id, "percent": percent}
            for child, who, percent in rows
        ]
    )
    env["therapy.session"].create(
        [
            {
                "patient_id": children[turn % 3].id,
                "provider_id": provider.id,
                "start": f"{2024 + turn // 150}-{1 + turn % 150 // 25:02d}-"
                f"{1 + turn % 25:02d} 15:00:00",
                "state": "held",
                "line_ids": [(0, 0, {"product_id": service.id})],
            }
            for turn in range(count)
        ]
    )
    env.flush_all()
    env.cr.commit()
    return payer


# === BOTH SIDES === #


def _pay(env, bills):
    """Pay all but every fourth of the bills, each by a payment of its own."""
    paid = env["account.move"].browse(
        [bill.id for number, bill in enumerate(bills) if number % OPEN]
    )
    journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
    payments = env["account.payment"].create(
        [
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": bill.partner_id.id,
                "amount": bill.amount_residual,
                "date": bill.invoice_date,
                "journal_id": journal.id,
            }
            for bill in paid
        ]
    )
    payments.action_post()
    for bill, payment in zip(paid, payments, strict=True):
        lines = bill.line_ids | payment.move_id.line_ids
        lines.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
    env.flush_all()
    env.cr.commit()


def _finish(bench, wrong=None):
    """Take payments online, look at the books, and let the server know."""
    env = bench.root
    env["ir.config_parameter"].set_param(
        "account_payment.enable_portal_payment", "True"
    )
    demo = env["payment.provider"].search([("code", "=", "demo")], limit=1)
    demo.write({"state": "test", "is_published": True})
    env.flush_all()
    env.cr.execute("ANALYZE")
    copies.check_books(env.cr, wrong)
    env.cr.execute(
        "SELECT COUNT(*) FROM account_move "
        "WHERE move_type = 'out_invoice' AND state = 'posted'"
    )
    count = env.cr.fetchone()[0]
    if count < bench.n:
        raise ValueError(f"There are {count} bills only.")
    env.registry.signal_changes()
    env.cr.commit()
    env.invalidate_all()
    bench.say(f"{count} bills, the books are right")


def find_open(payer, shared=False):
    """Return an open bill of a payer; ``shared``: of the child with two parents."""
    domain = [
        ("partner_id", "=", payer.id),
        ("move_type", "=", "out_invoice"),
        ("amount_residual", ">", 0),
    ]
    moves = payer.env["account.move"]
    third = [("patient_id.name", "=like", "Child %-2")] if shared else []
    found = moves.search(domain + third, order="id desc", limit=1)
    return found or moves.search(domain, order="id desc", limit=1)


def _let_in(bench, payer):
    """Give a payer a login: the name."""
    env = bench.root
    env["res.users"].with_context(no_reset_password=True).create(
        {
            "login": payer.name,
            "password": PASSWORD,
            "partner_id": payer.id,
            "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
        }
    )


# === CORE'S SIDE === #


def make_core(bench):
    """Make the same bills with core alone; return the two payers, by size."""
    made = Maker(bench.root)
    sizes_ = bench.get("sizes")
    bench.say("making the same bills")
    block = _make_bills(bench, made, bench.get("block"))
    _multiply(bench, block, sizes_["copies"])
    own = _make_bills(bench, made, bench.get("own"))
    payers = {}
    for size, count in zip(("few", "many"), sizes_["payers"], strict=True):
        mine = own.filtered(lambda bill, c=count: bill.partner_id.name == f"Parent {c}")
        _pay(bench.root, mine)
        _let_in(bench, mine.partner_id)
        payers[size] = mine.partner_id
    _finish(bench)
    return payers


def _make_bills(bench, made, bills):
    """Make and post core's bills in batches."""
    before = bench.root["account.move"].search([], order="id desc", limit=1).id or 0
    for start in range(0, len(bills), 100):
        made.bill([made.vals(bill) for bill in bills[start : start + 100]])
    return bench.root["account.move"].search([("id", ">", before)], order="id")


def _multiply(bench, block, times):
    """Copy the bills of the block with their payers."""
    if not times:
        return
    cr, payers = bench.root.cr, block.partner_id
    bench.root.flush_all()
    copies.begin(cr)
    copies.copy_rows(cr, payers, times, {"commercial_partner_id": payers})
    copies.copy_bills(cr, block, times, payers)
    cr.commit()
    bench.root.invalidate_all()
