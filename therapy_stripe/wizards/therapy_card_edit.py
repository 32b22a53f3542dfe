from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TherapyCardEdit(models.TransientModel):
    """Changing what may be changed of a saved card; its number never is."""

    _name = "therapy.card.edit"
    _description = "Change a Card on File"
    _inherit = ["therapy.card.number.mixin"]
    _therapy_guarded = ("nickname",)

    token_id = fields.Many2one(
        "payment.token", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="token_id.partner_id", string="Payer")
    method_kind = fields.Selection(related="token_id.method_kind")
    nickname = fields.Char(
        size=40, compute="_compute_values", store=True, readonly=False
    )
    is_benefit_card = fields.Boolean(
        string="HSA/FSA Card", compute="_compute_values", store=True, readonly=False
    )
    exp_month = fields.Integer(
        string="Month", compute="_compute_values", store=True, readonly=False
    )
    exp_year = fields.Integer(
        string="Year", compute="_compute_values", store=True, readonly=False
    )
    zip = fields.Char(
        string="ZIP of the Card's Bill",
        size=10,
        help="Sent to Stripe, which asks the bank whether it is right.",
    )
    country_id = fields.Many2one(
        "res.country", default=lambda self: self.env.company.country_id
    )

    @api.depends("token_id")
    def _compute_values(self):
        """Begin with what is known."""
        for wizard in self:
            token = wizard.token_id
            wizard.nickname = token.nickname
            wizard.is_benefit_card = token.is_benefit_card
            wizard.exp_month = token.exp_month
            wizard.exp_year = token.exp_year

    @api.constrains("exp_month", "exp_year")
    def _check_expiry(self):
        """Refuse what cannot be the date on a card, or is over."""
        for wizard in self.filtered(lambda w: w.method_kind == "card"):
            today = wizard.token_id.company_id._therapy_local_date()
            month, year = wizard.exp_month, wizard.exp_year
            known = (wizard.token_id.exp_month, wizard.token_id.exp_year)
            if (month, year) == known:
                continue
            if not 1 <= month <= 12 or not today.year <= year <= today.year + 20:
                raise ValidationError(
                    self.env._("Type month and year as on the card, like 4 and 2028.")
                )
            if (year, month) < (today.year, today.month):
                raise ValidationError(self.env._("This date is over."))

    def action_save(self):
        """Change the card here, and at Stripe what Stripe keeps.

        Note: self.ensure_one()

        :return: closes the dialog
        :rtype: dict
        :raise UserError: if Stripe refused or could not be reached
        """
        self.ensure_one()
        self.check_access("write")
        self.token_id._therapy_check_manager()
        token_sudo = self.token_id.sudo()  # sudo: billers only read tokens
        changed = (self.exp_month, self.exp_year) != (
            token_sudo.exp_month,
            token_sudo.exp_year,
        )
        address = {}
        if (self.zip or "").strip():
            address = {
                "postal_code": self.zip.strip(),
                "country": self.country_id.code or "US",
            }
        token_sudo._therapy_update(
            {"nickname": self.nickname, "is_benefit_card": self.is_benefit_card},
            month=self.exp_month if changed else None,
            year=self.exp_year if changed else None,
            address=address,
        )
        return {"type": "ir.actions.act_window_close"}
