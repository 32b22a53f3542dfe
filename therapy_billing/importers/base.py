"""What all readers share: checks row by row, creation in batches, results."""

import logging
from dataclasses import dataclass, field

import psycopg2

from odoo.exceptions import AccessError, UserError

from odoo.addons.therapy_billing.tools import errors
from odoo.addons.therapy_billing.tools import rows as rows_tool

_logger = logging.getLogger(__name__)


class Rejected(Exception):
    """A row that cannot be right; the argument is the reason in plain words."""


@dataclass
class Result:
    """What became of one row."""

    row: rows_tool.Row
    key: str = ""
    state: str = "imported"
    reasons: list[str] = field(default_factory=list)

    def reject(self, reason: str):
        """Mark the row as rejected; whatever else was said no longer matters.

        :param str reason: why, in plain words
        """
        self.state = "rejected"
        self.reasons = [reason]

    def warn(self, reason: str):
        """Mark the row as imported with a warning.

        :param str reason: what is odd about it, in plain words
        """
        if self.state == "imported":
            self.state = "warning"
        self.reasons.append(reason)

    def unchanged(self, reason: str = ""):
        """Mark the row as changing nothing.

        :param str reason: why, in plain words, if there is something to say
        """
        self.state = "unchanged"
        self.reasons = [reason] if reason else []

    def prepare_values(self) -> dict:
        """Return the values of the result line shown to the user.

        :return: values of a `therapy.import.line`
        :rtype: dict
        """
        return {
            "row_number": self.row.number,
            "key": self.key,
            "state": self.state,
            "reason": " ".join(self.reasons) or False,
        }


class Importer:
    """Base of the readers: one instance reads one file for one company."""

    #: Columns that the file must have.
    columns: tuple[str, ...] = ()
    #: Columns that are read when they are there.
    optional: tuple[str, ...] = ()
    #: How another program's columns are read, a `therapy.import.mapping`, or nothing.
    mapping = None

    def __init__(self, env, company):
        """Keep the environment of the user who imports.

        :param env: the environment
        :param company: the practice, a `res.company`
        """
        self.company = company
        self.env = env(
            context=dict(
                env.context,
                allowed_company_ids=company.ids,
                # A thousand records need no message each; the import keeps its own.
                tracking_disable=True,
                mail_create_nolog=True,
                mail_create_nosubscribe=True,
            )
        )
        self._ = env._

    def run(self, content: bytes) -> list[Result]:
        """Read a file.

        :param bytes content: the file
        :return: one result per row that is not blank, in order
        :rtype: list[Result]
        :raise UserError: if the file is not of this kind
        """
        try:
            if self.mapping:
                rows = self._read_mapped(content)
            else:
                rows = rows_tool.read_csv(content, self.columns)
        except rows_tool.Unreadable as error:
            raise UserError(
                self._(
                    "Row %(number)s of the file cannot be read: a quotation mark is "
                    "missing there, or one is too many.",
                    number=str(error),
                )
            ) from None
        except ValueError as error:
            raise UserError(
                self._(
                    "This is not a file of this kind: it has no column %(names)s. "
                    "If it comes from another program, press “Other Columns”.",
                    names=str(error),
                )
            ) from None
        return self.read_rows(rows)

    def _read_mapped(self, content) -> list:
        """Return the rows of another program's file in our columns.

        :param bytes content: the file
        :return: the rows
        :rtype: list
        :raise UserError: if a column is missing
        """
        rows = self.mapping._therapy_translate(rows_tool.read_csv(content, ()))
        blank = dict.fromkeys(self.columns, "")
        return [row._replace(cells=blank | row.cells) for row in rows]

    def read_rows(self, rows) -> list[Result]:
        """Read the rows and keep what is right.

        :param list rows: the rows
        :return: one result per row, in order
        :rtype: list[Result]
        """
        raise NotImplementedError

    def parse(self, parser, row, column, reason):
        """Return a parsed cell, or refuse the row.

        :param parser: function of the cell's text that may raise ValueError
        :param Row row: the row
        :param str column: name of the column
        :param str reason: why the row is refused otherwise, with a %s for the text
        :return: what the parser returns
        :raise Rejected: if the cell cannot be right
        """
        text = row.cells[column]
        try:
            return parser(text)
        except ValueError:
            raise Rejected(f"{reason} “{text}”") from None

    def create_records(self, model, prepared):
        """Create records in one batch; if that fails, one by one.

        :param str model: name of the model
        :param list prepared: pairs of values and the results they come from; when a
            record cannot be created, its results are rejected
        :return: a record, maybe empty, per pair
        :rtype: list
        """
        Model = self.env[model]
        if not prepared:
            return []
        try:
            with self.env.cr.savepoint():
                records = Model.create([vals for vals, _results in prepared])
                self.env.flush_all()
                return list(records)
        except AccessError:
            raise
        except (UserError, psycopg2.IntegrityError):
            _logger.info("A batch of %s failed; trying row by row.", model)
        return [self._create_one(Model, vals, results) for vals, results in prepared]

    def update_record(self, record, vals, results) -> bool:
        """Write values to a record, or reject the results they come from.

        :param record: the record
        :param dict vals: the values
        :param list results: results to reject if they cannot be written
        :return: whether they were written
        :rtype: bool
        """
        try:
            with self.env.cr.savepoint():
                record.write(vals)
                self.env.flush_all()
                return True
        except AccessError:
            raise
        except (UserError, psycopg2.IntegrityError) as error:
            for result in results:
                result.reject(errors.describe(self.env, error))
            return False

    def _create_one(self, Model, vals, results):
        """Create one record, or reject the results it comes from.

        :param Model: the empty recordset
        :param dict vals: the values
        :param list results: results to reject if the record cannot be created
        :return: the record, or the empty recordset
        """
        try:
            with self.env.cr.savepoint():
                record = Model.create([vals])
                self.env.flush_all()
                return record
        except AccessError:
            raise
        except (UserError, psycopg2.IntegrityError) as error:
            for result in results:
                result.reject(errors.describe(self.env, error))
            return Model
