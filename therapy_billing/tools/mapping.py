"""Files of other programs in our columns: a saved mapping, applied to every row.

Nothing here knows Odoo. A row is a dict of cleaned cells by column, as
:mod:`.rows` reads them.
"""

import re
from datetime import datetime
from typing import NamedTuple

from .rows import clean, fold

#: How dates may be written.
DATE_ORDERS = {
    "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y", "%m/%d/%y"),
    "dmy": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"),
    "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
}
#: Our columns that hold dates, times, names and numbers; `importers/` names them.
DATES = ("Date", "Due Date", "Payment Date")
BIRTHDATE = "DOB"
TIME = "Start Time"
NAMES = ("Last Name", "First Name")
NUMBERS = (
    "Units",
    "Minutes",
    "Minutes Per Unit",
    "Rate Per Unit",
    "Percent",
    "Copay Per Session",
    "Amount",
    "Total",
    "Charge",
    "Allowed",
    "Paid",
)
#: Our column of amounts with a reason before each: CO-45 55.25; PR-3 35.00
ADJUSTMENTS = "Adjustments"
#: Other words for our columns, folded.
SYNONYMS = {
    "Session ID": ("appointment id", "id", "event id", "visit id", "session number"),
    "Date": (
        "date of service",
        "service date",
        "dos",
        "appointment date",
        "visit date",
    ),
    "Start Time": ("time", "start", "appointment time", "session time"),
    "Type": ("status", "appointment status", "session status", "attendance"),
    "Clinician Name": ("clinician", "provider", "therapist", "rendering provider"),
    "Clinician NPI": ("npi", "provider npi", "rendering npi"),
    "Last Name": ("client last name", "patient last name", "client", "client name")
    + ("patient", "patient name"),
    "First Name": ("client first name", "patient first name", "client", "client name")
    + ("patient", "patient name"),
    "DOB": ("date of birth", "birth date", "birthdate", "client dob", "patient dob"),
    "Service Code": ("cpt", "cpt code", "procedure code", "code", "billing code"),
    "Units": ("unit", "qty", "quantity"),
    "Minutes": ("duration", "length", "duration (min)", "duration (minutes)"),
    "POS": ("place of service", "location code"),
    "Modifiers": ("modifier", "modifier code", "mods"),
    "Member ID": ("member number", "policy number", "insurance id"),
    "Primary Insurer Name": ("insurer", "primary insurance", "insurance", "payer"),
    "Payer Name": ("payer", "guarantor", "responsible party", "billing contact"),
    "Payer Email": ("email", "e-mail", "email address"),
    "Role": ("relation", "relationship", "payer role"),
    "Percent": ("share", "share %", "percentage"),
    "Copay Per Session": ("copay", "co-pay", "copayment", "copay amount"),
    "Name": ("description", "service", "service name"),
    "Rate Per Unit": ("rate", "fee", "price", "charge per unit"),
    "Minutes Per Unit": ("unit minutes", "min per unit"),
    "Reference": ("invoice number", "invoice", "bill number", "number"),
    "Amount": ("balance", "open amount", "amount due", "outstanding"),
    "Due Date": ("due", "payment due"),
    "Insurer": ("payer", "insurance", "insurance company"),
    "Trace Number": ("trace", "eft number", "check number", "check or eft number"),
    "Payment Date": ("check date", "paid on"),
    "Total": ("check amount", "total paid", "payment amount"),
    "Claim": ("claim number", "claim id"),
    "Charge": ("billed", "billed amount", "charge amount"),
    "Allowed": ("allowed amount",),
    "Paid": ("paid amount", "payment"),
}


class Column(NamedTuple):
    """Where one of our columns comes from."""

    target: str
    header: str = ""
    constant: str = ""
    words: str = ""


def guess(headers: list[str], targets: tuple[str, ...]) -> dict[str, str]:
    """Return the likely header of each of our columns.

    >>> guess(["DOS", "Client Name", "CPT Code"], ("Date", "Last Name", "Units"))
    {'Date': 'DOS', 'Last Name': 'Client Name'}

    :param list headers: the file's own columns
    :param targets: our columns
    :return: header by column; a column without a likely one is left out
    :rtype: dict
    """
    known = {}
    for header in headers:
        known.setdefault(fold(header), header)
    found = {}
    for target in targets:
        for word in (fold(target), *SYNONYMS.get(target, ())):
            if word in known:
                found[target] = known[word]
                break
    return found


