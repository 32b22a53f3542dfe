from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import fees, money

#: Days between telling the card networks and the first fee.
NOTICE_DAYS = 30


@dataclass(frozen=True)
class Fee:
    """What a card fee comes to, and what the payer is told.

    :ivar float amount: the fee; 0.0 if there is none
    :ivar float total: base and fee
    :ivar str text: what the payer must be shown before paying; "" without a fee
    :ivar str problem: why there is no fee, for staff; "" with a fee
    """

    amount: float
    total: float
    text: str = ""
    problem: str = ""


class TherapyFeeRule(models.Model):
    """A limit of the fee on credit cards, with its source: data, not code (D8).

    Whether a practice takes a fee at all is a setting of the company, and off. All
    limits that fit count, so the lowest wins (M7).
    """

    _name = "therapy.fee.rule"
    _description = "Card Fee Limit"
    _order = "kind, name, id"

    name = fields.Char(required=True)
    kind = fields.Selection(
        [
            ("network", "Card network"),
            ("cost", "Cost of accepting cards"),
            ("state", "State"),
        ],
        required=True,
        default="state",
    )
    state_id = fields.Many2one("res.country.state", ondelete="restrict", index=True)
    brand = fields.Char(
        string="Card Brand",
        help="visa, mastercard, amex, discover; empty for all brands.",
    )
    is_banned = fields.Boolean(string="No Fee at All")
    percent = fields.Float(
        string="At Most %", digits=(6, 3), help="Percent of what is paid on the bills."
    )
    fixed_amount = fields.Monetary(
        string="And per Payment", help="Part of the cost that each payment has."
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    source = fields.Char(help="Where the limit is published.")
    source_date = fields.Date(string="Checked On")
    note = fields.Char()
    company_id = fields.Many2one("res.company", string="Only for", index=True)
    active = fields.Boolean(default=True)

    _percent_range = models.Constraint(
        "CHECK(percent >= 0 AND percent <= 100 AND fixed_amount >= 0)",
        "A limit is between 0 and 100 percent.",
    )

    @api.constrains("kind", "state_id", "is_banned", "percent")
    def _check_complete(self):
        """Refuse a limit that would limit nothing, or everything by mistake.

        :raise ValidationError: if a state or a percentage is missing
        """
        for rule in self:
            if rule.kind == "state" and not rule.state_id:
                raise ValidationError(self.env._("Choose the state of this limit."))
            if not rule.is_banned and rule.percent <= 0:
                raise ValidationError(
                    self.env._(
                        "Say what the fee is at most, or that no fee is allowed."
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_fee(
        self,
        base_amount,
        currency,
        company,
        payer,
        funding,
        is_benefit_card=False,
        brand="",
    ) -> Fee:
        """Return the fee on what is paid now with a card (M7).

        Whatever is not known means no fee.

        :param float base_amount: what is paid on the bills now, after credits
        :param currency: the `res.currency`
        :param company: the `res.company` that is paid
        :param payer: the `res.partner` who pays
        :param str funding: credit, debit, prepaid or unknown; the kind of the
            account behind the card as its processor says; empty for bank accounts
        :param bool is_benefit_card: whether the card is of a health account
        :param str brand: brand of the card, e.g. visa
        :return: the fee
        :rtype: Fee
        """
        company_sudo = company.sudo()  # sudo: payers may not read settings of fees
        problem = self._get_problem(currency, company_sudo, funding, is_benefit_card)
        rules_sudo = self.sudo()  # sudo: limits are no secret, and payers ask
        payer_sudo = payer.sudo()  # sudo: only the state is read
        if not problem:
            rules_sudo = rules_sudo._find_rules(company_sudo, payer_sudo, brand)
            problem = rules_sudo._get_rules_problem(company_sudo, payer_sudo)
        amount = 0.0
        if not problem:
            amount = rules_sudo._compute_fee(base_amount, currency, company_sudo)
            if currency.compare_amounts(amount, 0) <= 0:
                problem = self.env._("The amount is too small for a fee.")
        if problem:
            return Fee(0.0, currency.round(base_amount), problem=problem)
        total = currency.round(base_amount + amount)
        text = self._get_text(base_amount, amount, total, currency, company_sudo)
        return Fee(amount, total, text=text)

    @api.model
    def _get_problem(self, currency, company, funding, is_benefit_card) -> str:
        """Say why there is no fee, before any limit is looked at.

        :param currency: the `res.currency`
        :param company: the `res.company`, in sudo mode
        :param str funding: see :meth:`_get_fee`
        :param bool is_benefit_card: see :meth:`_get_fee`
        :return: the reason, or an empty text
        :rtype: str
        """
        told_on = company.therapy_fee_told_on
        starts = told_on and told_on + timedelta(days=NOTICE_DAYS)
        if not company.therapy_fee_enabled:
            return self.env._("The practice takes no card fee.")
        if not starts or starts > company._therapy_local_date():
            return self.env._(
                "The card networks must be told %(days)s days before the first fee.",
                days=NOTICE_DAYS,
            )
        if currency.name != "USD":
            return self.env._("Card fees are only taken in US dollars.")
        if funding != "credit":
            return self.env._("Only credit cards have a fee.")
        if is_benefit_card:
            return self.env._("Cards of health accounts have no fee.")
        return ""

    @api.model
    def _find_rules(self, company, payer, brand):
        """Return the limits that count for a payment.

        Those of the states of the practice and of the payer: the stricter one wins.

        :param company: the `res.company`
        :param payer: the `res.partner`
        :param str brand: brand of the card
        :return: the limits
        :rtype: recordset of `therapy.fee.rule`
        """
        today = company._therapy_local_date()
        states = company.partner_id.state_id | payer.state_id
        return self.search(
            Domain("company_id", "in", (False, *company.parent_ids.ids))
            & Domain("state_id", "in", (False, *states.ids))
        ).filtered(
            lambda rule: (
                (not rule.date_from or rule.date_from <= today)
                and (not rule.date_to or rule.date_to >= today)
                and (not rule.brand or not brand or rule.brand == brand)
            )
        )

    def _get_rules_problem(self, company, payer) -> str:
        """Say why the limits allow no fee.

        :param company: the `res.company`
        :param payer: the `res.partner`
        :return: the reason, or an empty text
        :rtype: str
        """
        us = self.env.ref("base.us")
        home = company.partner_id
        if home.country_id != us or not home.state_id:
            return self.env._("The state of the practice is not known.")
        if payer.country_id and payer.country_id != us:
            return self.env._("Payers outside the United States have no fee.")
        banned = self.filtered("is_banned")[:1]
        if banned:
            return self.env._("No card fee is allowed: %(rule)s.", rule=banned.name)
        if not self.filtered(lambda rule: rule.kind == "cost"):
            return self.env._("What accepting cards costs is not known.")
        return ""

    def _compute_fee(self, base_amount, currency, company) -> float:
        """Compute the fee that the limits allow.

        :param float base_amount: what is paid on the bills now
        :param currency: the `res.currency`
        :param company: the `res.company`
        :return: the fee
        :rtype: float
        """
        digits = currency.decimal_places
        base = money.to_minor(currency.round(base_amount), digits)
        costs = self.filtered(lambda rule: rule.kind == "cost")
        percents = [company.therapy_fee_percent, *(self - costs).mapped("percent")]
        rates = [fees.to_thousandths(percent) for percent in percents]
        amounts = [
            fees.card_fee(
                base,
                rates,
                (
                    fees.to_thousandths(cost.percent),
                    money.to_minor(cost.fixed_amount, digits),
                ),
            )
            for cost in costs
        ]
        return money.to_major(min(amounts), digits)

    @api.model
    def _get_text(self, base_amount, amount, total, currency, company) -> str:
        """Return what the payer must be shown before paying, and is kept.

        :param float base_amount: what is paid on the bills
        :param float amount: the fee
        :param float total: base and fee
        :param currency: the `res.currency`
        :param company: the `res.company`
        :return: the text
        :rtype: str
        """
        sums = self.env._(
            "Credit card fee: %(fee)s on %(base)s. Total: %(total)s.",
            fee=currency.format(amount),
            base=currency.format(base_amount),
            total=currency.format(total),
        )
        default = self.env._(
            "The fee is not more than what accepting credit cards costs us. There is "
            "no fee for debit cards, cards of health accounts (HSA, FSA), bank "
            "accounts, checks and cash."
        )
        return f"{sums} {company.therapy_fee_text or default}"
