import base64
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.importers import IMPORTERS


class TherapyImport(models.Model):
    """One file of a practice, and what became of each of its rows."""

    _name = "therapy.import"
    _description = "Import of a Practice's File"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    kind = fields.Selection(
        [
            ("services", "Services"),
            ("payers", "Payers"),
            ("schedule", "Schedule"),
        ],
        required=True,
        default="schedule",
    )
    file = fields.Binary(
        string="CSV File",
        attachment=True,
        help="The file is not kept once it was imported.",
    )
    file_name = fields.Char()
    dry_run = fields.Boolean(
        string="Only Check", help="Read the file and show the result; keep nothing."
    )
    state = fields.Selection(
        [("draft", "New"), ("checked", "Checked"), ("done", "Imported")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    columns = fields.Char(compute="_compute_columns")
    line_ids = fields.One2many(
        "therapy.import.line", "import_id", string="Rows", readonly=True, copy=False
    )
    odd_line_ids = fields.One2many(
        "therapy.import.line",
        "import_id",
        string="Rows to Look at",
        domain=[("state", "in", ("rejected", "warning"))],
        readonly=True,
        copy=False,
    )
    row_count = fields.Integer(string="Rows Read", readonly=True, copy=False)
    imported_count = fields.Integer(string="Imported", readonly=True, copy=False)
    unchanged_count = fields.Integer(string="Unchanged", readonly=True, copy=False)
    warning_count = fields.Integer(string="Warnings", readonly=True, copy=False)
    rejected_count = fields.Integer(string="Rejected", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    @api.depends("file_name", "kind")
    def _compute_name(self):
        """Name the import after its file."""
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for record in self:
            record.name = record.file_name or kinds.get(record.kind)

    @api.depends("kind")
    def _compute_columns(self):
        """Tell which columns a file of this kind must have."""
        for record in self:
            importer = IMPORTERS.get(record.kind)
            record.columns = importer and ", ".join(importer.columns)

    # === ACTION METHODS === #

    def action_check(self):
        """Read the file and show what would become of each row; keep nothing else.

        :return: True
        """
        for record in self:
            record._read_file(dry_run=True)
        return True

    def action_import(self):
        """Import the file and show what became of each row.

        With "only check" nothing but the result is kept.

        :return: True
        """
        for record in self:
            record._read_file(dry_run=record.dry_run)
        return True

    def action_view_rows(self):
        """Open the rows of one result, the one in the context.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        state = self.env.context.get("therapy_row_state")
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "therapy.import.line",
            "view_mode": "list",
            "domain": [
                ("import_id", "=", self.id),
                *([("state", "=", state)] if state else []),
            ],
        }

    # === BUSINESS METHODS === #

    def _read_file(self, dry_run):
        """Read the file and store one result per row.

        Note: self.ensure_one()

        :param bool dry_run: whether to take everything back afterwards
        :raise UserError: if there is no file, or it is not of its kind
        """
        self.ensure_one()
        if self.state == "done":
            raise UserError(self.env._("This file has been imported already."))
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        content = base64.b64decode(self.file)
        savepoint = self.env.cr.savepoint()
        try:
            importer = self._get_importer()
            results = [result.prepare_values() for result in importer.run(content)]
        except Exception:
            savepoint.close(rollback=True)
            raise
        savepoint.close(rollback=dry_run)
        self._store_results(results, dry_run)

    def _get_importer(self):
        """Return the reader of this kind of file.

        For a module to read other files, it must override this method and call super.

        Note: self.ensure_one()

        :return: the reader
        :rtype: Importer
        """
        self.ensure_one()
        return IMPORTERS[self.kind](self.env, self.company_id)

    def _store_results(self, results, dry_run):
        """Replace the result lines.

        :param list results: values of result lines
        :param bool dry_run: whether the file was only checked
        """
        self.line_ids.unlink()
        self.invalidate_recordset(["odd_line_ids"])
        self.env["therapy.import.line"].create(
            [{"import_id": self.id, **values} for values in results]
        )
        counts = Counter(values["state"] for values in results)
        vals = {
            f"{state}_count": counts[state]
            for state in ("imported", "unchanged", "warning", "rejected")
        }
        vals.update(row_count=len(results), state="checked" if dry_run else "done")
        if not dry_run:
            vals["file"] = False
        self.write(vals)
