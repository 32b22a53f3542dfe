from odoo import fields, models

from .res_company import CARD_POLICIES


class ProductTemplate(models.Model):
    _inherit = "product.template"

    therapy_card_policy = fields.Selection(
        CARD_POLICIES,
        string="Card on File",
        help="Empty: as the settings of the practice say.",
    )
