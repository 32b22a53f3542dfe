"""A payer's pages among 50,000 bills, beside core's list and page of bills."""

from itertools import cycle

from ..result import Row, per_item
from ..web import Web
from . import _portal_data as data

TITLE = "a payer's pages among 50,000 bills, beside core's list and page of bills"
N = 50_000
NEEDS_SERVER = True

REPEAT = 15
CODE = "012345"
# === OUR SIDE === #


def ours(bench):
    """Open our pages as two payers, and as visitors with a code."""
    payers = data.make_ours(bench)
    few, many = (_pages(bench, payers[size]) for size in ("few", "many"))
    web = Web(bench)
    for turn in range(REPEAT + 1):
        for label, open_page in many.items():
            with bench.measure(label if turn else "first"):
                open_page()
            web.note_queries(label, "many")
            few[label]()
            web.note_queries(label, "few")


def _pages(bench, payer):
    """Return functions that open each page once, by label.

    The bill is one of the child that two parents pay for: it has most to explain.
    """
    bill = data.find_open(payer, shared=True)
    bill._therapy_rotate_access_code(CODE)
    bench.root.cr.commit()
    own, guest, visitor = Web(bench), Web(bench), Web(bench)
    own.log_in(payer.name, data.PASSWORD)
    token = {who: who.token("/pay") for who in (guest, visitor)}

    def look_up(who=guest):
        form = {"bill_number": bill.name, "access_code": CODE}
        who.post("/pay", {**form, "csrf_token": token[who]}, "therapy_amount_due")

    look_up(visitor)
    return {
        "list": lambda: own.get("/my/therapy/bills?filterby=all", "therapy_bills"),
        "bill": lambda: own.get(f"/my/therapy/bill/{bill.id}", "therapy_amount_due"),
        "home": lambda: own.get("/my/therapy", "therapy_family_due"),
        "pay": lambda: guest.get("/pay", "access_code"),
        "pay bill": lambda: visitor.get("/pay/bill", "therapy_amount_due"),
        "look-up": look_up,
    }


# === CORE'S SIDE === #


def core(bench):
    """Open core's list and page of an invoice of the same size, turn by turn."""
    payers = data.make_core(bench)
    web, small = Web(bench), Web(bench)
    web.log_in(payers["many"].name, data.PASSWORD)
    small.log_in(payers["few"].name, data.PASSWORD)
    bill = data.find_open(payers["many"])
    numbers = bill.sequence_prefix
    pages = {
        "list": lambda: web.get("/my/invoices", numbers),
        "bill": lambda: web.get(f"/my/invoices/{bill.id}", bill.name),
        "short list": lambda: small.get("/my/invoices", numbers),
    }
    for turn, label in zip(range((REPEAT + 1) * 6), cycle(pages)):
        with bench.measure(label if turn >= len(pages) else "first"):
            pages[label]()


# === THE TABLE === #

#: What is compared: our label, core's label, the target.
COMPARED = (
    ("list of bills, core's list", "list", "list", 1.25),
    ("list of 20 bills, core's of 30", "list", "short list", 1.25),
    ("page of a bill, core's", "bill", "bill", 1.25),
    ("/pay, core's page of a bill", "pay", "bill", 1.25),
    ("/pay with a bill open, core's page of it", "pay bill", "bill", 1.25),
    ("number and code typed, core's page of the bill", "look-up", "bill", 1.25),
    ("family home, core's list", "home", "list", 1.5),
)


def rows(ours, core, n):
    """Return the rows of the table."""
    found = [
        Row(
            *(name, "ms", n, per_item(ours, mine, scale=1000)),
            *(per_item(core, other, scale=1000), target),
        )
        for name, mine, other, target in COMPARED
    ]
    few, many = data.sizes(n)
    return found + [
        Row(
            *(f"{label}: payer with {many} bills, with {few}", "queries", n),
            *(
                per_item(ours, f"{label}, {size}", "queries")
                for size in ("many", "few")
            ),
            1.0,
        )
        for label in dict.fromkeys(label for _name, label, *_rest in COMPARED)
    ]
