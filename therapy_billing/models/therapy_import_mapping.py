from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.importers import IMPORTERS
from odoo.addons.therapy_billing.tools import mapping, rows


class TherapyImportMapping(models.Model):
    """How the files of another program are read: which column is which."""

    _name = "therapy.import.mapping"
    _description = "Columns of Another Program"
    _order = "kind, name, id"

    name = fields.Char(required=True, help="The program the files come from.")
    kind = fields.Selection(
        selection=lambda self: (
            self.env["therapy.import"]._fields["kind"]._description_selection(self.env)
        ),
        required=True,
        readonly=True,
    )
    headers = fields.Text(
        string="Columns of the File",
        readonly=True,
        help="As in the file that the mapping was made from, separated by commas.",
    )
    date_order = fields.Selection(
        [
            ("mdy", "Month / day / year"),
            ("dmy", "Day / month / year"),
            ("ymd", "Year - month - day"),
        ],
        string="Dates",
        required=True,
        default="mdy",
    )
    decimal_sign = fields.Selection(
        [(".", "1,234.50"), (",", "1.234,50")],
        string="Numbers",
        required=True,
        default=".",
    )
    line_ids = fields.One2many("therapy.import.mapping.line", "mapping_id", copy=True)
    missing = fields.Char(
        string="Still Missing",
        compute="_compute_missing",
        help="Columns that every file must have.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    @api.depends("line_ids.header", "line_ids.constant", "line_ids.required")
    def _compute_missing(self):
        """List what must come from somewhere and does not."""
        for record in self:
            record.missing = ", ".join(
                line.target
                for line in record.line_ids
                if line.required and not line.header and not line.constant
            )

    @api.model
    def _therapy_create_from(self, kind, content, name, company):
        """Return a new mapping, guessed from the columns of a file.

        :param str kind: kind of file, of `therapy.import`
        :param bytes content: the file
        :param str name: name of the file
        :param company: the practice
        :return: the mapping
        :rtype: recordset of `therapy.import.mapping`
        :raise UserError: if the file has no columns
        """
        headers = rows.read_header(content)
        if len(headers) < 2:
            raise UserError(
                self.env._("The first row of the file does not name its columns.")
            )
        importer = IMPORTERS[kind]
        optional = tuple(importer.optional)
        guessed = mapping.guess(headers, importer.columns + optional)
        return self.create(
            {
                "name": name or self.env._("Other program"),
                "kind": kind,
                "headers": ", ".join(headers),
                "company_id": company.id,
                "line_ids": [
                    fields.Command.create(
                        {
                            "target": target,
                            "required": target in importer.columns,
                            "header": guessed.get(target),
                        }
                    )
                    for target in importer.columns + optional
                ],
            }
        )

    def _therapy_translate(self, file_rows) -> list:
        """Return the rows of a file in our columns.

        Note: self.ensure_one()

        :param list file_rows: rows as read from the file
        :return: the same rows in our columns
        :rtype: list
        :raise UserError: if a column is missing in the mapping or in the file
        """
        self.ensure_one()
        if self.missing:
            raise UserError(
                self.env._(
                    "“%(name)s” does not say where these come from: %(columns)s.",
                    name=self.name,
                    columns=self.missing,
                )
            )
        columns = self.line_ids._therapy_get_columns()
        there = set(file_rows[0].cells) if file_rows else set()
        wanted = {column.header for column in columns if column.header}
        if file_rows and (lost := sorted(wanted - there)):
            raise UserError(
                self.env._(
                    "The file has no column %(names)s, which “%(mapping)s” reads.",
                    names=", ".join(lost),
                    mapping=self.name,
                )
            )
        return [
            row._replace(
                cells=mapping.translate(
                    row.cells, columns, self.date_order, self.decimal_sign
                )
            )
            for row in file_rows
        ]
