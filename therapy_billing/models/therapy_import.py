from odoo import fields, models


class TherapyImport(models.Model):
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
    file = fields.Binary(string="CSV File", attachment=True)
    file_name = fields.Char()
    dry_run = fields.Boolean(
        string="Only Check", help="Read the file and show the result; keep nothing."
    )
    state = fields.Selection(
        [("draft", "New"), ("checked", "Checked"), ("done", "Imported")],
        required=True,
        default="draft",
        readonly=True,
    )
    line_ids = fields.One2many("therapy.import.line", "import_id", readonly=True)
    imported_count = fields.Integer(readonly=True)
    unchanged_count = fields.Integer(readonly=True)
    warning_count = fields.Integer(readonly=True)
    rejected_count = fields.Integer(readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    def _compute_name(self):
        """Name the import after its file."""
        for record in self:
            record.name = record.file_name or self.env._("Import")

    def action_import(self):
        """Read the file.

        :return: True
        """
        return True
