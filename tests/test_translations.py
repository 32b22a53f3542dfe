"""Translations are whole: no term that payers see is missing in any language."""

import re
from pathlib import Path

import polib
import pytest

REPO = Path(__file__).resolve().parents[1]
LANGS = ("de", "es")
FILLED_IN = re.compile(r"%\(\w+\)s|%s|%%|\{\{.*?\}\}|\{\w+\}")
# What a person would say to a friend.
INFORMAL = {
    "de": re.compile(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]ein\w*)\b"),
    "es": re.compile(r"\b([Tt]ú|[Tt]us?|[Cc]ontigo|[Hh]aces|[Pp]uedes|[Tt]ienes)\b"),
}
# Where the words come from that a payer reads: all of the portal; of the other addons
# what speaks to payers, or refuses them something. The rest is for staff.
CODE = r"code:addons/{}/(models|controllers|tools)/({})\.py"
SELECTION = "model:ir.model.fields.selection,name:therapy_billing.selection__{}__"
SEEN_BY_PAYERS = {
    "therapy_portal": [""],
    "therapy_billing": [
        CODE.format(
            "therapy_billing",
            "account_move|account_move_dispute|account_move_earliest_charge|"
            "account_payment_receipt|card_number_base|payment_token|"
            "payment_transaction(_check|_decline|_fee|_gate|_prepay)?|"
            "therapy_billing_run_bills|therapy_card_authorization(_sign|_text)?|"
            "therapy_change_request|therapy_consent_text|therapy_fee_rule",
        ),
        SELECTION.format("therapy_change_request"),
        SELECTION.format("account_payment_method_line__therapy_kind"),
        "model_terms:ir.ui.view,arch_db:therapy_billing.report_",
    ],
    "therapy_stripe": [
        CODE.format(
            "therapy_stripe",
            "cards|declines|payment_token(_bank|_charge|_manage|_stripe)?|"
            "payment_transaction(_charge|_stale|_verify)?",
        ),
        "code:addons/therapy_stripe/static/src/interactions/",
        "model_terms:ir.ui.view,arch_db:therapy_stripe.portal_",
    ],
}
CASES = [(addon, lang) for addon in SEEN_BY_PAYERS for lang in LANGS]


def _read(addon, name):
    return polib.pofile(str(REPO / addon / "i18n" / name))


def _wanted(addon):
    """Return the texts of an addon that payers read."""
    places = [re.compile(place) for place in SEEN_BY_PAYERS[addon]]
    return {
        entry.msgid
        for entry in _read(addon, f"{addon}.pot")
        if any(place.match(at) for place in places for at, _line in entry.occurrences)
    }


@pytest.mark.parametrize(("addon", "lang"), CASES)
def test_every_term_that_payers_see_has_a_translation(addon, lang):
    done = {entry.msgid for entry in _read(addon, f"{lang}.po").translated_entries()}
    wanted = _wanted(addon)
    assert len(wanted) > 50
    assert not sorted(wanted - done)


@pytest.mark.parametrize("addon", SEEN_BY_PAYERS)
def test_every_place_of_the_list_is_there(addon):
    places = [
        at for entry in _read(addon, f"{addon}.pot") for at, _ in entry.occurrences
    ]
    for place in SEEN_BY_PAYERS[addon]:
        assert any(re.match(place, at) for at in places), place


@pytest.mark.parametrize(("addon", "lang"), CASES)
def test_what_is_filled_in_is_the_same(addon, lang):
    for entry in _read(addon, f"{lang}.po"):
        assert sorted(FILLED_IN.findall(entry.msgid)) == sorted(
            FILLED_IN.findall(entry.msgstr)
        ), entry.msgid


@pytest.mark.parametrize(("addon", "lang"), CASES)
def test_payers_are_addressed_formally(addon, lang):
    for entry in _read(addon, f"{lang}.po"):
        assert not INFORMAL[lang].search(entry.msgstr), entry.msgstr
