"""What the cells of remittances.csv mean."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.addons.therapy_billing.tools import rows as rows_tool

#: Kinds of amounts that belong to no claim.
EXTRA_KINDS = ("interest", "withheld")


def parse_signed(text: str) -> Decimal:
    """Return an amount of any sign with at most two decimals; empty is 0.

    >>> parse_signed("25.25"), parse_signed("-40"), parse_signed("")
    (Decimal('25.25'), Decimal('-40'), Decimal('0'))
    >>> parse_signed("1.005")
    Traceback (most recent call last):
    ...
    ValueError: 1.005

    :param str text: the cell
    :return: the exact amount
    :rtype: Decimal
    :raise ValueError: if it is too fine or not a number
    """
    number = rows_tool.parse_number(text) if text else Decimal(0)
    if number != number.quantize(Decimal("0.01")):
        raise ValueError(text)
    return number


def parse_adjustments(text: str) -> list[tuple[str, str, Decimal]]:
    """Return group, reason and amount of each adjustment of a service.

    >>> parse_adjustments("CO-45 55.25; pr3: 35")
    [('CO', '45', Decimal('55.25')), ('PR', '3', Decimal('35'))]
    >>> parse_adjustments("")
    []
    >>> parse_adjustments("XX-1 3.00")
    Traceback (most recent call last):
    ...
    ValueError: XX-1 3.00

    :param str text: adjustments separated by semicolons
    :return: (group, reason, amount) in order
    :rtype: list
    :raise ValueError: if one of them cannot be read
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(
            r"(CO|PR|OA|PI)[- ]?(\w{1,4})[ :=]+(\S+)", part, flags=re.IGNORECASE
        )
        if not match:
            raise ValueError(part)
        group, code, amount = match.groups()
        found.append((group.upper(), code.upper(), parse_signed(amount)))
    return found


def parse_extra(text: str) -> tuple[str, Decimal]:
    """Return kind and amount of what belongs to no claim.

    >>> parse_extra("Interest 3.10"), parse_extra("withheld -20")
    (('interest', Decimal('3.10')), ('withheld', Decimal('-20')))
    >>> parse_extra("gift 3")
    Traceback (most recent call last):
    ...
    ValueError: gift 3

    :param str text: the cell
    :return: (kind, amount)
    :rtype: tuple
    :raise ValueError: if it cannot be read
    """
    kind, _blank, amount = text.replace(":", " ").partition(" ")
    if kind.lower() not in EXTRA_KINDS or not amount.strip():
        raise ValueError(text)
    return kind.lower(), parse_signed(amount.strip())


@dataclass
class Answer:
    """A parsed row."""

    result: object
    insurer: object
    trace: str
    day: date
    total: Decimal
    #: The service, or none where the row belongs to no claim.
    service: object
    vals: dict

    @property
    def remittance(self):
        """Return what the rows of one remittance share."""
        return self.insurer, self.trace

    @property
    def key(self):
        """Return what a remittance has once."""
        is_takeback = self.vals.get("charge", 0) < 0
        extra = self.vals.get("kind")
        return self.service, is_takeback, extra
