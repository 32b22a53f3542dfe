from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .therapy_unit_rule import TIMED_METHODS


class TherapyCoverage(models.Model):
    _name = "therapy.coverage"
    _description = "Coverage of a Patient by an Insurer"
    _order = "patient_id, sequence, id"
    _check_company_auto = True
    _rec_name = "member_number"

    patient_id = fields.Many2one(
        "res.partner", required=True, index=True, ondelete="cascade"
    )
    insurer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_insurer', '=', True)]",
    )
    member_number = fields.Char()
    copay = fields.Monetary(
        help="The patient's part of each session, at most the session's total."
    )
    unit_rule_id = fields.Many2one(
        "therapy.unit.rule",
        ondelete="restrict",
        domain=[("method", "in", TIMED_METHODS)],
        help="How this plan counts timed services; empty: as the insurer does.",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    sequence = fields.Integer(default=10, help="The first valid coverage is billed.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _copay_positive = models.Constraint(
        "CHECK(copay >= 0)", "A copay cannot be negative."
    )
    _date_order = models.Constraint(
        "CHECK(date_to >= date_from)", "A coverage cannot end before it starts."
    )

    @api.constrains("insurer_id")
    def _check_insurer(self):
        """Keep insurers apart from people, and alone (D3).

        :raise ValidationError: if the partner is no insurer or has a parent
        """
        for coverage in self:
            if not coverage.insurer_id.is_insurer or coverage.insurer_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(name)s must be marked as insurer and belong to no other "
                        "company.",
                        name=coverage.insurer_id.name,
                    )
                )

    @api.constrains("unit_rule_id")
    def _check_unit_rule(self):
        """Refuse a rule that does not count minutes.

        :raise ValidationError: if the rule is not one for timed services
        """
        for coverage in self:
            method = coverage.unit_rule_id.method
            if method and method not in TIMED_METHODS:
                raise ValidationError(
                    self.env._("A payer's unit rule is one for timed services.")
                )

    def _therapy_filter_active(self, day):
        """Return the first coverage valid on a day of service, if any.

        :param date day: day of service
        :return: one coverage or none
        :rtype: recordset of `therapy.coverage`
        """
        return self.filtered(
            lambda row: (
                (not row.date_from or row.date_from <= day)
                and (not row.date_to or row.date_to >= day)
            )
        ).sorted(lambda row: (row.sequence, row.id))[:1]
