from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """Whether a practice takes a fee on credit cards (M7). Off by default."""

    _inherit = "res.company"

    therapy_fee_enabled = fields.Boolean(
        string="Fee on Credit Cards",
        help="Never on debit and prepaid cards, cards of health accounts and bank "
        "accounts. Ask a lawyer what your state and your card networks allow.",
    )
    therapy_fee_percent = fields.Float(
        string="Fee in Percent", digits=(6, 3), default=3.0
    )
    therapy_fee_told_on = fields.Date(
        string="Card Networks Told on",
        help="Visa and Mastercard want to be told 30 days before the first fee.",
    )
    therapy_fee_text = fields.Text(
        string="What Payers Are Told",
        translate=True,
        help="Shown after the amounts before a payer confirms, and kept. Empty: our "
        "own words.",
    )
    therapy_account_cardfee_id = fields.Many2one(
        "account.account", string="Card Fees", check_company=True
    )

    @api.constrains("therapy_fee_percent")
    def _check_therapy_fee_percent(self):
        """Refuse a fee that no card network allows.

        :raise ValidationError: if it is not between 0 and 4 percent
        """
        for company in self:
            if not 0 <= company.therapy_fee_percent <= 4:
                raise ValidationError(
                    self.env._("A card fee is at most 4%: no network allows more.")
                )
