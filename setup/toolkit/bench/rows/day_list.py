"""A day's list of sessions, beside core's list of as many calendar events."""

import xml.etree.ElementTree as ElementTree

from ... import demo
from .. import practice
from ..result import Row, per_item

TITLE = "the list of a day's sessions, beside core's list of calendar events"
N = 200
NEEDS_SERVER = True

REPEAT = 15
DAY = "2026-10-01"


def ours(bench):
    """Open the list of the sessions of one day."""
    practice.make(bench, bench.n)
    cr = bench.root.cr
    cr.execute("UPDATE therapy_session SET date = %s", (DAY,))
    cr.commit()
    action = bench.root.ref("therapy_billing.therapy_session_day_action")
    views = {"search": action.search_view_id.id}
    views |= {view.view_mode: view.view_id.id for view in action.view_ids}
    domain = [("date", "=", DAY)]
    _measure(bench, "biller", "therapy.session", domain, views)


def core(bench):
    """Open the list of the meetings of one day."""
    people = bench.root["res.partner"].create(
        [{"name": f"Person {number}"} for number in range(bench.n)]
    )
    bench.root["calendar.event"].with_context(no_mail_to_attendees=True).create(
        [
            {
                "name": f"Meeting {number}",
                "start": f"{DAY} {8 + number % 12:02d}:00:00",
                "stop": f"{DAY} {9 + number % 12:02d}:00:00",
                "partner_ids": [(4, person.id)],
            }
            for number, person in enumerate(people)
        ]
    )
    bench.root.cr.commit()
    day = [("start", ">=", f"{DAY} 00:00:00"), ("start", "<=", f"{DAY} 23:59:59")]
    _measure(bench, "admin", "calendar.event", day, {})


def _measure(bench, login, model, domain, view_ids):
    """Open a list as the web client does: its views, then its rows."""
    info = {"odoo": bench.server, "database": bench.env.cr.dbname}
    call = demo.connect(info, login, login)
    for turn in range(REPEAT + 1):
        with bench.measure("open" if turn else "first", bench.n):
            views = call(
                *(model, "get_views"),
                views=[[view_ids.get(x, False), x] for x in ("list", "search")],
                options={"toolbar": True, "load_filters": True},
            )
            found = call(
                *(model, "web_search_read"),
                domain=domain,
                specification=specification(views, model),
                limit=max(bench.n, 80),
                count_limit=10001,
            )
        assert found["length"] == bench.n, found["length"]


def specification(views, model):
    """Return what the web client asks of each row, from the list's own fields.

    :param dict views: answer of ``get_views``
    :param str model: name of the model
    :return: the specification of ``web_search_read``
    :rtype: dict
    """
    fields = views["models"][model]["fields"]
    wanted = {}
    for node in ElementTree.fromstring(views["views"]["list"]["arch"]).iter("field"):
        name = node.get("name")
        kind = fields[name]["type"]
        wanted[name] = {}
        if kind == "many2one":
            wanted[name] = {"fields": {"display_name": {}}}
        elif kind in ("many2many", "one2many") and node.get("widget"):
            wanted[name] = {"fields": {"display_name": {}}}
    return wanted


def rows(ours, core, n):
    """Return the rows of the table."""
    return [
        Row(
            *("opening a day's list", "ms", n),
            *(per_item(ours, "open", scale=1000 * n),),
            *(per_item(core, "open", scale=1000 * n), 1.5),
        )
    ]
