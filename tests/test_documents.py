"""What the documents say is there: menus, models, columns of files."""

import re
from collections import Counter

import pytest
from addon_files import ADDONS, REPO, models
from lxml import etree

DOCUMENTS = sorted(
    [REPO / "README.md", *REPO.glob("docs/**/*.md"), *REPO.glob("*/readme/*.md")]
)
#: First words of a path of menus in our own application.
ROOTS = ("Therapy", "Billing", "Configuration")


def _parts():
    """Yield (addon, element) of everything in the addons' data files."""
    for addon in ADDONS:
        for path in sorted((REPO / addon).rglob("*.xml")):
            for element in etree.parse(path).iter("record", "menuitem"):
                yield addon, element


def _menus():
    """Return the paths of our menus, each a tuple of names."""
    menus, actions = {}, {}
    for addon, element in _parts():

        def full(name, addon=addon):
            return name and (name if "." in name else f"{addon}.{name}")

        def ref(name, element=element, full=full):
            field = element.find(f"field[@name='{name}']")
            return full(field.get("ref")) if field is not None else None

        number, model = full(element.get("id")), element.get("model")
        name = element.findtext("field[@name='name']")
        if element.tag == "menuitem":
            given = (element.get("parent"), element.get("action"))
            menus[number] = (element.get("name"), *map(full, given))
        elif model == "ir.ui.menu":
            menus[number] = (name, ref("parent_id"), ref("action"))
        elif (model or "").startswith("ir.actions."):
            actions[number] = name

    def path(number):
        name, parent, action = menus[number]
        return (*(path(parent) if parent in menus else ()), name or actions[action])

    return {path(number) for number in menus}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.name))
def test_menus_that_the_documents_name_are_there(document):
    text = document.read_text()
    named = {
        tuple(" ".join(part.split()) for part in match.split(">"))
        for match in re.findall(r"\*([^*\n]+(?:\n[^*\n]+)?)\*", text)
        if ">" in match and match.split(">")[0].strip() in ROOTS
    }
    ends = {path[start:] for path in _menus() for start in range(len(path))}
    # What is behind a menu (a part of the settings, say) is no menu of its own.
    assert not [path for path in named if path not in ends and path[:3] not in ends]


def test_the_architecture_names_each_model_once():
    text = (REPO / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (`[^|]+`) \| (?:all|billing|portal|stripe) \|", text, re.M)
    named = Counter(name for row in rows for name in re.findall(r"`([^`]+)`", row))
    assert not [name for name, count in named.items() if count > 1]
    ours = {model.name for addon in ADDONS for model in models(addon)}
    assert not {name for name in ours if name.startswith("therapy.")} - set(named)
