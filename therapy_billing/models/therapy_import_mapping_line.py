from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools import mapping, rows


class TherapyImportMappingLine(models.Model):
    """Where one of our columns comes from."""

    _name = "therapy.import.mapping.line"
    _description = "Column of Another Program"
    _order = "required desc, id"

    mapping_id = fields.Many2one(
        "therapy.import.mapping", required=True, index=True, ondelete="cascade"
    )
    target = fields.Char(string="Our Column", required=True, readonly=True)
    required = fields.Boolean(readonly=True)
    header = fields.Char(string="Column of the File")
    constant = fields.Char(
        string="If Empty", help="What stands for an empty cell, or for all rows."
    )
    words = fields.Char(
        help="What the file's words stand for: Show=held; No Show=missed"
    )
    company_id = fields.Many2one(
        related="mapping_id.company_id", store=True, index=True
    )

    _target_uniq = models.UniqueIndex(
        "(mapping_id, target)", "A column comes from one place."
    )

    @api.constrains("words")
    def _check_words(self):
        """Refuse pairs without an equals sign.

        :raise ValidationError: with the pair
        """
        for line in self:
            try:
                mapping.parse_words(line.words or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Write words as pairs, like Show=held. This is none: %(pair)s",
                        pair=str(error),
                    )
                ) from None

    def _therapy_get_columns(self) -> list:
        """Return the columns that come from somewhere.

        :return: values of `tools.mapping.Column`
        :rtype: list
        """
        return [
            mapping.Column(
                line.target,
                rows.clean(line.header),
                line.constant or "",
                line.words or "",
            )
            for line in self
            if line.header or line.constant
        ]
