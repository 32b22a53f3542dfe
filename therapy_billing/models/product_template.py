from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _inherit = "product.template"

    therapy_code = fields.Char(
        string="Service Code",
        index="btree_not_null",
        help="CPT or HCPCS code of the service, for example 90837.",
    )
    therapy_minutes = fields.Integer(
        string="Usual Minutes", help="Length of the service as it is scheduled."
    )
    therapy_minutes_per_unit = fields.Integer(
        string="Minutes per Unit",
        help="Length of one billed unit; 0 for an untimed service, billed as 1 unit.",
    )

    _therapy_code_uniq = models.UniqueIndex(
        "(therapy_code, COALESCE(company_id, 0)) "
        "WHERE therapy_code IS NOT NULL AND active",
        "This service code is used by another service.",
    )
    _therapy_minutes_positive = models.Constraint(
        "CHECK(COALESCE(therapy_minutes, 0) >= 0"
        " AND COALESCE(therapy_minutes_per_unit, 0) >= 0)",
        "Minutes cannot be negative.",
    )

    @api.constrains("therapy_code")
    def _check_therapy_code(self):
        """Refuse a service code with blanks around or within it.

        :raise ValidationError: if the code holds white space
        """
        for template in self:
            code = template.therapy_code
            if code and code != "".join(code.split()):
                raise ValidationError(
                    self.env._("A service code has no blanks: “%(code)s”.", code=code)
                )
