"""Translations are whole: no term of the template is missing in any language."""

import re
from pathlib import Path

import polib
import pytest

ADDON = Path(__file__).resolve().parents[1] / "therapy_portal" / "i18n"
FILLED_IN = re.compile(r"%\(\w+\)s|%s|%%|\{\{.*?\}\}")
# What a person would say to a friend.
INFORMAL = {
    "de": re.compile(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]ein\w*)\b"),
    "es": re.compile(r"\b([Tt]ú|[Tt]us?|[Cc]ontigo|[Hh]aces|[Pp]uedes|[Tt]ienes)\b"),
}


def _read(name):
    return polib.pofile(str(ADDON / name))


@pytest.mark.parametrize("lang", ["de", "es"])
def test_every_term_has_a_translation(lang):
    done = {entry.msgid for entry in _read(f"{lang}.po").translated_entries()}
    wanted = {entry.msgid for entry in _read("therapy_portal.pot")}
    assert not sorted(wanted - done)


@pytest.mark.parametrize("lang", ["de", "es"])
def test_what_is_filled_in_is_the_same(lang):
    for entry in _read(f"{lang}.po"):
        assert sorted(FILLED_IN.findall(entry.msgid)) == sorted(
            FILLED_IN.findall(entry.msgstr)
        ), entry.msgid


@pytest.mark.parametrize("lang", ["de", "es"])
def test_payers_are_addressed_formally(lang):
    for entry in _read(f"{lang}.po"):
        assert not INFORMAL[lang].search(entry.msgstr), entry.msgstr
