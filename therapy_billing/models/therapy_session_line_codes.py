from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools import codes


class TherapySessionLine(models.Model):
    """Modifiers and place of a service, as a claim carries them."""

    _inherit = "therapy.session.line"

    modifiers = fields.Char(help="Up to four modifiers, for example 95 or GT.")
    pos = fields.Char(
        string="Place of Service",
        compute="_compute_pos",
        store=True,
        readonly=False,
        precompute=True,
        help="Two-digit CMS code.",
    )

    @api.depends("product_id")
    def _compute_pos(self):
        """Propose the usual place of the service."""
        for line in self:
            usual = line.product_id.therapy_pos
            line.pos = codes.parse_pos(usual) if usual else line.pos

    @api.constrains("pos", "modifiers")
    def _check_codes(self):
        """Refuse places and modifiers that no claim can carry.

        :raise ValidationError: with the text that cannot be right
        """
        for line in self:
            try:
                codes.parse_pos(line.pos)
                codes.parse_modifiers(line.modifiers)
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "“%(text)s” is no place of service, or no list of up to four "
                        "modifiers of two letters or digits.",
                        text=str(error),
                    )
                ) from None

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Write modifiers and place in the usual way.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        """
        return super().create([self._clean_codes(vals) for vals in vals_list])

    def write(self, vals):
        """Write modifiers and place in the usual way.

        :param dict vals: new values
        :return: True
        """
        return super().write(self._clean_codes(vals))

    def _clean_codes(self, vals):
        """Return values with modifiers and place written in the usual way.

        :param dict vals: values; what cannot be right is left to the constraint
        :return: a copy of the values
        :rtype: dict
        """
        vals = dict(vals)
        for name, clean in (
            ("modifiers", codes.format_modifiers),
            ("pos", codes.parse_pos),
        ):
            if vals.get(name):
                try:
                    vals[name] = clean(vals[name])
                except ValueError:
                    continue
        return vals
