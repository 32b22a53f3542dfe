from odoo import api, fields, models
from odoo.exceptions import ValidationError


class TherapyGuarantor(models.Model):
    _name = "therapy.guarantor"
    _description = "Guarantor of a Patient"
    _order = "patient_id, sequence, id"
    _check_company_auto = True

    patient_id = fields.Many2one(
        "res.partner",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        help="Who pays. The patient, when the patient pays alone or with others.",
    )
    role = fields.Selection(
        [("self", "Patient"), ("guardian", "Guardian"), ("other", "Other")],
        required=True,
        default="guardian",
    )
    share_type = fields.Selection(
        [
            ("percent", "Percent"),
            ("fixed", "Fixed amount"),
            ("remainder", "Remainder"),
        ],
        required=True,
        default="percent",
    )
    percent = fields.Float(digits=(16, 2), default=100.0)
    fixed_amount = fields.Monetary(
        help="Of each session, at most what the patient's part is."
    )
    share_text = fields.Char(string="Share", compute="_compute_share_text")
    bill_email = fields.Char(
        string="Bill-to E-mail",
        help="Where this patient's bills to this payer go; empty: the payer's own.",
    )
    sequence = fields.Integer(
        default=10, help="The first payer gets the cent that cannot be divided."
    )
    date_from = fields.Date(string="From", help="First day of service, if any.")
    date_to = fields.Date(string="Until", help="Last day of service, if any.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _percent_range = models.Constraint(
        "CHECK(percent >= 0 AND percent <= 100)",
        "A share is between 0 and 100 percent.",
    )
    _fixed_amount_positive = models.Constraint(
        "CHECK(fixed_amount >= 0)", "A share cannot be negative."
    )
    _date_order = models.Constraint(
        "CHECK(date_to >= date_from)",
        "A share cannot end before it starts.",
    )

    @api.onchange("patient_id", "partner_id")
    def _onchange_partner_id(self):
        """Take the role that follows from who pays."""
        if self.partner_id and self.partner_id == self.patient_id:
            self.role = "self"
        elif self.role == "self":
            self.role = "guardian"

    @api.depends("share_type", "percent", "fixed_amount", "currency_id")
    def _compute_share_text(self):
        """Say what the row bears of the patient's part."""
        for row in self:
            if row.share_type == "fixed":
                row.share_text = self.env._(
                    "%(amount)s per session",
                    amount=(row.currency_id or row.env.company.currency_id).format(
                        row.fixed_amount
                    ),
                )
            elif row.share_type == "remainder":
                row.share_text = self.env._("The rest")
            else:
                row.share_text = f"{row.percent:g} %"

    @api.constrains("partner_id", "patient_id", "role")
    def _check_partner(self):
        """Keep payers alone (D3) and the role "patient" for the patient.

        :raise ValidationError: if the payer has a parent, is an insurer, or the role
            contradicts who pays
        """
        for guarantor in self:
            if guarantor.partner_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(name)s belongs to a company or household. A payer stands "
                        "alone: remove it on the contact first.",
                        name=guarantor.partner_id.name,
                    )
                )
            if guarantor.partner_id.is_insurer:
                raise ValidationError(
                    self.env._("An insurer pays through a coverage, not as guarantor.")
                )
            if (guarantor.role == "self") != (
                guarantor.partner_id == guarantor.patient_id
            ):
                raise ValidationError(
                    self.env._(
                        "The role “Patient” is for patients who pay for themselves."
                    )
                )

    @api.constrains("patient_id", "partner_id", "date_from", "date_to", "company_id")
    def _check_overlap(self):
        """Refuse the same payer twice on one day.

        :raise ValidationError: if two rows of one payer overlap
        """
        for guarantor in self:
            same = guarantor.patient_id.guarantor_ids.filtered(
                lambda other, own=guarantor: (
                    other != own
                    and other.partner_id == own.partner_id
                    and other.company_id == own.company_id
                )
            )
            for other in same:
                if other._therapy_overlaps(guarantor):
                    raise ValidationError(
                        self.env._(
                            "%(name)s is listed twice for the same days.",
                            name=guarantor.partner_id.name,
                        )
                    )

    def _therapy_overlaps(self, other) -> bool:
        """Tell whether two rows are valid on a common day.

        :param other: another guarantor row
        :return: whether the ranges meet; an open end has no limit
        :rtype: bool
        """
        self.ensure_one()
        starts_before = (
            not self.date_from or not other.date_to or self.date_from <= other.date_to
        )
        ends_after = (
            not self.date_to or not other.date_from or self.date_to >= other.date_from
        )
        return starts_before and ends_after

    def _therapy_filter_active(self, day):
        """Return the rows valid on a day of service, in order.

        :param date day: day of service
        :return: valid rows, sorted by sequence
        :rtype: recordset of `therapy.guarantor`
        """
        return self.filtered(
            lambda row: (
                (not row.date_from or row.date_from <= day)
                and (not row.date_to or row.date_to >= day)
            )
        ).sorted(lambda row: (row.sequence, row.id))
