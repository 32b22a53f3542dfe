"""Codes on a claim: modifiers and places of service."""

import re

#: Place-of-service codes in use (CMS, "Place of Service Codes for Professional
#: Claims"); numbers only.
PLACES_OF_SERVICE = frozenset(
    [f"{number:02}" for number in (*range(1, 28), *range(31, 35), *range(49, 59))]
    + ["41", "42", "60", "61", "62", "65", "66", "71", "72", "81", "99"]
)


def parse_modifiers(text: str | None) -> list[str]:
    """Return the modifiers of a claim line, in order.

    >>> parse_modifiers("95, gt"), parse_modifiers("GT;HO 59"), parse_modifiers("")
    (['95', 'GT'], ['GT', 'HO', '59'], [])
    >>> parse_modifiers("telehealth")
    Traceback (most recent call last):
    ...
    ValueError: telehealth
    >>> parse_modifiers("95 95")
    Traceback (most recent call last):
    ...
    ValueError: 95 95

    :param str text: modifiers, separated by blanks or punctuation
    :return: at most four different modifiers of two letters or digits
    :rtype: list[str]
    :raise ValueError: with the text, if it cannot be right
    """
    codes = [code for code in re.split(r"[\s,;:/]+", (text or "").upper()) if code]
    right = all(re.fullmatch(r"[0-9A-Z]{2}", code) for code in codes)
    if not right or len(codes) > 4 or len(set(codes)) < len(codes):
        raise ValueError(text)
    return codes


def format_modifiers(text: str | None) -> str:
    """Return modifiers in the one way in which they are stored.

    >>> format_modifiers("95;gt"), format_modifiers(None)
    ('95, GT', '')

    :param str text: modifiers as somebody typed them
    :return: modifiers, separated by a comma and a blank
    :rtype: str
    :raise ValueError: with the text, if it cannot be right
    """
    return ", ".join(parse_modifiers(text))


def parse_pos(text: str | None) -> str:
    """Return a place of service; a digit that a spreadsheet lost is put back.

    >>> parse_pos("11"), parse_pos("2"), parse_pos("")
    ('11', '02', '')
    >>> parse_pos("00")
    Traceback (most recent call last):
    ...
    ValueError: 00

    :param str text: the code
    :return: two digits, or nothing
    :rtype: str
    :raise ValueError: with the text, if there is no such place
    """
    code = (text or "").strip()
    if not code:
        return ""
    padded = code.zfill(2)
    if padded not in PLACES_OF_SERVICE:
        raise ValueError(text)
    return padded
