"""Amounts as payers type them, in the way their language writes them."""

import re
from decimal import Decimal

SPACES = re.compile(r"[\u00a0\u202f]")


def parse_amount(
    typed: str | None,
    symbol: str = "$",
    decimals: int = 2,
    point: str = ".",
    comma: str = ",",
):
    """Return the amount a payer typed, or nothing when it is not clearly one.

    Nothing is rounded: an amount with more decimals than the currency has is
    refused, so that nobody pays another amount than the one typed. Nothing is guessed:
    what is not written as the language writes it is refused, and so is a separator of
    thousands that could be meant as a decimal one.

    >>> parse_amount("50"), parse_amount(" $1,250.5 "), parse_amount("0.30")
    (50.0, 1250.5, 0.3)
    >>> parse_amount("50.001"), parse_amount("5.00", decimals=0)
    (None, None)
    >>> parse_amount("1,5"), parse_amount("-5"), parse_amount("1e3"), parse_amount("")
    (None, None, None, None)
    >>> parse_amount("nan"), parse_amount("12,34"), parse_amount(None)
    (None, None, None)
    >>> german = {"point": ",", "comma": "."}
    >>> parse_amount("1.250,50", **german), parse_amount("12,5 $", **german)
    (1250.5, 12.5)
    >>> parse_amount("12.50", **german), parse_amount("1,250.50", **german)
    (None, None)
    >>> parse_amount("1.250", **german), parse_amount("1.250", decimals=3, **german)
    (1250.0, None)

    :param str typed: the text of the field
    :param str symbol: the currency's symbol, allowed at either end
    :param int decimals: number of decimals of the currency
    :param str point: the language's decimal separator
    :param str comma: the language's separator of thousands, empty if it has none
    :return: the amount in major units, or None
    :rtype: float | None
    """
    text = SPACES.sub(" ", typed or "").strip()
    if symbol:
        text = text.removeprefix(symbol).removesuffix(symbol).strip()
    point, comma = re.escape(point), re.escape(SPACES.sub(" ", comma or ""))
    grouped = rf"|\d{{1,3}}(?:{comma}\d{{3}}){{1,2}}" if comma else ""
    match = re.fullmatch(
        rf"(\d{{1,9}}{grouped})(?:{point}(\d{{1,3}}))?", text, re.ASCII
    )
    if not match or len(match[2] or "") > decimals:
        return None
    if decimals > 2 and not match[1].isdigit() and match[2] is None:
        return None  # 1.250 of a currency with three decimals: either could be meant.
    return float(Decimal(f"{re.sub('[^0-9]', '', match[1])}.{match[2] or 0}"))


def write_amount(amount: float, decimals: int = 2, point: str = ".") -> str:
    """Return an amount as :func:`parse_amount` reads it.

    >>> write_amount(1250.5), write_amount(1250.5, point=","), write_amount(3, 0)
    ('1250.50', '1250,50', '3')

    :param float amount: in major units
    :param int decimals: number of decimals of the currency
    :param str point: the language's decimal separator
    :return: the amount without separators of thousands
    :rtype: str
    """
    return f"{amount:.{decimals}f}".replace(".", point)
