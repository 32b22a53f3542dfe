"""Check requests and objects against the SDK's annotations (see ``schema``)."""

import re

from .errors import invalid
from .schema import object_fields, param_fields, request_class, resource_class

_INTEGER = re.compile(r"^-?\d+$")
_BOOLS = {"true": True, "True": True, "1": True}
_BOOLS.update({"false": False, "False": False, "0": False})


class Violation(Exception):
    """An object of ours breaks the contract: a bug of the sandbox."""


# -- requests: text in, Python values out --------------------------------------


def check_params(class_name, raw, implemented=None):
    """Return ``raw`` (decoded form) with the types of the SDK's request class.

    Raises a 400 as the processor does: unknown parameter, missing parameter,
    wrong type, value outside the enum. A parameter that the API knows but the
    sandbox does not act on (not in ``implemented``) is refused as well, so that
    nobody mistakes silence for support.
    """
    result = _struct(request_class(class_name), raw, "")
    if implemented is not None:
        for name in result:
            if name != "expand" and name not in implemented:
                raise invalid(
                    f"The sandbox does not implement the parameter {name} yet.",
                    name,
                    "sandbox_not_implemented",
                )
    return result


def _struct(cls, raw, path):
    fields = param_fields(cls)
    if not isinstance(raw, dict):
        raise invalid(f"Invalid object: {path}", path)
    result = {}
    for name, value in raw.items():
        param = f"{path}[{name}]" if path else name
        if name not in fields:
            raise invalid(
                f"Received unknown parameter: {param}", param, "parameter_unknown"
            )
        result[name] = coerce(fields[name][0], value, param)
    for name, (_tree, required) in fields.items():
        if required and name not in raw:
            param = f"{path}[{name}]" if path else name
            raise invalid(
                f"Missing required param: {param}.", param, "parameter_missing"
            )
    return result


def coerce(tree, value, param):
    """Return ``value`` as ``tree`` wants it; an empty text unsets (None)."""
    kind = tree[0]
    if value == "" and kind not in ("str", "any"):
        if kind == "union" and (("literal", ("",)) in tree[1] or ("str",) in tree[1]):
            return None
        raise invalid(
            f"You passed an empty string for '{param}'. We assume empty values are an "
            f"attempt to unset a parameter; however '{param}' cannot be unset.",
            param,
            "parameter_invalid_empty",
        )
    return _COERCE[kind](tree, value, param)


def _coerce_str(_tree, value, param):
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {param}", param, "parameter_invalid_string")
    return value or None


def _coerce_int(_tree, value, param):
    if not isinstance(value, str) or not _INTEGER.match(value):
        raise invalid(f"Invalid integer: {value}", param, "parameter_invalid_integer")
    return int(value)


def _coerce_float(_tree, value, param):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid decimal: {value}", param) from None


def _coerce_bool(_tree, value, param):
    if not isinstance(value, str) or value not in _BOOLS:
        raise invalid(f"Invalid boolean: {value}", param)
    return _BOOLS[value]


def _coerce_literal(tree, value, param):
    if value in tree[1]:
        return value
    choices = [str(choice) for choice in tree[1] if choice != ""]
    shown = ", ".join(choices) if len(choices) < 20 else f"{len(choices)} known values"
    raise invalid(f"Invalid {param}: must be one of {shown}", param)


def _coerce_list(tree, value, param):
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        value = [value[key] for key in sorted(value, key=int)]
    if not isinstance(value, list):
        raise invalid("Invalid array", param)
    return [coerce(tree[1], item, f"{param}[{i}]") for i, item in enumerate(value)]


def _coerce_map(tree, value, param):
    if not isinstance(value, dict):
        raise invalid("Invalid object", param)
    # An empty value unsets one key, so it stays in the map as None.
    return {
        key: coerce(tree[1], item, f"{param}[{key}]") for key, item in value.items()
    }


def _coerce_union(tree, value, param):
    members = tree[1]
    if isinstance(value, (dict, list)):
        fitting = [m for m in members if m[0] in ("struct", "map", "list")]
    else:
        fitting = [m for m in members if m[0] not in ("struct", "map", "list")]
    error = None
    for member in sorted(fitting, key=lambda m: m[0] == "str"):
        try:
            return coerce(member, value, param)
        except Exception as exc:
            error = error or exc
    raise error or invalid(f"Invalid value for {param}", param)


