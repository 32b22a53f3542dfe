"""What must hold for the addons as files, whatever they do when they run."""

import ast
import csv
import re
import struct

import pytest
from addon_files import (
    ADDONS,
    REPO,
    imports,
    manifest,
    models,
    pot_msgids,
    python_files,
    translated_texts,
    tree,
    xml_records,
)
from toolkit import greps, odoo_source

FRAGMENTS = (
    "DESCRIPTION",
    "CONFIGURE",
    "USAGE",
    "ROADMAP",
    "CONTRIBUTORS",
    "HISTORY",
)
MAXIMUM_LINES = 400
LICENCES = {"LGPL-3", "Other OSI approved licence"}
# therapy_stripe does not need the portal, and the other way round.
FORBIDDEN_ADDONS = {
    "therapy_billing": {"therapy_portal", "therapy_stripe"},
    "therapy_portal": {"therapy_stripe"},
    "therapy_stripe": {"therapy_portal"},
}

each_addon = pytest.mark.parametrize("addon", ADDONS)


def relative(path):
    return str(path.relative_to(REPO))


# === MANIFESTS === #


@each_addon
def test_version_is_of_this_series_and_has_five_parts(addon):
    assert re.fullmatch(r"19\.0\.\d+\.\d+\.\d+", manifest(addon)["version"])


@each_addon
def test_manifest_tells_who_and_under_which_licence(addon):
    values = manifest(addon)
    assert values["license"] == "LGPL-3"
    assert values["author"] == "Therapy Billing contributors"
    assert values["website"].startswith("https://")
    assert values["category"] == "Accounting/Therapy"
    assert values["summary"].strip() and "\n" not in values["summary"]


@each_addon
def test_depends_on_core_and_on_itself_only(addon):
    for name in manifest(addon)["depends"]:
        assert name not in FORBIDDEN_ADDONS[addon]
        if name in ADDONS:
            continue
        found = [
            folder / name / "__manifest__.py"
            for folder in odoo_source.addons_dirs()
            if (folder / name / "__manifest__.py").exists()
        ]
        assert found, f"{name} is not an addon of Odoo's own"
        values = ast.literal_eval(found[0].read_text())
        assert values.get("license", "LGPL-3") in LICENCES


@each_addon
def test_every_data_file_is_in_the_manifest_once(addon):
    values = manifest(addon)
    listed = values.get("data", []) + values.get("demo", [])
    assert len(listed) == len(set(listed))
    missing = [name for name in listed if not (REPO / addon / name).is_file()]
    there = {
        str(path.relative_to(REPO / addon))
        for folder in ("security", "data", "views", "wizards", "report", "demo")
        for kind in ("xml", "csv")
        for path in (REPO / addon / folder).rglob(f"*.{kind}")
    }
    assert not missing
    assert there - set(listed) == set()


@each_addon
def test_version_has_an_entry_in_the_history(addon):
    version = manifest(addon)["version"]
    assert version in (REPO / addon / "readme" / "HISTORY.md").read_text()


def test_external_python_packages_are_declared():
    assert manifest("therapy_stripe")["external_dependencies"] == {"python": ["stripe"]}
    for addon in ("therapy_billing", "therapy_portal"):
        assert "external_dependencies" not in manifest(addon)


# === FILES EACH ADDON HAS === #


@each_addon
def test_builds_with_whool_and_nothing_else(addon):
    text = (REPO / addon / "pyproject.toml").read_text()
    assert text.split("\n") == [
        "[build-system]",
        'requires = ["whool"]',
        'build-backend = "whool.buildapi"',
        "",
    ]


@each_addon
@pytest.mark.parametrize("name", FRAGMENTS)
def test_readme_fragment_says_something(addon, name):
    text = (REPO / addon / "readme" / f"{name}.md").read_text()
    assert len(text.split()) >= 2


