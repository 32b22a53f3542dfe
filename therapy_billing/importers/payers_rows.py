"""payers.csv: who pays for a patient, and which part."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Importer, Rejected, Result
from .people import patient_key

LAST = "Last Name"
FIRST = "First Name"
DOB = "DOB"
PAYER = "Payer Name"
EMAIL = "Payer Email"
ROLE = "Role"
PERCENT = "Percent"
COPAY = "Copay Per Session"


def parse_percent(text: str) -> Decimal:
    """Return a percentage above 0 and up to 100, with at most two decimals.

    >>> parse_percent("33.33%"), parse_percent("100")
    (Decimal('33.33'), Decimal('100'))
    >>> parse_percent("0")
    Traceback (most recent call last):
    ...
    ValueError: 0

    :param str text: the cell
    :return: the percentage
    :rtype: Decimal
    :raise ValueError: if it is out of range or too fine
    """
    number = rows_tool.parse_number(text.rstrip("% "))
    if not 0 < number <= 100 or number != number.quantize(Decimal("0.01")):
        raise ValueError(text)
    return number


def parse_birthdate(text: str) -> date:
    """Return a date of birth.

    :param str text: month/day/year
    :return: the date
    :rtype: date
    :raise ValueError: if there is no such date
    """
    return rows_tool.parse_date(text)


@dataclass
class Payer:
    """A parsed row: who pays what for whom."""

    result: Result
    last: str
    first: str
    birthdate: date
    role: str
    name: str
    email: str
    percent: Decimal | None
    copay: Decimal | None
    partner: object = None

    @property
    def patient(self):
        """Return what identifies the patient."""
        return patient_key(self.last, self.first, self.birthdate)

    @property
    def identity(self):
        """Return what identifies the payer among the rows of one patient."""
        if self.role == "self":
            return ("self",)
        if self.role == "insurer":
            return ("insurer", rows_tool.fold(self.name))
        return ("guardian", self.email or rows_tool.fold(self.name))

    @property
    def content(self):
        """Return what two rows of one payer must share to be the same."""
        return (self.role, rows_tool.fold(self.name), self.percent, self.copay)


class PayersParser(Importer):
    """Turns rows into :class:`Payer`; knows nothing of the database."""

    columns = (LAST, FIRST, DOB, PAYER, EMAIL, ROLE, PERCENT, COPAY)
    roles = {
        "self": "self",
        "patient": "self",
        "guardian": "guardian",
        "guarantor": "guardian",
        "other": "other",
        "insurer": "insurer",
    }

    def _new_result(self, row):
        """Return an empty result named after patient and payer.

        :param Row row: the row
        :return: the result
        :rtype: Result
        """
        cells = row.cells
        patient = ", ".join(filter(None, (cells[LAST], cells[FIRST])))
        return Result(row, key=f"{patient} / {cells[PAYER]}")

    def _read_again(self, result, first, payer):
        """Judge a row that repeats a payer of a patient.

        :param Result result: the result of the row
        :param Payer first: the first row of the payer
        :param Payer payer: this row
        """
        if payer.content == first.content:
            result.unchanged(self._("The same row stands further up."))
        else:
            result.reject(self._("The payer stands further up with other content."))

    def _parse_row(self, result):
        """Return a row's content.

        :param Result result: the result of the row
        :return: the content
        :rtype: Payer
        :raise Rejected: if the row cannot be right
        """
        row = result.row
        cells = row.cells
        if not cells[LAST] or not cells[FIRST]:
            raise Rejected(self._("The patient's name is not complete."))
        role = self.roles.get(rows_tool.fold(cells[ROLE]))
        if not role:
            raise Rejected(self._("Unknown role: “%(role)s”", role=cells[ROLE]))
        if not cells[PAYER] and role != "self":
            raise Rejected(self._("The payer has no name."))
        birthdate = self.parse(
            parse_birthdate, row, DOB, self._("Impossible date of birth:")
        )
        percent = copay = None
        if role == "insurer":
            if not cells[COPAY]:
                result.warn(self._("No copay: the insurer is billed the whole."))
            zero = row._replace(cells={**cells, COPAY: cells[COPAY] or "0"})
            copay = self.parse(
                rows_tool.parse_money, zero, COPAY, self._("Impossible copay:")
            )
        else:
            percent = self.parse(
                parse_percent, row, PERCENT, self._("Impossible percent:")
            )
        return Payer(
            result=result,
            last=cells[LAST],
            first=cells[FIRST],
            birthdate=birthdate,
            role=role,
            name=cells[PAYER],
            email=self._parse_email(result, role),
            percent=percent,
            copay=copay,
        )

    def _parse_email(self, result, role):
        """Return the payer's e-mail address; people without one get a warning.

        :param Result result: the result of the row
        :param str role: the payer's role
        :return: normalized address, maybe empty
        :rtype: str
        :raise Rejected: if it is no address
        """
        if role == "insurer":
            return ""
        email = self.parse(
            rows_tool.normalize_email,
            result.row,
            EMAIL,
            self._("Impossible e-mail address:"),
        )
        if not email:
            result.warn(self._("No e-mail address: bills cannot be sent by e-mail."))
        return email
