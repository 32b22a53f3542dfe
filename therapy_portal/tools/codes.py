"""Access codes of bills: how they are made and compared."""

import secrets
from hmac import compare_digest

from ..const import CODE_DIGITS

# Compared with what was typed when there is no bill, so that a wrong number costs
# the same time as a wrong code. Never equal to what a person can type.
NO_CODE = "\0" * CODE_DIGITS


def new_code(other_than: str | None = None) -> str:
    """Return a new random access code, as text because zeros may lead it.

    >>> code = new_code()
    >>> len(code), code.isdigit(), code.isascii()
    (6, True, True)

    :param str other_than: the code that must not come again (the one it replaces)
    :return: 6 digits
    :rtype: str
    """
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if code != other_than:
            return code


def code_matches(expected: str | None, typed: str | None) -> bool:
    """Tell in constant time whether a typed code is exactly the expected one.

    >>> code_matches("012345", "012345"), code_matches("012345", "12345")
    (True, False)
    >>> code_matches(None, ""), code_matches("", ""), code_matches(None, NO_CODE)
    (False, False, False)

    :param str expected: the code of the bill; empty when it has none
    :param str typed: what the visitor typed
    :return: whether they are the same, False when there is nothing to compare with
    :rtype: bool
    """
    same = compare_digest((expected or NO_CODE).encode(), (typed or "").encode())
    return same and bool(expected)
