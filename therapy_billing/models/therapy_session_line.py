from odoo import api, fields, models
from odoo.exceptions import UserError

from .res_partner import MONEY_GROUPS

#: What the amount of a bill was made from.
BILLED_FIELDS = {
    "product_id",
    "minutes",
    "units",
    "rate",
    "amount",
    "is_absence_fee",
    "session_id",
    "modifiers",
}


class TherapySessionLine(models.Model):
    _name = "therapy.session.line"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Service of a Therapy Session"
    _order = "session_id, sequence, id"
    _check_company_auto = True
    _therapy_guarded = ("unit_note", "rate_note", "authorization_note")

    session_id = fields.Many2one(
        "therapy.session", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        string="Service",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('therapy_code', '!=', False)]",
    )
    therapy_code = fields.Char(related="product_id.therapy_code", string="Code")
    minutes = fields.Integer(
        compute="_compute_minutes", store=True, readonly=False, precompute=True
    )
    amount = fields.Monetary(compute="_compute_amount", store=True, groups=MONEY_GROUPS)
    is_absence_fee = fields.Boolean(
        string="Fee", readonly=True, help="Asked because the session was not held."
    )
    import_key = fields.Char(
        copy=False, help="Fingerprint of the imported row; the same row is skipped."
    )
    share_ids = fields.One2many(
        "therapy.session.share", "session_line_id", groups=MONEY_GROUPS
    )
    company_id = fields.Many2one(
        related="session_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _minutes_range = models.Constraint(
        "CHECK(COALESCE(minutes, 0) BETWEEN 0 AND 1440)",
        "The minutes of a service are between 0 and 1440 (a day).",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_id")
    def _compute_minutes(self):
        """Propose the usual minutes of the service."""
        for line in self:
            line.minutes = line.product_id.therapy_minutes

    @api.depends("units", "rate")
    def _compute_amount(self):
        """Compute units x rate, rounded once with the currency (M1)."""
        for line in self:
            currency = line.currency_id or self.env.company.currency_id
            line.amount = currency.round(line.units * line.rate)

    @api.depends("product_id")
    def _compute_display_name(self):
        """Name a line after its service."""
        for line in self:
            line.display_name = line.product_id.name

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Fix the rates at once: a price changed later is for later sessions.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.session.line`
        :raise UserError: if a session is on a bill and gets another service
        """
        added = [vals for vals in vals_list if not vals.get("is_absence_fee")]
        sessions = self.env["therapy.session"].browse(
            {vals["session_id"] for vals in added if vals.get("session_id")}
        )
        sessions._check_not_locked()
        lines = super().create(vals_list)
        # sudo: clinicians do not see rates.
        lines.sudo().mapped("amount")  # sudo: see the line above
        return lines

    def write(self, vals):
        """Protect the amounts that bills were made from.

        :param dict vals: new values
        :return: True
        :raise UserError: if the line is on a live bill
        """
        if BILLED_FIELDS & set(vals):
            self._check_not_billed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        """Keep lines that were ever billed.

        :raise UserError: if a line has shares
        """
        # sudo: clinicians do not see shares.
        if self.sudo().share_ids:  # sudo: see the line above
            raise UserError(self.env._("A service that was billed cannot be deleted."))

    def _get_label(self) -> str:
        """Return the short name of a service: its code; of a fee the product's name.

        Note: self.ensure_one()

        :return: the name
        :rtype: str
        """
        self.ensure_one()
        return self.therapy_code or self.product_id.name or ""

    def _check_not_billed(self):
        """Refuse to change lines on a live bill.

        :raise UserError: if a share of a line is live
        """
        # sudo: clinicians do not see shares.
        if any(self.sudo().share_ids.mapped("live")):  # sudo: see the line above
            raise UserError(
                self.env._(
                    "This service is on a bill. Take the bill back before changing it."
                )
            )

    def _therapy_get_logged(self):
        """Override to log a look at the session (P7).

        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        return self.session_id
