"""schedule.csv: one row per service of a session."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from odoo.addons.therapy_billing.tools import clock
from odoo.addons.therapy_billing.tools import rows as rows_tool
from odoo.addons.therapy_billing.tools.codes import format_modifiers, parse_pos
from odoo.addons.therapy_billing.tools.npi import npi_ok

from .base import Importer, Rejected, Result
from .people import patient_key
from .services import parse_minutes

SESSION = "Session ID"
DATE = "Date"
TIME = "Start Time"
TYPE = "Type"
CLINICIAN = "Clinician Name"
CLINICIAN_TYPE = "Clinician Type"
NPI = "Clinician NPI"
LAST = "Last Name"
FIRST = "First Name"
DOB = "DOB"
MEMBER = "Member ID"
INSURER = "Primary Insurer Name"
CODE = "Service Code"
UNITS = "Units"
MINUTES = "Minutes"
POS = "POS"
MODIFIERS = "Modifiers"

STATES = {
    "appointment": "held",
    "held": "held",
    "scheduled": "scheduled",
    "missed appointment": "missed",
    "missed": "missed",
    "no show": "missed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "cancelled appointment": "cancelled",
    "late cancelled": "late_cancelled",
    "late canceled": "late_cancelled",
    "late cancellation": "late_cancelled",
}


def parse_units(text: str) -> Decimal:
    """Return units from 0 to 96, a day in quarters of an hour.

    >>> parse_units("8"), parse_units("0.5")
    (Decimal('8'), Decimal('0.5'))
    >>> parse_units("97")
    Traceback (most recent call last):
    ...
    ValueError: 97

    :param str text: the cell
    :return: the units
    :rtype: Decimal
    :raise ValueError: if they are out of range or too fine
    """
    units = rows_tool.parse_number(text)
    if not 0 <= units <= 96 or units != units.quantize(Decimal("0.01")):
        raise ValueError(text)
    return units


@dataclass
class Service:
    """A parsed row: one service of a session."""

    result: Result
    session: str
    code: str
    patient: object
    day: date
    start: datetime
    state: str
    provider: tuple
    product: object
    units: Decimal
    minutes: int
    key: str
    pos: str = ""
    modifiers: str = ""

    @property
    def header(self):
        """Return what all rows of a session must share."""
        return (self.patient.id, self.day, self.state)


class ScheduleParser(Importer):
    """Turns rows into :class:`Service`, given what is there already."""

    columns = (SESSION, DATE, TIME, TYPE, CLINICIAN, LAST, FIRST, DOB, CODE, UNITS)
    optional = (
        "Appointment Type",
        "Billing Method",
        CLINICIAN_TYPE,
        NPI,
        MEMBER,
        INSURER,
        "In Network",
        MINUTES,
        POS,
        MODIFIERS,
    )

    def _get_fingerprint(self, row):
        """Return the fingerprint of the columns that make up the shape of the file.

        :param Row row: the row
        :return: the fingerprint
        :rtype: str
        """
        return rows_tool.fingerprint(
            {name: row.cells[name] for name in self.columns + self.optional}
        )

    def _parse_row(self, result, row, content):
        """Return a row's content.

        :param Result result: the result of the row
        :param Row row: the row
        :param str content: fingerprint of the row
        :return: the content
        :rtype: Service
        :raise Rejected: if the row cannot be right
        """
        cells = row.cells
        day = self.parse(rows_tool.parse_date, row, DATE, self._("Impossible date:"))
        hour = self.parse(rows_tool.parse_time, row, TIME, self._("Impossible time:"))
        state = STATES.get(rows_tool.fold(cells[TYPE]))
        if not state:
            raise Rejected(self._("Unknown type: “%(type)s”", type=cells[TYPE]))
        patient = self._find_patient(row, day)
        product = self.services.get(cells[CODE])
        if not product:
            raise Rejected(self._("Unknown service: “%(code)s”", code=cells[CODE]))
        units = self.parse(parse_units, row, UNITS, self._("Impossible units:"))
        start = clock.to_utc(datetime.combine(day, hour), self.company.therapy_tz)
        return Service(
            result=result,
            session=cells[SESSION],
            code=cells[CODE],
            patient=patient,
            day=day,
            start=start,
            state=state,
            provider=self._parse_provider(result, cells),
            product=product,
            units=units,
            minutes=self._parse_minutes(result, row, product),
            key=content,
            pos=self._parse_code(result, cells[POS], parse_pos),
            modifiers=self._parse_code(result, cells[MODIFIERS], format_modifiers),
        )

    def _find_patient(self, row, day):
        """Return the row's patient.

        :param Row row: the row
        :param date day: the date of service
        :return: a `res.partner`
        :raise Rejected: if nobody or not exactly 100 percent pays for the patient
        """
        cells = row.cells
        birthdate = self.parse(
            rows_tool.parse_date, row, DOB, self._("Impossible date of birth:")
        )
        key = patient_key(cells[LAST], cells[FIRST], birthdate)
        patient = self.people.patients.get(key)
        if not patient:
            raise Rejected(
                self._(
                    "Unknown patient: %(first)s %(last)s, born %(birthdate)s",
                    first=cells[FIRST],
                    last=cells[LAST],
                    birthdate=cells[DOB],
                )
            )
        if (key, day) not in self.problems:
            guarantors = patient.guarantor_ids.filtered(
                lambda guarantor: guarantor.company_id == self.company
            )
            self.problems[key, day] = guarantors._therapy_get_problem(day)
        if self.problems[key, day]:
            raise Rejected(self.problems[key, day])
        return patient

    def _parse_provider(self, result, cells):
        """Return the clinician's identity.

        :param Result result: the result of the row
        :param dict cells: the cells
        :return: (key in the index of people, name, NPI or empty, type)
        :rtype: tuple
        """
        last, comma, first = cells[CLINICIAN].partition(",")
        name = rows_tool.clean(f"{first} {last}") if comma else cells[CLINICIAN]
        npi = cells[NPI]
        if npi and not npi_ok(npi):
            result.warn(self._("“%(npi)s” is not an NPI; it was not kept.", npi=npi))
            npi = ""
        if not name:
            result.warn(self._("No clinician."))
            return ("", "", "", "")
        return (npi or rows_tool.fold(name), name, npi, cells[CLINICIAN_TYPE])

    def _parse_minutes(self, result, row, product):
        """Return the minutes; what is missing or impossible is the usual length.

        :param Result result: the result of the row
        :param Row row: the row
        :param product: the service
        :return: minutes
        :rtype: int
        """
        text = row.cells[MINUTES]
        if not text:
            return product.therapy_minutes
        try:
            return parse_minutes(text)
        except ValueError:
            result.warn(
                self._("“%(text)s” are no minutes; the usual were taken.", text=text)
            )
            return product.therapy_minutes

    def _parse_code(self, result, text, parser):
        """Return a place of service or modifiers; impossible ones are not kept.

        :param Result result: the result of the row
        :param str text: the cell
        :param parser: function of the text that may raise ValueError
        :return: the code, or nothing
        :rtype: str
        """
        try:
            return parser(text)
        except ValueError:
            result.warn(
                self._(
                    "“%(text)s” is no place of service or modifier; it was not kept.",
                    text=text,
                )
            )
            return ""