def parse_words(text: str) -> dict[str, str]:
    """Return what words of the file stand for.

    >>> parse_words("Show=held; No Show = missed")
    {'show': 'held', 'no show': 'missed'}
    >>> parse_words("Show")
    Traceback (most recent call last):
    ...
    ValueError: Show

    :param str text: pairs with an equals sign, separated by semicolons
    :return: our word by the folded word of the file
    :rtype: dict
    :raise ValueError: with a pair that has no equals sign
    """
    pairs = {}
    for pair in filter(None, map(clean, (text or "").split(";"))):
        theirs, equals, ours = pair.partition("=")
        if not equals or not clean(theirs):
            raise ValueError(pair)
        pairs[fold(theirs)] = clean(ours)
    return pairs


def translate(cells: dict, columns: list[Column], order: str, decimal: str) -> dict:
    """Return a row in our columns; what cannot be read stays as it is.

    >>> columns = [Column("Date", "When"), Column("Start Time", "When")]
    >>> columns += [Column("Last Name", "Client"), Column("First Name", "Client")]
    >>> columns += [Column("Units", "Qty"), Column("Type", "", "held")]
    >>> row = {"When": "12.10.2026 16:15", "Client": "Ives, Kim", "Qty": "1,5"}
    >>> list(translate(row, columns, "dmy", ",").values())
    ['2026-10-12', '16:15', 'Ives', 'Kim', '1.5', 'held']

    :param dict cells: the row of the file
    :param list columns: where each of our columns comes from
    :param str order: mdy, dmy or ymd
    :param str decimal: the decimal sign, a point or a comma
    :return: the row in our columns, in their order
    :rtype: dict
    """
    headers = {column.target: column.header for column in columns}
    result = {}
    for column in columns:
        text = cells.get(column.header, "") if column.header else ""
        text = text or column.constant
        text = parse_words(column.words).get(fold(text), text)
        target = column.target
        if target in NAMES and len({headers.get(name) for name in NAMES}) == 1:
            text = _split_name(text)[NAMES.index(target)]
        elif target in (*DATES, BIRTHDATE):
            text = _read_date(text, order, is_birthdate=target == BIRTHDATE)
        elif target == TIME and headers.get("Date") == column.header:
            text = text.partition(" ")[2]
        elif target in NUMBERS:
            text = _read_number(text, decimal)
        elif target == ADJUSTMENTS:
            text = _read_adjustments(text, decimal)
        result[target] = text
    return result


def _split_name(text: str) -> tuple[str, str]:
    """Return last and first name of "Last, First" or "First Last".

    >>> _split_name("Ives, Kim Ann"), _split_name("Kim Ann Ives"), _split_name("Kim")
    (('Ives', 'Kim Ann'), ('Ives', 'Kim Ann'), ('Kim', ''))
    """
    if "," in text:
        last, _comma, first = text.partition(",")
    else:
        first, _blank, last = text.rpartition(" ")
    return last.strip(), first.strip()


def _read_date(text: str, order: str, is_birthdate: bool = False) -> str:
    """Return a date as ISO text; a time behind it is left out.

    >>> _read_date("12/10/2026 4:15 PM", "dmy"), _read_date("soon", "dmy")
    ('2026-10-12', 'soon')

    What is no date in the file's order must not pass for one in another order. A year
    of two digits tells nothing about a birth.

    >>> _read_date("12/13/2026", "dmy"), _read_date("03/01/55", "mdy", True)
    ('12.13.2026', '03.01.55')
    """
    day = text.partition(" ")[0].partition("T")[0]
    for pattern in DATE_ORDERS[order]:
        if is_birthdate and pattern.endswith("%y"):
            continue
        try:
            return datetime.strptime(day, pattern).date().isoformat()
        except ValueError:
            continue
    return text.replace("/", ".")


def _read_number(text: str, decimal: str) -> str:
    """Return a number with a decimal point and without currency.

    >>> _read_number("1.234,50 $", ","), _read_number("$1,234.50", ".")
    ('1,234.50', '1,234.50')

    Whether the other sign separates thousands is for who parses the number to judge.

    >>> _read_number("30,00", "."), _read_number("30.00", ",")
    ('30,00', '30,00')
    """
    text = text.strip(" $%€£")
    if decimal == ",":
        text = text.translate({ord("."): ",", ord(","): "."})
    return text


def _read_adjustments(text: str, decimal: str) -> str:
    """Return adjustments with decimal points in their amounts.

    >>> _read_adjustments("CO-45 1.055,25; PR-3 35,00", ",")
    'CO-45 1,055.25; PR-3 35.00'
    """
    return re.sub(
        r"[-+\d.,]+(?=\s*(?:;|$))", lambda m: _read_number(m.group(), decimal), text
    )
