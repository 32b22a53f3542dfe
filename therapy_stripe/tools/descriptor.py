"""What may stand on a statement of a card, and names that tell too much."""

import re

# Words that say on a card statement what kind of care somebody gets.
_TELLING = re.compile(
    r"(therap|psych|counsel|mental|behav|autis|\baba\b|addict|recover|rehab|trauma"
    r"|depress|speech|occupational|clinic|wellness)",
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"^[\x20-\x7e]+$")


def get_descriptor_problem(text):
    """Return which rule a statement descriptor breaks.

    The rules are Stripe's: 5 to 22 Latin characters, a letter among them, none of
    ``< > \\ ' " *``.

    >>> get_descriptor_problem("NORTHSIDE HLTH")
    ''
    >>> [get_descriptor_problem(text) for text in ("", "NHLT", "A" * 23, "12345")]
    ['missing', 'length', 'length', 'letter']
    >>> [get_descriptor_problem(text) for text in ("DR*NORTH", "NORTHSÍDE")]
    ['characters', 'characters']

    :param str text: descriptor
    :return: missing, length, characters, letter, or "" when all is well
    :rtype: str
    """
    if not text:
        return "missing"
    if not 5 <= len(text) <= 22:
        return "length"
    if not _ALLOWED.match(text) or re.search(r"[<>\\'\"*]", text):
        return "characters"
    return "" if re.search(r"[A-Za-z]", text) else "letter"


def is_telling(text):
    """Tell whether a name says what kind of care a practice gives.

    >>> is_telling("Northside Psychotherapy"), is_telling("NORTHSIDE HLTH")
    (True, False)
    >>> is_telling("Cabana Health"), is_telling("ABA Partners")
    (False, True)

    :param str text: name, may be empty
    :rtype: bool
    """
    return bool(_TELLING.search(text or ""))
