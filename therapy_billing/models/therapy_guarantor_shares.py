from datetime import timedelta

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize, format_date

from odoo.addons.therapy_billing.tools import money

#: 100 percent, in hundredths of a percent.
WHOLE = 10000


class TherapyGuarantor(models.Model):
    """How the shares of a patient's guarantors add up (M1, M10).

    Of each session the fixed amounts come first, in order; the percentages are of what
    they leave; who takes the rest gets what the percentages do not name.
    """

    _inherit = "therapy.guarantor"

    @api.constrains("share_type", "fixed_amount")
    def _check_fixed_amount(self):
        """Refuse a fixed share without an amount.

        :raise ValidationError: if the amount is missing
        """
        for row in self:
            if row.share_type == "fixed" and row.currency_id.is_zero(row.fixed_amount):
                raise ValidationError(
                    self.env._(
                        "Enter the fixed amount that %(name)s pays of each session.",
                        name=row.partner_id.name,
                    )
                )

    @api.constrains("bill_email")
    def _check_bill_email(self):
        """Refuse what is no single e-mail address.

        :raise ValidationError: if mail could not go there
        """
        for row in self:
            if row.bill_email and not email_normalize(row.bill_email):
                raise ValidationError(
                    self.env._(
                        "“%(email)s” is not an e-mail address.", email=row.bill_email
                    )
                )

    def _therapy_get_weights(self) -> list[int]:
        """Return the shares of what fixed amounts leave, a hundredth of a percent each.

        :return: one weight >= 0 per row, in the order of the recordset
        :rtype: list[int]
        """
        weights = [
            money.to_minor(row.percent) if row.share_type == "percent" else 0
            for row in self
        ]
        rest = max(WHOLE - sum(weights), 0)
        return [
            rest if row.share_type == "remainder" else weight
            for row, weight in zip(self, weights, strict=True)
        ]

    def _therapy_get_fixed(self) -> list[int]:
        """Return the fixed amounts of one session.

        :return: minor units >= 0 per row, in the order of the recordset
        :rtype: list[int]
        """
        return [
            money.to_minor(row.fixed_amount, row.currency_id.decimal_places)
            if row.share_type == "fixed"
            else 0
            for row in self
        ]

    def _therapy_get_problem(self, day) -> str:
        """Say why sessions of a day cannot be divided over these guarantors.

        :param date day: day of service
        :return: the reason in plain words with what is missing, empty if the shares
            add up
        :rtype: str
        """
        active = self._therapy_filter_active(day)
        if not active:
            return self.env._("Nobody is responsible for paying.")
        archived = active.partner_id.filtered(lambda partner: not partner.active)
        if archived:
            return self.env._(
                "%(name)s is to pay, but the contact is archived.",
                name=archived[0].name,
            )
        rest = active.filtered(lambda row: row.share_type == "remainder")
        percents = active.filtered(lambda row: row.share_type == "percent")
        total = sum(percents._therapy_get_weights())
        if rest:
            return self._therapy_get_rest_problem(rest, total)
        if not percents:
            return self.env._(
                "Nobody pays what the fixed amounts leave of a session: give one payer "
                "the rest."
            )
        if total == WHOLE:
            return ""
        if total < WHOLE:
            return self.env._(
                "The guarantors' shares add up to %(total)s percent, not 100: "
                "%(missing)s percent is missing.",
                total=f"{total / 100:g}",
                missing=f"{(WHOLE - total) / 100:g}",
            )
        return self.env._(
            "The guarantors' shares add up to %(total)s percent, not 100: "
            "%(over)s percent is too much.",
            total=f"{total / 100:g}",
            over=f"{(total - WHOLE) / 100:g}",
        )

    def _therapy_get_rest_problem(self, rest, total) -> str:
        """Say why nobody, or more than one, can take the rest.

        :param rest: the active rows that take the rest
        :param int total: what the percentages add up to
        :return: the reason in plain words, empty if it can be taken
        :rtype: str
        """
        if len(rest) > 1:
            return self.env._(
                "Only one payer can take the rest, not %(names)s.",
                names=self.env._(" and ").join(rest.partner_id.mapped("name")),
            )
        if total >= WHOLE:
            return self.env._(
                "The percentages add up to %(total)s: nothing is left for "
                "%(name)s, who takes the rest.",
                total=f"{total / 100:g}",
                name=rest.partner_id.name,
            )
        return ""

    def _therapy_get_problem_over_time(self) -> str:
        """Say on which day the shares of one patient stop to add up.

        Days on which nobody pays are left out: before the first and after the last
        session there is nothing to divide.

        :return: the day and the reason, empty if they add up on all days
        :rtype: str
        """
        days = {self.env.company._therapy_local_date()}
        days |= {row.date_from for row in self if row.date_from}
        days |= {row.date_to + timedelta(days=1) for row in self if row.date_to}
        days |= {row.date_to for row in self if row.date_to}
        for day in sorted(days):
            if not self._therapy_filter_active(day):
                continue
            if problem := self._therapy_get_problem(day):
                return self.env._(
                    "%(date)s: %(problem)s",
                    date=format_date(self.env, day),
                    problem=problem,
                )
        return ""
