"""Find English words on a page or in a message in another language."""

import re
from functools import cache

import polib
from lxml import html

from odoo.tools.misc import file_path

ADDONS = ("therapy_billing", "therapy_portal", "therapy_stripe")
# Core's own pages and forms that payers see between ours.
CORE = ("account_payment", "payment", "payment_demo", "portal")
SILENT = ("script", "style", "template", "noscript")
SPOKEN = ("alt", "aria-label", "placeholder", "title", "data-bs-original-title")
WORD = re.compile(r"[^\W\d_]{2,}")
# Numbers, amounts, dates, references, addresses of mails and pages: no words.
DATA = re.compile(r"\S*[\d@/]\S*|%\(\w+\)s|\S*\.(?:com|example)\S*")
# The title that core gives to every PDF.
SAME = {"Odoo", "Report"}


@cache
def _read(addon, lang):
    """Return (msgid, msgstr) of an addon's file, none if it has no such file."""
    try:
        path = file_path(f"{addon}/i18n/{lang[:2]}.po")
    except FileNotFoundError:
        return ()
    return tuple((entry.msgid, entry.msgstr) for entry in polib.pofile(path))


def _templates(addon):
    """Return the English texts of one of our addons."""
    return [
        entry.msgid for entry in polib.pofile(file_path(f"{addon}/i18n/{addon}.pot"))
    ]


def _words(text):
    return WORD.findall(DATA.sub(" ", text))


@cache
def _vocabulary(lang):
    """Return (English words, words of the language, English sentences)."""
    ours = [pair for addon in ADDONS for pair in _read(addon, lang)]
    core = [pair for addon in CORE for pair in _read(addon, lang)]
    english = [text for addon in ADDONS for text in _templates(addon)]
    english += [msgid for msgid, _msgstr in core]
    # What core's translators left as it is, is theirs: "Home" is German to them.
    foreign = [msgstr for _msgid, msgstr in core]
    foreign += [msgstr for msgid, msgstr in ours if msgstr != msgid]
    return (
        {word for text in english for word in _words(re.sub("<[^>]*>", " ", text))},
        {word for text in foreign for word in _words(re.sub("<[^>]*>", " ", text))},
    )


def read_texts(source):
    """Return what a reader sees or hears of a page, one text after the other.

    :param str source: HTML, or plain text
    :rtype: list[str]
    """
    root = html.fromstring(f"<div>{source}</div>" if "<html" not in source else source)
    found = []
    for node in root.iter():
        if isinstance(node.tag, str) and node.tag not in SILENT:
            found.append(node.text)
            found += [node.get(name) for name in SPOKEN]
            if node.get("type") == "submit":
                found.append(node.get("value"))
        found.append(node.tail)
    return [" ".join(text.split()) for text in found if text and text.strip()]


def find_english(source, lang, data=()):
    """Return the English words of a text that should be in another language.

    A word is English when it stands in an English text of our addons (or of core's
    pages between them) and in no translation of theirs.

    :param str source: HTML, or plain text
    :param str lang: code of the language, as de_DE
    :param data: names and other words of records
    :return: "word (the text it stands in)"
    :rtype: list[str]
    """
    english, foreign = _vocabulary(lang)
    known = {word for text in data for word in WORD.findall(text)} | SAME
    return [
        f"{word} ({text[:100]})"
        for text in read_texts(source)
        for word in _words(text)
        if word in english and word not in foreign and word not in known
    ]


def load_language(env, lang):
    """Activate a language with what payers read in it.

    :param env: environment
    :param str lang: code of the language, as de_DE
    """
    env["res.lang"]._activate_lang(lang)
    names = (*ADDONS, *CORE, "base", "web", "mail", "account", "http_routing")
    modules = env["ir.module.module"].search([("name", "in", names)])
    modules._update_translations([lang])
