from odoo import fields, models


class TherapyImportLine(models.Model):
    _name = "therapy.import.line"
    _description = "Result of an Imported Row"
    _order = "import_id, row_number, id"

    import_id = fields.Many2one(
        "therapy.import", required=True, index=True, ondelete="cascade"
    )
    row_number = fields.Integer(string="Row", help="As a spreadsheet counts them.")
    key = fields.Char(help="What identifies the row in the file.")
    state = fields.Selection(
        [
            ("imported", "Imported"),
            ("unchanged", "Unchanged"),
            ("warning", "Imported with a warning"),
            ("rejected", "Rejected"),
        ],
        required=True,
    )
    reason = fields.Char()
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True)
