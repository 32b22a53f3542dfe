from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools.codes import parse_modifiers


class TherapyRate(models.Model):
    """What a unit of a service costs, for whom. What is empty fits everybody."""

    _name = "therapy.rate"
    _description = "Rate"
    _order = "product_id, patient_id, payer_id, modifier, provider_id, date_from desc"
    _check_company_auto = True

    product_id = fields.Many2one(
        "product.product",
        string="Service",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain="[('therapy_code', '!=', False)]",
    )
    patient_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        domain="[('is_patient', '=', True)]",
    )
    payer_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="The insurer, or a guarantor of a patient without coverage.",
    )
    modifier = fields.Char(help="Only with this modifier, for example 95.")
    provider_id = fields.Many2one(
        "res.partner",
        string="Rendering Provider",
        ondelete="cascade",
        check_company=True,
        domain="[('is_provider', '=', True)]",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    rate = fields.Float(string="Rate per Unit", digits="Product Price", required=True)
    reason = fields.Char(help="For example a contract or a sliding scale.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _rate_positive = models.Constraint("CHECK(rate >= 0)", "A rate is not negative.")
    _date_order = models.Constraint(
        "CHECK(date_to >= date_from)", "A rate cannot end before it starts."
    )

    # === COMPUTE METHODS === #

    @api.depends("payer_id", "patient_id", "modifier", "provider_id", "date_from")
    def _compute_display_name(self):
        """Say whom the rate is for, the most specific first."""
        for rate in self:
            parts = [
                rate.patient_id.name,
                rate.payer_id.name,
                rate.product_id.therapy_code,
                rate.modifier,
                rate.provider_id.name,
                rate.date_from
                and self.env._(
                    "since %(day)s", day=fields.Date.to_string(rate.date_from)
                ),
            ]
            rate.display_name = ", ".join(part for part in parts if part)

    # === CONSTRAINT METHODS === #

    @api.constrains("modifier")
    def _check_modifier(self):
        """Refuse what is not one modifier.

        :raise ValidationError: if the modifier is none, or more than one
        """
        for rate in self.filtered("modifier"):
            try:
                right = parse_modifiers(rate.modifier) == [rate.modifier]
            except ValueError:
                right = False
            if not right:
                raise ValidationError(
                    self.env._("“%(text)s” is no modifier.", text=rate.modifier)
                )

    @api.constrains(
        "product_id",
        "patient_id",
        "payer_id",
        "modifier",
        "provider_id",
        "date_from",
        "date_to",
        "company_id",
        "active",
    )
    def _check_overlap(self):
        """Refuse two rates for the same case on the same day.

        :raise ValidationError: if another rate is for the same case and dates
        """
        for rate in self.filtered("active"):
            names = ("product_id", "patient_id", "payer_id", "provider_id")
            domain = Domain.AND(
                Domain(name, "=", rate[name].id) for name in (*names, "company_id")
            ) & Domain("modifier", "=", rate.modifier)
            others = self.search(domain & Domain("id", "!=", rate.id))
            if any(rate._overlaps(other) for other in others):
                raise ValidationError(
                    self.env._(
                        "There is another rate for the same case in this time: "
                        "%(name)s.",
                        name=rate.display_name,
                    )
                )

    def _overlaps(self, other):
        """Tell whether two rates are valid on a same day.

        :param other: the other rate
        :return: whether there is such a day
        :rtype: bool
        """
        return (self.date_from or date.min) <= (other.date_to or date.max) and (
            other.date_from or date.min
        ) <= (self.date_to or date.max)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Write modifiers in capitals.

        :param list vals_list: values of the rates
        :return: the rates
        :rtype: recordset of `therapy.rate`
        """
        return super().create([self._clean(vals) for vals in vals_list])

    def write(self, vals):
        """Write modifiers in capitals.

        :param dict vals: new values
        :return: True
        """
        return super().write(self._clean(vals))

    @api.model
    def _clean(self, vals):
        """Return values with the modifier in capitals, or none.

        :param dict vals: values
        :return: a copy of the values
        :rtype: dict
        """
        if "modifier" in vals:
            text = (vals["modifier"] or "").strip().upper()
            vals = dict(vals, modifier=text or False)
        return vals

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_lookup(self, lines) -> dict:
        """Return the most specific rate of each session line, if any.

        A rate for the patient comes before one for the payer, then the modifier,
        then the provider; of equal ones the latest. The number of queries does not
        depend on the number of lines.

        :param lines: `therapy.session.line`
        :return: rate, maybe empty, by line
        :rtype: dict
        """
        # sudo: clinicians have no rights on rates; what they may not see stays hidden.
        lines_sudo = lines.sudo()  # sudo: see the line above
        rates_sudo = self.sudo().search(  # sudo: see above
            Domain("product_id", "in", lines_sudo.product_id._origin.ids)
            & Domain("company_id", "in", lines_sudo.company_id._origin.ids)
            & Domain(
                "patient_id",
                "in",
                [False, *lines_sudo.session_id.patient_id._origin.ids],
            )
        )
        by_case = rates_sudo.grouped(
            lambda rate: (rate.company_id.id, rate.product_id.id, rate.patient_id.id)
        )
        none = self.sudo().browse()  # sudo: see above
        found = {}
        for line in lines_sudo:
            case = (line.company_id._origin.id, line.product_id._origin.id)
            patient = line.session_id.patient_id._origin.id
            candidates = by_case.get((*case, False), none)
            if patient:
                candidates |= by_case.get((*case, patient), none)
            fitting = candidates and candidates._filter_fitting(line)
            best = max(fitting, key=self._get_rank) if fitting else none
            found[line] = best.with_prefetch(rates_sudo.ids)
        return found

    def _filter_fitting(self, line):
        """Return the rates that fit a line's payer, modifiers, provider and day.

        :param line: a `therapy.session.line`
        :return: the fitting rates
        :rtype: recordset of `therapy.rate`
        """
        session = line.session_id
        payers, day = line._get_rate_payers(), session.date
        try:
            modifiers = parse_modifiers(line.modifiers)
        except ValueError:
            modifiers = []
        return self.filtered(
            lambda rate: (
                (not rate.payer_id or rate.payer_id in payers)
                and (not rate.modifier or rate.modifier in modifiers)
                and (not rate.provider_id or rate.provider_id == session.provider_id)
                and (not rate.date_from or (day and rate.date_from <= day))
                and (not rate.date_to or (day and rate.date_to >= day))
            )
        )

    @api.model
    def _get_rank(self, rate):
        """Return how specific a rate is.

        :param rate: a rate
        :return: a sort key; the highest counts
        :rtype: tuple
        """
        return (
            bool(rate.patient_id),
            bool(rate.payer_id),
            bool(rate.modifier),
            bool(rate.provider_id),
            rate.date_from or date.min,
            rate.id,
        )
