"""schedule.csv: creates sessions with their services."""

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Rejected, Result
from .people import People, patient_key
from .schedule_rows import (
    CODE,
    DOB,
    FIRST,
    INSURER,
    LAST,
    MEMBER,
    SESSION,
    ScheduleParser,
)


class ScheduleImporter(ScheduleParser):
    """Reads sessions; a session is known by its ID, a row by ID and service code."""

    def read_rows(self, rows):
        """Read the sessions. See :meth:`Importer.read_rows`."""
        self.people = People(self.env, self.company)
        self.services = self._get_services()
        self.known = self._get_known(rows)
        self.problems = {}
        results, new, more = [], {}, {}
        for row in rows:
            row = row._replace(cells=dict.fromkeys(self.optional, "") | row.cells)
            result = Result(row, key=f"{row.cells[SESSION]} / {row.cells[CODE]}")
            results.append(result)
            try:
                self._read_row(result, row, new, more)
            except Rejected as rejected:
                result.reject(str(rejected))
        accepted = [*new.values(), *more.values()]
        self._create_providers([service for group in accepted for service in group])
        self._create_sessions(new.values())
        self._create_lines([service for group in more.values() for service in group])
        self._compare_units([service for group in accepted for service in group])
        self._fill_member_numbers(results)
        return results

    # === WHAT IS THERE === #

    def _get_services(self):
        """Return the practice's services by code.

        :return: `product.product` by service code
        :rtype: dict
        """
        products = self.env["product.product"].search(
            [
                ("therapy_code", "!=", False),
                ("company_id", "in", [False, self.company.id]),
            ],
            order="company_id DESC, id DESC",
        )
        return {product.therapy_code: product for product in products}

    def _get_known(self, rows):
        """Return the sessions of the file that are there already.

        :param list rows: the rows
        :return: `therapy.session` by external ID
        :rtype: dict
        """
        sessions = self.env["therapy.session"].search(
            [
                ("external_id", "in", list({row.cells[SESSION] for row in rows})),
                ("company_id", "=", self.company.id),
            ]
        )
        return {session.external_id: session for session in sessions}

    # === ROW BY ROW === #

    def _read_row(self, result, row, new, more):
        """Judge one row and sort it in.

        :param Result result: the result of the row
        :param Row row: the row
        :param dict new: services of new sessions by session ID; may get the row
        :param dict more: new services of known sessions by ID; may get the row
        :raise Rejected: if the row cannot be right
        """
        number = row.cells[SESSION]
        if not number:
            raise Rejected(self._("No session ID."))
        content = self._get_fingerprint(row)
        session = self.known.get(number)
        groups = more if session else new
        group = groups.get(number, [])
        if self._is_known(result, content, group, session):
            return
        service = self._parse_row(result, row, content)
        if session:
            self._check_known_session(service, session)
        elif group:
            self._check_header(service, group[0].header)
        groups.setdefault(number, []).append(service)

    def _is_known(self, result, content, group, session):
        """Judge a row whose key is there already, in the file or in the database.

        :param Result result: the result of the row
        :param str content: fingerprint of the row
        :param list group: services of the session accepted before
        :param session: the known session, if any
        :return: whether the row is there already with the same content
        :rtype: bool
        :raise Rejected: if it is there with other content
        """
        code = result.row.cells[CODE]
        keys = [service.key for service in group if service.code == code]
        if session:
            keys += [
                line.import_key
                for line in session.line_ids
                if line.product_id.therapy_code == code
            ]
        if not keys:
            return False
        if content not in keys:
            raise Rejected(
                self._("Session and service are there already with other content.")
            )
        result.unchanged()
        return True

    def _check_header(self, service, header):
        """Refuse a row that contradicts the first row of its session.

        :param Service service: the row
        :param tuple header: patient, date and state of the session
        :raise Rejected: if patient, date or type differ
        """
        if service.header != header:
            raise Rejected(
                self._(
                    "The session is there already with another patient, date or type."
                )
            )

    def _check_known_session(self, service, session):
        """Refuse a new service of a known session that contradicts it or is billed.

        :param Service service: the row
        :param session: the known session
        :raise Rejected: if it contradicts the session or the session was billed
        """
        self._check_header(
            service, (session.patient_id.id, session.date, session.state)
        )
        if session.is_locked:
            raise Rejected(self._("The session has been billed."))

    # === CREATION === #

    def _create_providers(self, services):
        """Create the clinicians that are not there yet.

        :param list services: the accepted rows
        """
        new = {}
        for service in services:
            key, name, npi, function = service.provider
            if not key or key in self.people.providers or key in new:
                continue
            known = self.people.providers.get(rows_tool.fold(name))
            if known and not known.npi:
                # Somebody entered by name; the file knows the number too.
                known.npi = npi
                self.people.add_provider(known)
            else:
                vals = {
                    "name": name,
                    "npi": npi or False,
                    "function": function or False,
                    "is_provider": True,
                    "company_id": self.company.id,
                }
                new[key] = (vals, [])
        created = self.create_records("res.partner", list(new.values()))
        self.people.providers.update(zip(new, created, strict=True))

    def _create_sessions(self, groups):
        """Create the new sessions with their services.

        :param groups: lists of `Service`, one per session
        """
        prepared = []
        for group in groups:
            head = group[0]
            for service in group[1:]:
                if (service.start, service.provider) != (head.start, head.provider):
                    service.result.warn(
                        self._(
                            "Time or clinician differ from the session's first row, "
                            "which stands."
                        )
                    )
            provider = self.people.providers.get(head.provider[0])
            vals = {
                "external_id": head.session,
                "patient_id": head.patient.id,
                "provider_id": provider and provider.id,
                "start": head.start,
                "state": head.state,
                "company_id": self.company.id,
                "line_ids": [
                    (0, 0, {**self._prepare_line_vals(service), "sequence": index * 10})
                    for index, service in enumerate(group, start=1)
                ],
            }
            prepared.append((vals, [service.result for service in group]))
        self.create_records("therapy.session", prepared)

    def _create_lines(self, services):
        """Create new services of known sessions.

        :param list services: the rows
        """
        prepared = []
        for service in services:
            session = self.known[service.session]
            vals = self._prepare_line_vals(service)
            vals["session_id"] = session.id
            vals["sequence"] = len(session.line_ids) * 10 + 10
            prepared.append((vals, [service.result]))
        self.create_records("therapy.session.line", prepared)

    def _prepare_line_vals(self, service):
        """Return the values of a session line.

        :param Service service: the row
        :return: values of a `therapy.session.line`
        :rtype: dict
        """
        return {
            "product_id": service.product.id,
            "units": float(service.units),
            "minutes": service.minutes,
            "units_given": True,
            "modifiers": service.modifiers or False,
            "import_key": service.key,
            **({"pos": service.pos} if service.pos else {}),
        }

    def _compare_units(self, services):
        """Warn where the minutes would give other units; the file's stand.

        :param list services: the accepted rows
        """
        results = {service.key: service.result for service in services}
        lines = self.env["therapy.session.line"].search(
            [
                ("import_key", "in", list(results)),
                ("company_id", "=", self.company.id),
            ]
        )
        expected = lines._get_expected_units()
        for line in lines:
            if line.units != expected[line][0]:
                results[line.import_key].warn(line.unit_note)

    def _fill_member_numbers(self, results):
        """Keep the member number that the schedule tells for a known coverage.

        :param list results: the results of the rows
        """
        for result in results:
            cells = result.row.cells
            number, insurer = cells[MEMBER], cells[INSURER]
            if result.state == "rejected" or not number or not insurer:
                continue
            birthdate = rows_tool.parse_date(cells[DOB])
            patient = self.people.patients.get(
                patient_key(cells[LAST], cells[FIRST], birthdate)
            )
            for coverage in patient.coverage_ids if patient else ():
                if (
                    not coverage.member_number
                    and coverage.company_id == self.company
                    and rows_tool.fold(coverage.insurer_id.name)
                    == rows_tool.fold(insurer)
                ):
                    coverage.member_number = number
