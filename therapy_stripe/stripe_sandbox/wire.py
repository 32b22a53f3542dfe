"""The wire: form decoding, list envelope, expansion, public form of an object."""

import copy
from urllib.parse import parse_qsl

from .errors import ApiError, invalid, not_found
from .schema import object_fields, resource_class

#: Fields that ``expand`` may replace by the object they name: field -> table.
EXPANDABLE = {
    "customer": "customer",
    "payment_method": "payment_method",
    "default_payment_method": "payment_method",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "charge": "charge",
    "mandate": "mandate",
    "latest_attempt": "setup_attempt",
    "setup_intent": "setup_intent",
    "balance_transaction": "balance_transaction",
    "failure_balance_transaction": "balance_transaction",
}
#: ``source`` of a balance transaction: the prefix of the id tells the table.
SOURCES = {"ch": "charge", "py": "charge", "re": "refund", "pyr": "refund"}
SOURCES.update(po="payout", du="dispute")
#: Expandable at the processor, but nothing implemented here ever fills them.
EMPTY_EXPANDABLE = {
    "application",
    "single_use_mandate",
    "on_behalf_of",
    "review",
    "default_source",
    "destination",
    "original_payout",
    "reversed_by",
}
MAX_EXPAND_DEPTH = 4


def decode_form(*encoded):
    """Decode url-encoded strings with brackets into nested dicts and lists.

    ``a[b]=1`` is a dict, ``a[]=1`` a list, ``a[0]=1`` a dict with digit keys (only
    the schema knows whether that is a list or a map), ``a[][b]=1`` a list of dicts.
    """
    result = {}
    for text in encoded:
        for key, value in parse_qsl(text, keep_blank_values=True):
            _insert(result, _split_key(key), value, key)
    return result


def _split_key(key):
    """``a[b][]`` -> ``["a", "b", ""]``; anything malformed is one plain key."""
    head, bracket, rest = key.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        return [key]
    return [head, *rest[:-1].split("][")]


def _insert(target, parts, value, key):
    """Put ``value`` at the path ``parts`` of ``target``, creating containers."""
    for part, following in zip(parts, parts[1:], strict=False):
        target = _child(target, part, following, key)
    last = parts[-1]
    if isinstance(target, list):
        target.append(value)
    elif isinstance(target.get(last), (dict, list)):
        raise invalid(f"Invalid request: conflicting values for {key}", parts[0])
    else:
        target[last] = value


def _child(target, part, following, key):
    """Return the container at ``part``, of the kind the next part asks for."""
    empty = [] if following == "" else {}
    if isinstance(target, list):
        # a[][b]=1&a[][c]=2 fills one item; a repeated field opens the next one.
        if target and not isinstance(target[-1], dict):
            raise invalid(f"Invalid request: conflicting values for {key}", part)
        if not target or following in target[-1]:
            target.append(empty)
        return target[-1]
    child = target.setdefault(part, empty)
    if type(child) is not type(empty):
        raise invalid(f"Invalid request: conflicting values for {key}", part)
    return child


def public(obj):
    """Return a deep copy of ``obj`` without the keys that start with ``_``."""
    if isinstance(obj, dict):
        return {k: public(v) for k, v in obj.items() if not str(k).startswith("_")}
    if isinstance(obj, list):
        return [public(item) for item in obj]
    return copy.copy(obj)


def as_list(store, table, url, params, keep=lambda obj: True):
    """Return the list envelope, newest first, for ``limit``/``starting_after``/...

    :param params: coerced parameters (``limit`` 1-100, default 10)
    :param keep: filter on stored objects
    """
    rows = [
        obj
        for obj in reversed(list(store.tables[table].values()))
        if not obj.get("deleted") and keep(obj) and _created_in(obj, params)
    ]
    return paginate(rows, url, params, table)