@each_addon
def test_icon_is_a_square_png_of_128_pixels_or_more(addon):
    data = (REPO / addon / "static" / "description" / "icon.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width == height >= 128


@each_addon
def test_translation_template_has_texts(addon):
    assert len(pot_msgids(addon)) >= 10


@each_addon
def test_translation_template_knows_every_text_of_the_code(addon):
    known = pot_msgids(addon)
    missing = [
        f"{relative(path)}:{line}: {text}"
        for path, line, text in translated_texts(addon)
        if text not in known
    ]
    assert not missing, "write the template again: ./setup/odoo pot"


@each_addon
def test_a_neutralized_copy_is_cared_for(addon):
    text = (REPO / addon / "data" / "neutralize.sql").read_text()
    assert re.search(
        r"^\s*(UPDATE|DELETE|INSERT)\b", text, re.MULTILINE | re.IGNORECASE
    )


# === LOADING === #


@pytest.mark.parametrize("addon", [*ADDONS, "tests/stories/therapy_stories"])
def test_every_test_module_is_run(addon):
    """Odoo runs the modules ``test_*`` that are members of ``tests/__init__.py``.

    One that is imported elsewhere only, in a package below it say, is green for ever.
    """
    found = {path.stem for path in (REPO / addon / "tests").rglob("test_*.py")}
    members = {
        alias.asname or alias.name
        for node in tree(REPO / addon / "tests" / "__init__.py").body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert found - members == set()


@each_addon
@pytest.mark.parametrize("folder", ["models", "wizards", "controllers", "report"])
def test_every_module_is_imported(addon, folder):
    package = REPO / addon / folder
    found = {path.stem for path in package.glob("*.py")} - {"__init__"}
    if found:
        assert not found - {
            name.lstrip(".") for name in imports(package / "__init__.py")
        }
        assert f".{folder}" in imports(REPO / addon / "__init__.py")


# === RIGHTS === #


@each_addon
def test_every_model_has_access_rights(addon):
    with (REPO / addon / "security" / "ir.model.access.csv").open() as file:
        rows = list(csv.DictReader(file))
    granted = {row["model_id:id"].split(".")[-1] for row in rows}
    wanted = {
        f"model_{model.name.replace('.', '_')}"
        for model in models(addon)
        if model.kind != "AbstractModel"
    }
    assert wanted - granted == set()
    assert all(row["group_id:id"] for row in rows), "a right without a group is public"
    ids = [row["id"] for row in rows]
    assert len(ids) == len(set(ids))


@each_addon
def test_every_model_of_a_company_has_a_company_rule(addon):
    ruled = {
        record.find("field[@name='model_id']").get("ref").split(".")[-1]
        for _path, record in xml_records(addon)
        if record.get("model") == "ir.rule"
        and "company_ids" in (record.findtext("field[@name='domain_force']") or "")
    }
    wanted = {
        f"model_{model.name.replace('.', '_')}"
        for model in models(addon)
        if model.kind == "Model" and "company_id" in model.fields
    }
    assert wanted - ruled == set()


@each_addon
def test_every_dialog_is_its_user_s_own(addon):
    """Odoo 19 does not keep users away from each other's transient records."""
    ruled = {
        record.find("field[@name='model_id']").get("ref").split(".")[-1]
        for _path, record in xml_records(addon)
        if record.get("model") == "ir.rule"
        and "create_uid" in (record.findtext("field[@name='domain_force']") or "")
    }
    wanted = {
        f"model_{model.name.replace('.', '_')}"
        for model in models(addon)
        if model.kind == "TransientModel"
    }
    assert wanted - ruled == set()


@each_addon
def test_groups_hang_on_a_privilege(addon):
    for path, record in xml_records(addon):
        if record.get("model") == "res.groups":
            names = {field.get("name") for field in record.iter("field")}
            assert not names & {"category_id", "users"}, f"{path.name}: an old field"


# === WHO MAY KNOW WHOM === #


@each_addon
def test_addons_do_not_import_their_neighbours(addon):
    wrong = [
        f"{relative(path)}: {name}"
        for path in python_files(addon, tests=True)
        for name in imports(path)
        for other in FORBIDDEN_ADDONS[addon]
        if name.startswith(f"odoo.addons.{other}")
    ]
    assert not wrong


def test_only_the_adapter_imports_stripe():
    users = {
        relative(path)
        for addon in ADDONS
        for path in python_files(addon, tests=True)
        if any(name.split(".")[0] == "stripe" for name in imports(path))
    }
    assert users == {"therapy_stripe/adapter.py"}


def test_billing_has_no_web_page_and_knows_no_gateway():
    assert not (REPO / "therapy_billing" / "controllers").exists()
    for path in python_files("therapy_billing"):
        assert "odoo.http" not in imports(path), relative(path)
        # A class's docstring may name Stripe; its code may not.
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute | ast.Name):
                name = getattr(node, "attr", getattr(node, "id", ""))
                assert "stripe" not in name.lower(), f"{relative(path)}:{node.lineno}"


def test_no_route_of_ours_is_free_of_csrf():
    """Core's webhook is, and its signature is checked; nothing else need be."""
    wrong = [
        f"{relative(path)}:{node.value.lineno}"
        for addon in ADDONS
        for path in python_files(addon)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.keyword)
        and node.arg == "csrf"
        and getattr(node.value, "value", None) is False
    ]
    assert not wrong


# === SIZE === #


@pytest.mark.parametrize("folder", [*ADDONS, "setup", "tests"])
def test_files_can_be_read_in_one_sitting(folder):
    long = [
        f"{relative(path)}: {lines} lines"
        for path in sorted((REPO / folder).rglob("*.py"))
        if (lines := path.read_text().count("\n")) > MAXIMUM_LINES
    ]
    assert not long


@each_addon
def test_public_methods_of_models_are_documented(addon):
    """Odoo 19 shows their docstrings as the documentation of its API."""
    bare = [
        f"{relative(path)}:{node.lineno}: {node.name}"
        for path in python_files(addon)
        if {"models", "wizards", "tools"} & set(path.parts)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and node in _top_level(tree(path))
    ]
    assert not bare


def _top_level(module):
    """Return the functions and methods of a module, without inner functions."""
    return [
        node
        for owner in (module, *[c for c in module.body if isinstance(c, ast.ClassDef)])
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    ]


# === DOCUMENTS === #


def test_links_of_the_documents_lead_somewhere():
    broken = []
    for name in greps.repository_files():
        if not name.endswith(".md"):
            continue
        path = REPO / name
        text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not re.match(r"[a-z]+:", target):
                if not (path.parent / target).exists():
                    broken.append(f"{name}: {target}")
    assert not broken


def test_the_map_names_every_model():
    text = (REPO / "docs" / "architecture.md").read_text()
    missing = [
        model.name
        for addon in ADDONS
        for model in models(addon)
        if f"`{model.name}`" not in text
    ]
    assert not missing


def test_the_licence_is_the_lesser_gpl():
    text = (REPO / "LICENSE").read_text()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text
    assert "Version 3, 29 June 2007" in text


def test_pre_commit_fetches_nothing():
    text = (REPO / ".pre-commit-config.yaml").read_text()
    assert set(re.findall(r"repo: (\S+)", text)) == {"local"}
