from odoo import fields, models


class AccountMove(models.Model):
    """Prior balances: what was open when the practice moved to this system."""

    _inherit = "account.move"

    therapy_opening_reference = fields.Char(
        string="Prior Balance",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="Reference of the row it was imported from.",
    )