_COERCE = {
    "str": _coerce_str,
    "int": _coerce_int,
    "float": _coerce_float,
    "bool": _coerce_bool,
    "literal": _coerce_literal,
    "list": _coerce_list,
    "map": _coerce_map,
    "union": _coerce_union,
    "any": lambda tree, value, param: value,
    "struct": lambda tree, value, param: _struct(tree[1], value, param),
}


# -- objects: what leaves the sandbox ------------------------------------------


def check_object(obj):
    """Raise :class:`Violation` unless ``obj`` is what the SDK says it is.

    Checks names, required fields, types and enum values, all the way down, also
    through lists, events and expanded objects.
    """
    kind = obj.get("object")
    if kind == "list":
        _check_page(("page", ("any",)), obj, "list")
        return
    if kind == "search_result":
        rest = {name: obj[name] for name in obj if name != "next_page"}
        _check_page(("page", ("any",)), rest, "search_result")
        return
    cls = resource_class(kind)
    if cls is None:
        raise Violation(f"object {kind!r}: no such class in the SDK")
    _check_struct(cls, obj, str(kind))


def _check_struct(cls, value, path):
    if not isinstance(value, dict):
        raise Violation(f"{path}: {value!r} is not an object")
    fields = object_fields(cls)
    for name, item in value.items():
        if name not in fields:
            raise Violation(f"{path}.{name}: no such field")
        problem = _problem(fields[name][0], item, f"{path}.{name}")
        if problem:
            raise Violation(problem)
    if value.get("deleted"):
        return
    for name, (_tree, required) in fields.items():
        if required and name not in value:
            raise Violation(f"{path}.{name}: missing")


def _check_page(tree, value, path):
    if set(value) != {"object", "data", "has_more", "url"}:
        raise Violation(f"{path}: a list has data, has_more, object and url")
    for index, item in enumerate(value["data"]):
        problem = _problem(tree[1], item, f"{path}.data[{index}]")
        if problem:
            raise Violation(problem)


def _problem(tree, value, path):
    """Return what is wrong with ``value``, or None."""
    try:
        _check(tree, value, path)
    except Violation as exc:
        return str(exc)
    return None


def _check(tree, value, path):
    kind = tree[0]
    if kind == "any":
        if isinstance(value, dict) and "object" in value:
            check_object(value)
    elif kind == "union":
        _check_union(tree[1], value, path)
    elif kind == "struct":
        _check_struct(tree[1], value, path)
    elif kind == "page":
        _check_page(tree, value, path)
    elif kind in ("list", "map"):
        _check_items(tree, value, path)
    elif not _scalar_ok(kind, tree, value):
        raise Violation(f"{path}: {value!r} is not {_describe(tree)}")


def _check_items(tree, value, path):
    expected = list if tree[0] == "list" else dict
    if not isinstance(value, expected):
        raise Violation(f"{path}: {value!r} is not a {tree[0]}")
    pairs = value.items() if expected is dict else enumerate(value)
    for key, item in pairs:
        _check(tree[1], item, f"{path}[{key}]")


def _check_union(members, value, path):
    problems = []
    for member in members:
        problem = _problem(member, value, path)
        if problem is None:
            return
        problems.append((member[0], problem))
    # The complaint about the member of the same shape says most.
    wanted = ("struct", "page") if isinstance(value, dict) else ("literal",)
    for kind, problem in problems:
        if kind in wanted:
            raise Violation(problem)
    raise Violation(problems[0][1])


def _scalar_ok(kind, tree, value):
    if kind == "literal":
        return value in tree[1] and type(value) in {type(v) for v in tree[1]}
    if kind == "none":
        return value is None
    expected = {"str": str, "int": int, "bool": bool, "float": (int, float)}.get(kind)
    if expected is None or (isinstance(value, bool) and kind != "bool"):
        return False
    return isinstance(value, expected)


def _describe(tree):
    if tree[0] == "literal":
        return f"one of {', '.join(map(str, tree[1][:12]))}"
    return tree[0]
