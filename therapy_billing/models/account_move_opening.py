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

    # Two imports at once do not see each other. A cancelled one may come anew.
    _therapy_opening_uniq = models.UniqueIndex(
        "(company_id, therapy_opening_reference) "
        "WHERE therapy_opening_reference IS NOT NULL AND state <> 'cancel'",
        "There is a prior balance with this reference already.",
    )
