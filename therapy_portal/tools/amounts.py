"""Amounts as payers type them."""

import re
from decimal import Decimal

_TYPED = re.compile(r"^(?:\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,3}))?$", re.ASCII)


def parse_amount(typed: str | None, symbol: str = "$", decimals: int = 2):
    """Return the amount a payer typed, or nothing when it is not clearly one.

    Nothing is rounded: an amount with more decimals than the currency has is
    refused, so that nobody pays another amount than the one typed.

    >>> parse_amount("50"), parse_amount(" $1,250.5 "), parse_amount("0.30")
    (50.0, 1250.5, 0.3)
    >>> parse_amount("50.001"), parse_amount("5.00", decimals=0)
    (None, None)
    >>> parse_amount("1,5"), parse_amount("-5"), parse_amount("1e3"), parse_amount("")
    (None, None, None, None)
    >>> parse_amount("nan"), parse_amount("12,34"), parse_amount(None)
    (None, None, None)

    :param str typed: the text of the field
    :param str symbol: the currency's symbol, allowed at either end
    :param int decimals: number of decimals of the currency
    :return: the amount in major units, or None
    :rtype: float | None
    """
    text = (typed or "").strip()
    if symbol:
        text = text.removeprefix(symbol).removesuffix(symbol).strip()
    match = _TYPED.match(text)
    if not match or len(match.group(1) or "") > decimals:
        return None
    return float(Decimal(text.replace(",", "")))
