"""services.csv: code, name, minutes, minutes per unit, rate per unit."""

from odoo import Command
from odoo.exceptions import AccessError

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Importer, Rejected, Result

CODE = "Service Code"
NAME = "Name"
MINUTES = "Minutes"
PER_UNIT = "Minutes Per Unit"
RATE = "Rate Per Unit"


def parse_minutes(text: str) -> int:
    """Return whole minutes of at most a day; nothing is 0.

    >>> parse_minutes(""), parse_minutes("15")
    (0, 15)
    >>> parse_minutes("-1")
    Traceback (most recent call last):
    ...
    ValueError: -1

    :param str text: the cell
    :return: minutes
    :rtype: int
    :raise ValueError: if it is no whole number from 0 to 1440
    """
    number = rows_tool.parse_number(text or "0")
    if number != int(number) or not 0 <= number <= 1440:
        raise ValueError(text)
    return int(number)


class ServicesImporter(Importer):
    """Reads the practice's services; a known code gets the file's values."""

    columns = (CODE, NAME, RATE)
    optional = (MINUTES, PER_UNIT)

    def run(self, content):
        """Override to say at once who may import services. See :meth:`Importer.run`.

        :raise AccessError: if the user may not create services
        """
        if not self.env["product.template"].has_access("create"):
            raise AccessError(self._("Only managers can import services."))
        return super().run(content)

    def read_rows(self, rows):
        """Read the services. See :meth:`Importer.read_rows`."""
        known = self._get_known()
        seen, new, results = {}, [], []
        for row in rows:
            result = Result(row, key=row.cells[CODE])
            results.append(result)
            try:
                vals = self._prepare_vals(row)
            except Rejected as rejected:
                result.reject(str(rejected))
                continue
            code = vals["therapy_code"]
            if code in seen:
                self._read_again(result, seen[code], vals)
                continue
            seen[code] = vals
            if service := known.get(code):
                self._update(result, service, vals)
            else:
                new.append((self._prepare_new_vals(vals), [result]))
        self.create_records("product.template", new)
        return results

    def _get_known(self):
        """Return the practice's services by code.

        :return: `product.template` by service code
        :rtype: dict
        """
        services = self.env["product.template"].search(
            [
                ("therapy_code", "!=", False),
                ("company_id", "in", [False, self.company.id]),
            ],
            order="company_id DESC, id",
        )
        return {service.therapy_code: service for service in services}

    def _prepare_vals(self, row):
        """Return the values of a row.

        :param Row row: the row
        :return: values of a `product.template`
        :rtype: dict
        :raise Rejected: if the row cannot be right
        """
        code = row.cells[CODE].replace(" ", "")
        if not code:
            raise Rejected(self._("No service code."))
        if not row.cells[NAME]:
            raise Rejected(self._("No name."))
        optional = dict.fromkeys((MINUTES, PER_UNIT), "") | row.cells
        full = row._replace(cells=optional)
        return {
            "therapy_code": code,
            "name": row.cells[NAME],
            "therapy_minutes": self.parse(
                parse_minutes, full, MINUTES, self._("Impossible minutes:")
            ),
            "therapy_minutes_per_unit": self.parse(
                parse_minutes, full, PER_UNIT, self._("Impossible minutes per unit:")
            ),
            "list_price": float(
                self.parse(
                    rows_tool.parse_money, full, RATE, self._("Impossible rate:")
                )
            ),
        }

    def _prepare_new_vals(self, vals):
        """Complete the values of a service that is not there yet.

        Health care is not subject to sales tax; a practice that charges some sets it
        on the service.

        :param dict vals: values of the row
        :return: values to create the service
        :rtype: dict
        """
        return {
            **vals,
            "type": "service",
            "sale_ok": True,
            "purchase_ok": False,
            "taxes_id": [Command.clear()],
            "supplier_taxes_id": [Command.clear()],
            "company_id": self.company.id,
        }

    def _read_again(self, result, first, vals):
        """Judge a row that repeats a code.

        :param Result result: the result of the row
        :param dict first: values of the first row with the code
        :param dict vals: values of this row
        """
        if vals == first:
            result.unchanged(self._("The same row stands further up."))
        else:
            result.reject(self._("The code stands further up with other content."))

    def _update(self, result, service, vals):
        """Write what differs to a known service.

        :param Result result: the result of the row
        :param service: the service, a `product.template`
        :param dict vals: values of the row
        """
        rate = vals["list_price"]
        changed = {
            name: value
            for name, value in vals.items()
            if name != "list_price" and service[name] != value
        }
        if self.company.currency_id.compare_amounts(service.list_price, rate):
            changed["list_price"] = rate
        if not changed:
            result.unchanged()
            return
        if self.update_record(service, changed, [result]):
            result.reasons.append(self._("The service was there and got these values."))
