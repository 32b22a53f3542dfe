from odoo import api, fields, models


class TherapyNumberedMixin(models.AbstractModel):
    """Records of one practice that get a number of their own when they are made.

    The number comes from the sequence whose code is the name of the model.
    """

    _name = "therapy.numbered.mixin"
    _description = "Numbered Record of a Practice"

    name = fields.Char(
        string="Number",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("New"),
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.model_create_multi
    def create(self, vals_list):
        """Number the records.

        :param list vals_list: values of the records
        :return: the records
        """
        # sudo: whoever may make such a record need not read sequences.
        sequence_sudo = self.env["ir.sequence"].sudo()  # sudo: see the line above
        for vals in vals_list:
            if not vals.get("name"):
                vals["name"] = sequence_sudo.next_by_code(self._name)
        return super().create(vals_list)
