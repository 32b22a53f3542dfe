"""What must not be in anything that leaves the practice or is open without login.

Rule P1: such a text shows practice, reference, dates and amounts only. This module
is the one place that knows how to look for the rest; the share dialog and the tests
of every template use it.
"""

import re
from collections.abc import Iterable

_TAGS = re.compile(r"<[^>]+>")
_SPACES = re.compile(r"\s+")


def visible_text(markup: str) -> str:
    """Return the text of a piece of HTML without tags and with single spaces.

    >>> visible_text("<p>Dear <b>Ann</b>&nbsp;Lee</p>")
    'Dear Ann Lee'

    :param str markup: HTML or plain text
    :return: the text
    :rtype: str
    """
    text = _TAGS.sub(" ", markup or "").replace("&nbsp;", " ").replace("\xa0", " ")
    return _SPACES.sub(" ", text).strip()


def find_leaks(
    markup: str, forbidden: Iterable[str], allowed: Iterable[str] = ()
) -> list[str]:
    """Return the forbidden words or names that occur in a text, whole and in any case.

    >>> find_leaks("<p>Bill of ANN LEE</p>", ["Ann Lee", "90837"])
    ['Ann Lee']
    >>> find_leaks("Lee Therapy, bill B/908371", ["Lee", "90837"], ["Lee Therapy"])
    []

    :param str markup: HTML or plain text to look through
    :param forbidden: names, codes and words; empty ones are passed over
    :param allowed: texts that may hold a forbidden word, as the practice's name
    :return: the forbidden ones found, in the order given
    :rtype: list[str]
    """
    text = visible_text(markup).lower()
    for phrase in allowed:
        if phrase:
            text = text.replace(phrase.lower(), " ")
    found = []
    for word in forbidden:
        pattern = r"(?<!\w)" + re.escape((word or "").lower()) + r"(?!\w)"
        if word and re.search(pattern, text):
            found.append(word)
    return found
