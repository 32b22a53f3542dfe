"""Turn the annotations of the installed SDK into trees a validator can walk.

The SDK's ``TypedDict`` classes (requests) and resource classes (objects) are
generated from the processor's own API description for the version the SDK pins,
so they are a contract that needs no network and cannot drift from the SDK.

A tree is built of tuples: ``("str",)``, ``("int",)``, ``("float",)``,
``("bool",)``, ``("none",)``, ``("any",)``, ``("literal", values)``,
``("list", tree)``, ``("map", tree)``, ``("struct", class)`` and
``("union", trees)``.
"""

import ast
import builtins
import inspect
import sys
import types
import typing
from functools import cache
from importlib import import_module
from operator import attrgetter

import stripe.params
import typing_extensions
from stripe import ListObject, StripeObject
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

_PLAIN = {
    str: ("str",),
    int: ("int",),
    float: ("float",),
    bool: ("bool",),
    type(None): ("none",),
    typing.Any: ("any",),
    object: ("any",),
}
_LITERALS = {typing.Literal, typing_extensions.Literal}
_UNIONS = {typing.Union, getattr(types, "UnionType", typing.Union)}
_OPTIONAL_KEY = {typing_extensions.NotRequired}


def _evaluate(node, module):
    """Return what the text of an annotation means: names, ``X[...]`` and ``X | Y``."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _named(node.id, module)
    if isinstance(node, ast.Tuple):
        return tuple(_evaluate(item, module) for item in node.elts)
    if isinstance(node, ast.Subscript):
        return _evaluate(node.value, module)[_evaluate(node.slice, module)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (_evaluate(node.left, module), _evaluate(node.right, module))
        return typing.Union[sides]  # noqa: UP007 (a side may be the text of a name)
    raise TypeError(f"annotation not understood: {ast.dump(node)}")


def _named(name, module):
    """Look a name up in the module, ``typing``, ``builtins``, the module's imports."""
    for namespace in (module, typing, builtins):
        if name in vars(namespace):
            return vars(namespace)[name]
    source, attribute = _imports(module)[name]
    return getattr(import_module(source), attribute)


@cache
def _imports(module):
    """``{name: (module, attribute)}`` of all ``from`` imports in a module's text.

    Resource modules import each other under ``TYPE_CHECKING`` only, some under
    another name, so the names do not exist at run time.
    """
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def tree(annotation, module):
    """Return the tree of one annotation found in ``module``."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        node = ast.parse(annotation.strip(), mode="eval").body
        return tree(_evaluate(node, module), module)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin = typing_extensions.get_origin(annotation)
    args = typing_extensions.get_args(annotation)
    if origin is None:
        return ("struct", annotation)
    if origin in _LITERALS:
        return ("literal", args)
    if origin in _UNIONS:
        return _union([tree(arg, module) for arg in args])
    return _generic(origin, args, module)


def _generic(origin, args, module):
    """Lists, maps and the SDK's own generic containers."""
    if origin is list:
        return ("list", tree(args[0], module))
    if origin in (dict, UntypedStripeObject):
        inner = tree(args[-1], module)
        return ("any",) if inner == ("any",) else ("map", inner)
    if issubclass(origin, ListObject):
        return ("page", tree(args[0], module))
    raise TypeError(f"annotation not understood: {origin}[{args}]")


def _union(trees):
    """Flatten a union and close the enums.

    The SDK writes enums as ``Literal[...] | str`` so that old clients survive new
    values; here ``| str`` is dropped, except beside ``Literal['']`` alone, which
    means "any text, or empty to unset".
    """
    flat = []
    for item in trees:
        flat.extend(item[1] if item[0] == "union" else [item])
    enum = any(t[0] == "literal" and any(v != "" for v in t[1]) for t in flat)
    if enum and any(t[0] == "literal" and isinstance(t[1][0], str) for t in flat):
        flat = [item for item in flat if item != ("str",)]
    return flat[0] if len(flat) == 1 else ("union", tuple(flat))


@cache
def param_fields(cls):
    """Fields of a request class: ``{name: (tree, required)}``, options left out."""
    module = sys.modules[cls.__module__]
    options = RequestOptions.__annotations__ if _is_request(cls) else {}
    fields = {}
    for name, annotation in cls.__annotations__.items():
        if name in options:
            continue
        required = True
        if typing_extensions.get_origin(annotation) in _OPTIONAL_KEY:
            (annotation,) = typing_extensions.get_args(annotation)
            required = False
        fields[name] = (tree(annotation, module), required)
    return fields


def _is_request(cls):
    return set(RequestOptions.__annotations__) <= set(cls.__annotations__)


@cache
def object_fields(cls):
    """Fields of a resource class: ``{name: (tree, required)}``.

    A field is required when its annotation does not allow None: the SDK marks
    fields that may be null and fields that may be absent in the same way.
    """
    module = sys.modules[cls.__module__]
    fields = {}
    for name, annotation in cls.__dict__.get("__annotations__", {}).items():
        if typing_extensions.get_origin(annotation) is typing.ClassVar:
            continue
        found = tree(annotation, module)
        fields[name] = (found, not _allows_none(found))
    return fields


def _allows_none(found):
    return found in (("none",), ("any",)) or (
        found[0] == "union" and ("none",) in found[1]
    )


@cache
def resource_class(name):
    """Return the SDK's class for an object's ``object`` value, or None."""
    if name not in OBJECT_CLASSES:
        return None
    module, attribute = OBJECT_CLASSES[name]
    cls = getattr(import_module(module), attribute)
    return cls if issubclass(cls, StripeObject) else None


def request_class(name):
    """Return the SDK's request class, for example ``RefundCreateParams``."""
    return attrgetter(name)(stripe.params)
