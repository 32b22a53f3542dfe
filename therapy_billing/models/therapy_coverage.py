from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools import money

from .therapy_unit_rule import TIMED_METHODS


class TherapyCoverage(models.Model):
    _name = "therapy.coverage"
    _description = "Coverage of a Patient by an Insurer"
    _order = "patient_id, sequence, id"
    _check_company_auto = True
    _rec_name = "member_number"

    patient_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    insurer_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('is_insurer', '=', True)]",
    )
    member_number = fields.Char()
    copay = fields.Monetary(
        help="The patient's part of each session, at most the session's total."
    )
    coinsurance = fields.Float(
        digits=(16, 2),
        help="The patient's percent of what the copay leaves of a session.",
    )
    billing_policy = fields.Selection(
        [
            ("invoice", "Billed at once"),
            ("on_receipt", "When the insurer answers"),
            ("none", "Not billed (out of network)"),
        ],
        string="Insurer's Part",
        required=True,
        default="invoice",
        help="Billed at once: a claim for each session is in the ledger. When the "
        "insurer answers: nothing is, until a remittance comes. Not billed: the "
        "guarantors owe all.",
    )
    unit_rule_id = fields.Many2one(
        "therapy.unit.rule",
        ondelete="restrict",
        domain=[("method", "in", TIMED_METHODS)],
        help="How this plan counts timed services; empty: as the insurer does.",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    sequence = fields.Integer(
        default=10,
        help="The first valid coverage is billed first, the next after its answer.",
    )
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
    _coinsurance_range = models.Constraint(
        "CHECK(coinsurance >= 0 AND coinsurance <= 100)",
        "A coinsurance is between 0 and 100 percent.",
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
        return self._therapy_filter_valid(day)[:1]

    def _therapy_filter_valid(self, day):
        """Return the coverages valid on a day of service, in order.

        :param date day: day of service
        :return: the coverages
        :rtype: recordset of `therapy.coverage`
        """
        return self.filtered(
            lambda row: (
                (not row.date_from or row.date_from <= day)
                and (not row.date_to or row.date_to >= day)
            )
        ).sorted(lambda row: (row.sequence, row.id))

    def _therapy_get_patient_part(self, total, digits) -> int:
        """Return what the plans are expected to leave to the patient.

        Each plan, in order, leaves its copay and its percent of the rest of what came
        to it, at most all of it. An insurer's answer makes it final.

        :param int total: what the session is worth, minor units
        :param int digits: decimals of the currency
        :return: the patient's part in minor units
        :rtype: int
        """
        part = total
        for coverage in self:
            copay = min(money.to_minor(coverage.copay, digits), part)
            percent = int(f"{coverage.coinsurance:.2f}".replace(".", ""))
            part = copay + money.allocate(part - copay, [percent, 10000 - percent])[0]
        return part
