"""The search query language, as far as payment intents need it.

Clauses ``field:'value'``, ``metadata['key']:'value'`` and ``amount>100`` (also
``>=``, ``<``, ``<=``), joined by AND or by OR, each with ``-`` in front to negate.
"""

import re

from .errors import invalid
from .payment_intents import TABLE
from .routing import route
from .wire import public

TEXTS = ("currency", "customer", "status")
NUMBERS = ("amount", "created")
CLAUSE = re.compile(
    r"""(?P<negated>-?)
    (?:metadata\[(?P<quote>["'])(?P<key>.+?)(?P=quote)\]|(?P<field>\w+))
    (?P<operator>>=|<=|:|>|<|~)
    (?:(?P<q>["'])(?P<text>.*?)(?P=q)|(?P<number>\d+))$""",
    re.VERBOSE,
)
TESTS = {
    ":": lambda value, wanted: value == wanted,
    ">": lambda value, wanted: value > wanted,
    "<": lambda value, wanted: value < wanted,
    ">=": lambda value, wanted: value >= wanted,
    "<=": lambda value, wanted: value <= wanted,
}


def parse(query):
    """Return a function that tells whether an intent fits the query.

    >>> fits = parse("metadata['a']:'1' AND amount>100")
    >>> fits({"metadata": {"a": "1"}, "amount": 101})
    True
    >>> fits({"metadata": {}, "amount": 101})
    False
    """
    joined_by_or = " OR " in query
    if joined_by_or and " AND " in query:
        raise invalid("AND and OR cannot be used in one query.", "query")
    parts = re.split(" OR " if joined_by_or else " AND ", query)
    clauses = [_clause(part.strip()) for part in parts]
    judge = any if joined_by_or else all
    return lambda obj: judge(clause(obj) for clause in clauses)


def _clause(text):
    match = CLAUSE.match(text)
    if not match:
        raise invalid(f"We were unable to parse your search query: {text}", "query")
    field, key, operator = match["field"], match["key"], match["operator"]
    number = match["number"] is not None
    known = key or field in (NUMBERS if number else TEXTS)
    if not known or operator not in (TESTS if number else ":"):
        raise invalid(
            f"Field `{field or key}` cannot be searched like this: {text}", "query"
        )
    wanted = int(match["number"]) if number else match["text"]
    test, negated = TESTS[operator], bool(match["negated"])

    def fits(obj):
        value = obj["metadata"].get(key) if key else obj[field]
        return test(value, wanted) is not negated

    return fits


@route(
    "GET",
    "/v1/payment_intents/search",
    "PaymentIntentSearchParams",
    "limit page query",
)
def search(ctx):
    """Search intents, newest first; what is younger than a minute is not found yet."""
    fits = parse(ctx.params["query"] or "")
    limit = ctx.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid integer: limit must be from 1 to 100.", "limit")
    page = ctx.params.get("page") or "0"
    if not page.isdigit():
        raise invalid(f"Invalid page: {page}", "page")
    newest = ctx.store.now() - ctx.store.settings["search_delay"]
    rows = [
        intent
        for intent in reversed(list(ctx.store.tables[TABLE].values()))
        if intent["created"] <= newest and fits(intent)
    ]
    end = int(page) + limit
    return {
        "object": "search_result",
        "data": public(rows[int(page) : end]),
        "has_more": len(rows) > end,
        "next_page": str(end) if len(rows) > end else None,
        "url": "/v1/payment_intents/search",
    }
