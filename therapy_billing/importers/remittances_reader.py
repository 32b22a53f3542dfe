"""remittances.csv: what the rows of insurers' answers say."""

from odoo import Command
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Importer, Rejected, Result
from .payers_rows import parse_birthdate
from .people import People, patient_key
from .remittances_rows import Answer, parse_adjustments, parse_extra, parse_signed

INSURER = "Insurer"
TRACE = "Trace Number"
DATE = "Payment Date"
TOTAL = "Total"
CLAIM = "Claim"
LAST = "Last Name"
FIRST = "First Name"
DOB = "DOB"
CODE = "Service Code"
CHARGE = "Charge"
ALLOWED = "Allowed"
PAID = "Paid"
ADJUSTMENTS = "Adjustments"


class RemittancesReader(Importer):
    """Reads what the rows say; who inherits from it keeps what is right."""

    columns = (INSURER, TRACE, DATE, TOTAL, CLAIM, CODE, CHARGE, PAID, ADJUSTMENTS)
    optional = (LAST, FIRST, DOB, ALLOWED)

    def read_rows(self, rows):
        """Read the remittances. See :meth:`Importer.read_rows`."""
        self.people = People(self.env, self.company)
        self.claims = self._get_claims({row.cells[CLAIM] for row in rows})
        self.reasons = {}
        results, groups = [], {}
        for row in rows:
            result = Result(row, key=f"{row.cells[TRACE]} {row.cells[CLAIM]}".strip())
            results.append(result)
            try:
                answer = self._parse_row(result)
                self._check_group(answer, groups.setdefault(answer.remittance, []))
            except Rejected as rejected:
                result.reject(str(rejected))
                continue
            groups[answer.remittance].append(answer)
        self._store({key: group for key, group in groups.items() if group})
        return results

    # === READING === #

    def _get_claims(self, names):
        """Return the sessions that a file names, in a few queries.

        :param set names: numbers of insurers' bills or sessions, or external ids
        :return: sessions by name
        :rtype: dict
        """
        names = list(names - {""})
        in_company = Domain("company_id", "=", self.company.id)
        sessions = self.env["therapy.session"].search(
            in_company
            & (Domain("external_id", "in", names) | Domain("name", "in", names))
        )
        bills = self.env["account.move"].search(
            in_company
            & Domain("name", "in", names)
            & Domain("claim_session_id", "!=", False)
        )
        claims = {bill.name: bill.claim_session_id for bill in bills}
        claims.update({session.name: session for session in sessions})
        claims.update({x.external_id: x for x in sessions if x.external_id})
        return claims

    def _parse_row(self, result):
        """Return a row's content.

        :param Result result: the result of the row
        :return: the content
        :rtype: Answer
        :raise Rejected: if the row cannot be right
        """
        row, cells = result.row, result.row.cells
        insurer = self.people.insurers.get(rows_tool.fold(cells[INSURER]))
        if not insurer:
            raise Rejected(self._("The insurer is not known."))
        trace = " ".join(cells[TRACE].upper().split())
        if not trace:
            raise Rejected(self._("No trace number."))
        day = self.parse(rows_tool.parse_date, row, DATE, self._("Impossible date:"))
        total = self.parse(
            rows_tool.parse_money, row, TOTAL, self._("Impossible total:")
        )
        if cells[CLAIM]:
            service = self._find_service(cells, self._find_session(row))
            vals = self._parse_amounts(row)
        else:
            service = self.env["therapy.session.line"]
            kind, amount = self.parse(
                parse_extra,
                row,
                ADJUSTMENTS,
                self._("Without a claim it is “interest 1.23” or “withheld -1.23”:"),
            )
            vals = {"kind": kind, "amount": float(amount)}
        return Answer(result, insurer, trace, day, total, service, vals)

    def _find_session(self, row):
        """Return the session of a claim.

        :param Row row: the row
        :return: the session
        :rtype: recordset of `therapy.session`
        :raise Rejected: if there is none, or it is another patient's
        """
        cells = row.cells
        session = self.claims.get(cells[CLAIM])
        if not session:
            raise Rejected(self._("The claim is not known."))
        if not cells.get(LAST):
            return session
        patient = session.patient_id
        birthdate = patient.birthdate
        if cells.get(DOB):
            birthdate = self.parse(
                parse_birthdate, row, DOB, self._("Impossible date of birth:")
            )
        key = patient_key(cells[LAST], cells.get(FIRST, ""), birthdate)
        if self.people.patients.get(key) != patient:
            raise Rejected(self._("The claim is another patient's."))
        return session

    def _find_service(self, cells, session):
        """Return the service of a claim.

        :param dict cells: the cells
        :param session: the session
        :return: the session line
        :rtype: recordset of `therapy.session.line`
        :raise Rejected: if there is none or more than one
        """
        services = session._get_billable_lines()
        if cells[CODE]:
            code = cells[CODE].replace(" ", "")
            services = services.filtered(lambda line: line.therapy_code == code)
        if len(services) != 1:
            raise Rejected(
                self._("The claim has no service with this code, or several.")
            )
        return services

    def _parse_amounts(self, row) -> dict:
        """Return what the insurer says about a service.

        :param Row row: the row
        :return: values of a `therapy.remittance.line`
        :rtype: dict
        :raise Rejected: if an amount cannot be right
        """
        full = row._replace(cells={ALLOWED: ""} | row.cells)
        amounts = {
            name: self.parse(parse_signed, full, column, self._("Impossible amount:"))
            for name, column in (
                ("charge", CHARGE),
                ("allowed", ALLOWED),
                ("paid", PAID),
            )
        }
        adjustments = self.parse(
            parse_adjustments, row, ADJUSTMENTS, self._("Impossible adjustment:")
        )
        rest = amounts["charge"] - amounts["paid"]
        if sum(amount for _group, _code, amount in adjustments) != rest:
            raise Rejected(self._("Paid and adjustments do not add up to the charge."))
        commands = [
            Command.create(
                {"reason_id": self._find_reason(*key), "amount": float(amount)}
            )
            for *key, amount in adjustments
        ]
        vals = {name: float(amount) for name, amount in amounts.items()}
        return {**vals, "adjustment_ids": commands}

    def _find_reason(self, group, code):
        """Return the id of a reason; a new one is made.

        :param str group: CO, PR, OA or PI
        :param str code: number of the reason
        :return: the id
        :rtype: int
        """
        if (group, code) not in self.reasons:
            Reason = self.env["therapy.remittance.reason"]
            self.reasons[group, code] = Reason._therapy_find(group, code).id
        return self.reasons[group, code]

    def _check_group(self, answer, group):
        """Refuse a row that contradicts the rows of the same remittance.

        :param Answer answer: the row
        :param list group: the rows before it
        :raise Rejected: if it does
        """
        if not group:
            return
        if (answer.day, answer.total) != (group[0].day, group[0].total):
            raise Rejected(
                self._("Another row of this trace number has another date or total.")
            )
        if answer.service and answer.key in {row.key for row in group}:
            raise Rejected(self._("The service is on this remittance twice."))

    def _store(self, groups):
        """Keep what was read.

        :param dict groups: rows by (insurer, trace number)
        """
        raise NotImplementedError