def paginate(rows, url, params, kind):
    """Cut ``rows`` (newest first) to the page that ``params`` ask for."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid integer: limit must be from 1 to 100.", "limit")
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid(
            "Pass only one of starting_after and ending_before.", "ending_before"
        )
    if after:
        rows = rows[_position(rows, after, "starting_after", kind) + 1 :]
    if before:
        rows = rows[: _position(rows, before, "ending_before", kind)]
        page = rows[-limit:]
    else:
        page = rows[:limit]
    return {
        "object": "list",
        "data": page,
        "has_more": len(rows) > limit,
        "url": url,
    }


def _position(rows, object_id, param, kind):
    for index, obj in enumerate(rows):
        if obj["id"] == object_id:
            return index
    raise not_found(kind, object_id, param, status=400)


def _created_in(obj, params):
    """Apply the filters on times: a timestamp, or gt/gte/lt/lte."""
    return all(
        _within(obj[name], params[name])
        for name in ("created", "arrival_date")
        if params.get(name) is not None
    )


def _within(value, wanted):
    if not isinstance(wanted, dict):
        return value == wanted
    tests = {
        "gt": value.__gt__,
        "gte": value.__ge__,
        "lt": value.__lt__,
        "lte": value.__le__,
    }
    return all(tests[name](bound) for name, bound in wanted.items())


def check_expand(kind, paths):
    """Refuse what cannot be expanded, before anything is done.

    :param kind: ``object`` value of the answer, ``list:<kind>`` for a list
    :param paths: dotted paths as sent in ``expand[]``, at most four levels deep
    """
    for path in paths or []:
        parts = path.split(".")
        if len(parts) > MAX_EXPAND_DEPTH:
            raise invalid(
                f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a "
                f"property. Property: {path}",
                "expand",
            )
        if kind.startswith("list:"):
            if parts[0] != "data" or len(parts) == 1:
                raise _not_expandable(path)
            parts = parts[1:]
        _check_path(object_fields(resource_class(kind.split(":")[-1])), parts, path)


def _check_path(fields, parts, path):
    head, rest = parts[0], parts[1:]
    if head not in fields:
        raise _not_expandable(path)
    if head in EXPANDABLE:
        if rest:
            _check_path(object_fields(resource_class(EXPANDABLE[head])), rest, path)
        return
    if head in EMPTY_EXPANDABLE or head in ("refunds", "source"):
        return
    struct = _struct_in(fields[head][0])
    if struct is None or not rest:
        raise _not_expandable(path)
    _check_path(object_fields(struct), rest, path)


def _struct_in(tree):
    members = tree[1] if tree[0] == "union" else [tree]
    return next((each[1] for each in members if each[0] == "struct"), None)


def expand(store, obj, paths):
    """Replace ids by objects in the public copy ``obj`` and return it.

    What is not there stays as it is: :func:`check_expand` has judged the paths.
    """
    for path in paths or []:
        _expand(store, obj, path.split("."))
    return obj


def _expand(store, obj, parts):
    head, rest = parts[0], parts[1:]
    if obj.get("object") in ("list", "search_result"):
        for item in obj["data"]:
            _expand(store, item, rest)
        return
    if head == "refunds" and obj.get("object") == "charge":
        obj.setdefault("refunds", _refunds_of(store, obj))
    elif head in EXPANDABLE and isinstance(obj.get(head), str):
        obj[head] = public(store.tables[EXPANDABLE[head]][obj[head]])
    elif head == "source" and isinstance(obj.get(head), str):
        table = SOURCES[obj[head].partition("_")[0]]
        obj[head] = public(store.tables[table][obj[head]])
    if rest and isinstance(obj.get(head), dict):
        _expand(store, obj[head], rest)


def _refunds_of(store, charge):
    return {
        "object": "list",
        "data": [
            public(refund)
            for refund in reversed(list(store.tables["refund"].values()))
            if refund["charge"] == charge["id"]
        ],
        "has_more": False,
        "url": f"/v1/charges/{charge['id']}/refunds",
    }


def _not_expandable(path):
    return ApiError(
        400,
        f"This property cannot be expanded ({path}).",
        param="expand",
    )
