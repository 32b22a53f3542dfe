"""docs/core-defects.md and the tests tagged `core_defect`: each names the other."""

import re

from addon_files import REPO

DOC = REPO / "docs" / "core-defects.md"
#: A test named as one that must fail on core alone.
MARKED = re.compile(r"\[[^\]]+\]\(([^)]+)\) \*core_defect\*")
LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


def test_every_test_of_a_core_defect_has_a_row_and_the_reverse():
    named = {(DOC.parent / path).resolve() for path in MARKED.findall(DOC.read_text())}
    kept = set(REPO.glob("*/tests/core_defects/test_*.py"))
    assert kept
    assert sorted(kept - named) == []
    assert sorted(named - kept) == []


def test_a_link_to_such_a_test_says_that_it_is_one():
    rows = [row for row in DOC.read_text().splitlines() if row.startswith("|")]
    bare = [
        path
        for row in rows
        for path in LINK.findall(MARKED.sub("", row))
        if "/core_defects/" in path
    ]
    assert bare == []


def test_every_test_of_a_core_defect_runs_on_core_alone_and_with_ours():
    for path in REPO.glob("*/tests/core_defects/test_*.py"):
        text = path.read_text()
        classes = text.count("\nclass Test")
        tags = text.count('@tagged("post_install", "-at_install", "core_defect")')
        assert classes and tags == classes, path
        imports = (path.parents[1] / "__init__.py").read_text()
        assert path.stem in imports.split("core_defects import", 1)[1], path


def test_every_link_of_the_list_leads_somewhere():
    paths = LINK.findall(DOC.read_text())
    assert [path for path in paths if not (DOC.parent / path).exists()] == []
