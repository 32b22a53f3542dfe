"""Reading the rows of a practice's files: text, dates, amounts, keys.

Every function takes the text of one cell. What cannot be right raises ValueError with
the text, and whoever calls names the column to the user.
"""

import csv
import hashlib
import io
import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

#: A number with a decimal point; commas only where they separate thousands.
_NUMBER = re.compile(
    r"[-+]?(?:(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]*)?|\.[0-9]+)"
)


class Unreadable(Exception):
    """A file that is no CSV from some row on; the argument is the row's number."""


class Row(NamedTuple):
    """One row of a file: its number, as a spreadsheet counts, and its cells."""

    number: int
    cells: dict[str, str]


def clean(text: str | None) -> str:
    """Return text in one Unicode form, with single blanks and none around it.

    >>> clean("  Anne \\u00a0 Marie\\t"), clean(None)
    ('Anne Marie', '')
    >>> clean("Mu\\u0308ller") == "M\\u00fcller"
    True

    :param str text: the text of a cell
    :return: the cleaned text
    :rtype: str
    """
    return " ".join(unicodedata.normalize("NFC", text or "").split())


def fold(text: str | None) -> str:
    """Return text in the form in which names are compared.

    >>> fold(" O'NEILL "), fold("Stra\\u00dfe") == fold("STRASSE")
    ("o'neill", True)

    :param str text: the text of a cell
    :return: cleaned text without case
    :rtype: str
    """
    return clean(text).casefold()


