from odoo import fields, models


class TherapyAbsenceFee(models.Model):
    """What a patient who missed or cancelled late is asked for; a policy per service.

    The first policy in order that fits the session counts. Without a policy nothing is
    asked.
    """

    _name = "therapy.absence.fee"
    _description = "Fee for a Missed Session"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    product_ids = fields.Many2many(
        "product.product",
        string="Services",
        domain="[('therapy_code', '!=', False)]",
        check_company=True,
        help="Leave empty for all services.",
    )
    on_missed = fields.Boolean(string="Missed", default=True)
    on_late_cancelled = fields.Boolean(string="Cancelled Late", default=True)
    hours = fields.Integer(
        string="Late Below",
        default=24,
        help="A cancellation less than this many hours before the start is late.",
    )
    fee_type = fields.Selection(
        [("amount", "Amount"), ("percent", "Percent of the session")],
        string="Fee Is",
        required=True,
        default="amount",
    )
    amount = fields.Monetary()
    percent = fields.Float(digits=(16, 2))
    fee_product_id = fields.Many2one(
        "product.product",
        string="Booked as",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('type', '=', 'service'), ('therapy_code', '=', False)]",
        help="A product of its own, so that fees have their own income account.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _fee_range = models.Constraint(
        "CHECK(amount >= 0 AND percent >= 0 AND percent <= 100 AND hours >= 0)",
        "A fee is not negative, and at most 100 percent.",
    )

    def _get_fee(self, session) -> float:
        """Return the fee for a session.

        Note: self.ensure_one()

        :param session: the session
        :return: the fee in the company's currency, rounded once (M1)
        :rtype: float
        """
        self.ensure_one()
        if self.fee_type == "amount":
            return self.currency_id.round(self.amount)
        services = session.line_ids.filtered(lambda line: not line.is_absence_fee)
        worth = sum(services.mapped("amount"))
        return self.currency_id.round(worth * self.percent / 100.0)

    def _fits(self, session) -> bool:
        """Tell whether the policy is for the services of a session.

        Note: self.ensure_one()

        :param session: the session
        :return: whether one of the services, or any service, is meant
        :rtype: bool
        """
        self.ensure_one()
        services = session.line_ids.product_id
        return not self.product_ids or bool(self.product_ids & services)
