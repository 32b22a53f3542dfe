"""Reads the addons as files: manifests, classes, data, without loading any of them."""

import ast
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from toolkit import paths

REPO = paths.REPO
ADDONS = paths.ADDONS
MODEL_KINDS = ("Model", "TransientModel", "AbstractModel")


@dataclass(frozen=True)
class Model:
    """A model an addon defines (not one it extends)."""

    addon: str
    name: str
    kind: str
    fields: frozenset
    path: Path


@functools.cache
def manifest(addon):
    """Return the manifest of an addon as a dict."""
    return ast.literal_eval((REPO / addon / "__manifest__.py").read_text())


def python_files(addon, *, tests=False):
    """Return the addon's Python files, without its tests and the sandbox."""
    left_out = {"stripe_sandbox", "migrations"} | (set() if tests else {"tests"})
    return [
        path
        for path in sorted((REPO / addon).rglob("*.py"))
        if not left_out & set(path.relative_to(REPO / addon).parts)
    ]


@functools.cache
def tree(path):
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(), str(path))


def imports(path):
    """Return the dotted names a Python file imports, relative ones with their dots."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            dot = "" if base.endswith(".") else "."
            names |= {base} | {f"{base}{dot}{alias.name}" for alias in node.names}
    return names


def _assigned(node):
    """Yield (name, value node) of the assignments in a class body."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(
            statement.targets[0], ast.Name
        ):
            yield statement.targets[0].id, statement.value


@functools.cache
def models(addon):
    """Return the models an addon defines."""
    found = []
    for path in python_files(addon):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            kinds = {
                base.attr for base in node.bases if isinstance(base, ast.Attribute)
            }
            values = dict(_assigned(node))
            name = getattr(values.get("_name"), "value", None)
            if not name or not kinds & set(MODEL_KINDS):
                continue
            parents = getattr(values.get("_inherit"), "elts", [])
            if name in {getattr(parent, "value", None) for parent in parents}:
                continue  # extends a model of that name
            found.append(Model(addon, name, kinds.pop(), frozenset(values), path))
    return found


def xml_records(addon):
    """Yield (path, ``record`` element) of all data files of an addon."""
    for path in sorted((REPO / addon).rglob("*.xml")):
        for record in etree.parse(path).iter("record"):
            yield path, record


@functools.cache
def pot_msgids(addon):
    """Return the texts of an addon's translation template."""
    text = (REPO / addon / "i18n" / f"{addon}.pot").read_text()
    blocks = re.findall(r'^msgid ((?:".*"\n)+)', text, re.MULTILINE)
    return {
        "".join(ast.literal_eval(line) for line in block.splitlines())
        for block in blocks
    } - {""}


def translated_texts(addon):
    """Yield (path, line, text) of each literal given to ``env._`` or ``_``."""
    for path in python_files(addon):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            text = getattr(node.args[0], "value", None)
            if called in ("_", "_lt") and isinstance(text, str):
                yield path, node.lineno, text