def decode(content: bytes) -> str:
    """Return the text of a file: UTF-8, with or without a mark, else Windows-1252.

    >>> decode("\\ufeffa,\\u00e9".encode()), decode("\\u00e9".encode("cp1252"))
    ('a,\\xe9', '\\xe9')

    :param bytes content: the file
    :return: its text
    :rtype: str
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_lines(content: bytes):
    """Yield the cells of each row of a CSV file, cleaned.

    >>> list(_read_lines(b'A,B\\n1,"2\\n3\\n'))
    Traceback (most recent call last):
    ...
    odoo.addons.therapy_billing.tools.rows.Unreadable: 2

    :param bytes content: the file; separated by comma, semicolon or tab
    :raise Unreadable: if quotes are never closed, say: the rest would be one cell
    """
    text = decode(content)
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 1
    try:
        for values in reader:
            yield list(map(clean, values))
            number += 1
    except csv.Error:
        raise Unreadable(str(number)) from None


def read_header(content: bytes) -> list[str]:
    """Return the names of a CSV file's columns.

    >>> read_header(b"A; B\\n1;2\\n")
    ['A', 'B']

    :param bytes content: the file; separated by comma, semicolon or tab
    :return: the names, cleaned
    :rtype: list[str]
    :raise Unreadable: if it is no CSV
    """
    return [name for name in next(_read_lines(content), []) if name]


def read_csv(content: bytes, columns: tuple[str, ...]) -> list[Row]:
    """Return the rows of a CSV file; blank rows are left out but counted.

    >>> [tuple(row) for row in read_csv(b"A;B\\n1;2\\n;\\n3\\n", ("A",))]
    [(2, {'A': '1', 'B': '2'}), (4, {'A': '3', 'B': ''})]
    >>> read_csv(b"A,B\\n", ("A", "C"))
    Traceback (most recent call last):
    ...
    ValueError: C

    :param bytes content: the file; separated by comma, semicolon or tab
    :param columns: names of columns that must be there
    :return: the rows, with every cell cleaned
    :rtype: list[Row]
    :raise ValueError: with the names of the missing columns
    :raise Unreadable: if it is no CSV
    """
    lines = _read_lines(content)
    names = next(lines, [])
    missing = [name for name in columns if name not in names]
    if missing:
        raise ValueError(", ".join(missing))
    rows = []
    for number, values in enumerate(lines, start=2):
        cells = dict.fromkeys(names, "")
        cells.update(zip(names, values, strict=False))
        if any(cells.values()):
            rows.append(Row(number, cells))
    return rows


def parse_date(text: str) -> date:
    """Return a US date (or an ISO date).

    >>> parse_date("10/12/2026"), parse_date("2026-10-12")
    (datetime.date(2026, 10, 12), datetime.date(2026, 10, 12))
    >>> parse_date("13/45/2026")
    Traceback (most recent call last):
    ...
    ValueError: 13/45/2026

    :param str text: month/day/year
    :return: the date
    :rtype: date
    :raise ValueError: if there is no such date between 1900 and 2100
    """
    for pattern in ("%m/%d/%Y", "%Y-%m-%d"):
        try:
            day = datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        if 1900 <= day.year <= 2100:
            return day
    raise ValueError(text)


def parse_time(text: str) -> time:
    """Return a time of day, with AM or PM or on 24 hours.

    >>> parse_time("04:15 PM"), parse_time("9:00 am"), parse_time("16:15")
    (datetime.time(16, 15), datetime.time(9, 0), datetime.time(16, 15))
    >>> parse_time("25:00")
    Traceback (most recent call last):
    ...
    ValueError: 25:00

    :param str text: the time
    :return: the time of day
    :rtype: time
    :raise ValueError: if there is no such time
    """
    for pattern in ("%I:%M %p", "%I:%M%p", "%H:%M", "%H:%M:%S"):
        try:
            return datetime.strptime(text, pattern).time()
        except ValueError:
            continue
    raise ValueError(text)


def parse_number(text: str) -> Decimal:
    """Return a number below 10**12; a dollar sign and thousands commas are accepted.

    >>> parse_number("$1,234.50"), parse_number("-2"), parse_number(".5")
    (Decimal('1234.50'), Decimal('-2'), Decimal('0.5'))
    >>> parse_number("NaN")
    Traceback (most recent call last):
    ...
    ValueError: NaN
    >>> parse_number("30,00")
    Traceback (most recent call last):
    ...
    ValueError: 30,00

    :param str text: the number
    :return: the exact number
    :rtype: Decimal
    :raise ValueError: if it is not a number
    """
    number = text.lstrip("$")
    if not _NUMBER.fullmatch(number):
        raise ValueError(text)
    return Decimal(number.replace(",", ""))


def parse_money(text: str) -> Decimal:
    """Return an amount >= 0 with at most two decimals.

    >>> parse_money("25.25"), parse_money("0")
    (Decimal('25.25'), Decimal('0'))
    >>> parse_money("1.005")
    Traceback (most recent call last):
    ...
    ValueError: 1.005

    :param str text: the amount
    :return: the exact amount
    :rtype: Decimal
    :raise ValueError: if it is negative, too fine or not a number
    """
    amount = parse_number(text)
    if amount < 0 or amount != amount.quantize(Decimal("0.01")):
        raise ValueError(text)
    return amount


def normalize_email(text: str) -> str:
    """Return an e-mail address as payers are identified by it.

    >>> normalize_email(" Ann@Example.COM "), normalize_email("")
    ('ann@example.com', '')
    >>> normalize_email("ann at example")
    Traceback (most recent call last):
    ...
    ValueError: ann at example

    :param str text: the address, may be empty
    :return: the address in lower case
    :rtype: str
    :raise ValueError: if it is not an address
    """
    address = clean(text).lower()
    if address and not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", address):
        raise ValueError(text)
    return address


def fingerprint(cells: dict[str, str]) -> str:
    """Return a fingerprint of a row's content, whatever the order of its columns.

    >>> fingerprint({"a": "1", "b": ""}) == fingerprint({"b": "", "a": "1"})
    True
    >>> fingerprint({"a": "1"}) == fingerprint({"a": "2"})
    False

    :param dict cells: cleaned cells by column
    :return: 32 hexadecimal digits
    :rtype: str
    """
    text = "\x1e".join(f"{name}\x1f{cells[name]}" for name in sorted(cells))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
