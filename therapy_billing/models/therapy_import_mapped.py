import base64

from odoo import fields, models
from odoo.exceptions import UserError


class TherapyImport(models.Model):
    """Files of other programs, read with a saved mapping of their columns."""

    _inherit = "therapy.import"

    mapping_id = fields.Many2one(
        "therapy.import.mapping",
        string="Read With",
        ondelete="set null",
        check_company=True,
        domain="[('kind', '=', kind), ('company_id', '=', company_id)]",
        help="How another program's file is read; empty: the columns named here.",
    )

    def _get_importer(self):
        """Override to read the file with the mapping.

        Note: self.ensure_one()

        :return: the reader
        :rtype: Importer
        """
        importer = super()._get_importer()
        importer.mapping = self.mapping_id
        return importer

    def action_map_columns(self):
        """Make a mapping from the columns of the file, and open it to be completed.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        :raise UserError: if there is no file
        """
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        if not self.mapping_id:
            content = base64.b64decode(self.file)
            self.mapping_id = self.env["therapy.import.mapping"]._therapy_create_from(
                self.kind, content, self.file_name, self.company_id
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Columns of the File"),
            "res_model": "therapy.import.mapping",
            "res_id": self.mapping_id.id,
            "view_mode": "form",
            "target": "new",
        }
