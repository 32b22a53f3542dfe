"""Each addon can be installed with pip, complete, beside an Odoo 19."""

import re
import subprocess
import sys
import zipfile

import pytest
from addon_files import ADDONS, REPO, manifest


@pytest.fixture(scope="module", params=ADDONS)
def wheel(request, tmp_path_factory):
    """Build one addon's wheel and return (addon, its path)."""
    addon, folder = request.param, tmp_path_factory.mktemp("wheels")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
        # No network: whool is one of the pinned packages.
        + ["--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", f"./{addon}"],
        cwd=REPO,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return addon, next(folder.iterdir())


def test_wheel_is_named_as_odoo_addons_are(wheel):
    addon, path = wheel
    assert re.fullmatch(
        rf"odoo_addon_{addon}-19\.0\.[\w.]+-py3-none-any\.whl", path.name
    )


def test_wheel_holds_what_the_addon_needs(wheel):
    addon, path = wheel
    names = set(zipfile.ZipFile(path).namelist())
    wanted = {
        "__manifest__.py",
        "readme/DESCRIPTION.md",
        "static/description/icon.png",
        f"i18n/{addon}.pot",
        "data/neutralize.sql",
        *manifest(addon).get("data", []),
    }
    assert {f"odoo/addons/{addon}/{name}" for name in wanted} - names == set()
    assert not [name for name in names if name.endswith(".pyc")]


def test_wheel_asks_for_this_odoo_and_for_its_packages(wheel):
    addon, path = wheel
    content = zipfile.ZipFile(path)
    name = next(name for name in content.namelist() if name.endswith("/METADATA"))
    metadata = content.read(name).decode()
    needed = set(re.findall(r"^Requires-Dist: ([\w-]+)", metadata, re.MULTILINE))
    wanted = {"odoo"} | {
        f"odoo-addon-{other}" for other in manifest(addon)["depends"] if other in ADDONS
    }
    wanted |= set(manifest(addon).get("external_dependencies", {}).get("python", ()))
    assert needed == wanted
    assert "LGPL-3" in metadata
