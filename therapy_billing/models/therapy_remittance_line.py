from odoo import api, fields, models

#: Reasons that quick entry uses: group and number by field.
QUICK_REASONS = {"contract_amount": ("CO", "45"), "patient_amount": ("PR", "3")}
#: Field that shows the sum of a treatment.
TREATMENT_FIELDS = {
    "contract": "contract_amount",
    "patient": "patient_amount",
    "elsewhere": "elsewhere_amount",
    "open": "open_amount",
}


class TherapyRemittanceLine(models.Model):
    """What an insurer says about one service of one claim."""

    _name = "therapy.remittance.line"
    _description = "Line of a Remittance"
    _order = "remittance_id, sequence, id"
    _check_company_auto = True
    _rec_name = "session_id"

    remittance_id = fields.Many2one(
        "therapy.remittance", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    session_id = fields.Many2one(
        "therapy.session",
        string="Claim for Session",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    session_line_id = fields.Many2one(
        "therapy.session.line",
        string="Service",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        compute="_compute_session_line_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('session_id', '=', session_id)]",
    )
    patient_id = fields.Many2one(related="session_id.patient_id", store=True)
    date = fields.Date(related="session_id.date")
    therapy_code = fields.Char(related="session_line_id.therapy_code", string="Code")
    claim_move_id = fields.Many2one(
        "account.move", string="Claim", compute="_compute_claim_move_id"
    )
    billed = fields.Monetary(
        compute="_compute_billed", help="What the service is worth in our books."
    )
    charge = fields.Monetary(
        compute="_compute_charge", store=True, readonly=False, precompute=True
    )
    allowed = fields.Monetary()
    paid = fields.Monetary(help="Less than 0 if the insurer takes a payment back.")
    adjustment_ids = fields.One2many(
        "therapy.remittance.adjustment", "line_id", string="Adjustments", copy=True
    )
    contract_amount = fields.Monetary(
        string="Contractual", compute="_compute_amounts", inverse="_inverse_contract"
    )
    patient_amount = fields.Monetary(
        string="Patient Owes", compute="_compute_amounts", inverse="_inverse_patient"
    )
    elsewhere_amount = fields.Monetary(string="Elsewhere", compute="_compute_amounts")
    open_amount = fields.Monetary(string="Stays Open", compute="_compute_amounts")
    reasons = fields.Char(compute="_compute_amounts")
    is_takeback = fields.Boolean(
        string="Take-back", compute="_compute_is_takeback", store=True, precompute=True
    )
    problem = fields.Char(compute="_compute_problem")
    remark = fields.Char(compute="_compute_problem")

    # === RESULT === #
    contract_entry = fields.Monetary(
        string="Contractual Adjustment Booked", readonly=True, copy=False
    )
    guarantor_entry = fields.Monetary(
        string="Patient's Change",
        readonly=True,
        copy=False,
        help="What the patient's side was asked for more; less than 0: given back.",
    )
    was_answered = fields.Boolean(readonly=True, copy=False)
    payment_line_id = fields.Many2one(
        "account.move.line",
        string="Part of the Payment",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    partner_id = fields.Many2one(
        related="remittance_id.partner_id", store=True, index=True
    )
    trace = fields.Char(related="remittance_id.trace", store=True)
    state = fields.Selection(related="remittance_id.state", store=True)
    company_id = fields.Many2one(
        related="remittance_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    _answer_uniq = models.UniqueIndex(
        "(company_id, partner_id, trace, session_line_id, is_takeback)"
        " WHERE state <> 'undone'",
        "This service is answered twice in the remittances of this trace number.",
    )

    # === COMPUTE METHODS === #

    @api.depends("session_id")
    def _compute_session_line_id(self):
        """Propose the service of a session that has only one."""
        for line in self:
            if line.session_line_id.session_id != line.session_id:
                services = line.session_id.line_ids.filtered(
                    lambda service: not service.is_absence_fee
                )
                line.session_line_id = services if len(services) == 1 else False

    @api.depends("session_line_id.amount")
    def _compute_billed(self):
        """Compute what the service is worth in our books."""
        for line in self:
            line.billed = line.session_line_id.amount

    @api.depends("session_line_id")
    def _compute_charge(self):
        """Propose what the service is worth."""
        for line in self:
            line.charge = line.charge or line.session_line_id.amount

    @api.depends("session_id", "partner_id")
    def _compute_claim_move_id(self):
        """Name the insurer's bill of the claim, if there is one."""
        bills = self.env["account.move"].search(
            [
                ("claim_session_id", "in", self.session_id.ids),
                ("partner_id", "in", self.partner_id.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("voided_by_move_id", "=", False),
            ],
            order="id desc",
        )
        found = {(bill.claim_session_id, bill.partner_id): bill for bill in bills}
        for line in self:
            line.claim_move_id = found.get((line.session_id, line.partner_id))

    @api.depends("adjustment_ids.amount", "adjustment_ids.reason_id")
    def _compute_amounts(self):
        """Add the adjustments by what is done about them."""
        for line in self:
            currency = line.currency_id or self.env.company.currency_id
            sums = dict.fromkeys(TREATMENT_FIELDS, 0.0)
            for adjustment in line.adjustment_ids:
                if adjustment.treatment:
                    sums[adjustment.treatment] += adjustment.amount
            for treatment, name in TREATMENT_FIELDS.items():
                line[name] = currency.round(sums[treatment])
            line.reasons = ", ".join(
                f"{row.group}-{row.reason_id.code} {row.amount:.2f}"
                for row in line.adjustment_ids
                if row.reason_id
            )

    @api.depends("charge", "paid")
    def _compute_is_takeback(self):
        """Tell take-backs from answers."""
        for line in self:
            line.is_takeback = line.charge < 0 or (not line.charge and line.paid < 0)

    @api.depends(
        "session_line_id",
        "charge",
        "allowed",
        "paid",
        *TREATMENT_FIELDS.values(),
        "state",
    )
    def _compute_problem(self):
        """Say what keeps a line from being posted, and what is odd about it."""
        drafts = self.filtered(lambda line: line.state == "draft")
        problems = drafts._get_problems()
        remarks = drafts._get_remarks()
        for line in self:
            line.problem = problems.get(line)
            line.remark = remarks.get(line)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Add lines to remittances that are not posted.

        :param list vals_list: values of the lines
        :return: the lines
        :rtype: recordset of `therapy.remittance.line`
        """
        lines = super().create(vals_list)
        lines.remittance_id._check_draft()
        return lines

    def write(self, vals):
        """Keep what was posted, also from lines of another remittance.

        :param dict vals: new values
        :return: True
        :raise UserError: if a posted remittance would change
        """
        self.remittance_id._check_draft()
        result = super().write(vals)
        self.remittance_id._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """Keep what was posted."""
        self.remittance_id._check_draft()

    # === ONCHANGE METHODS === #

    @api.onchange("allowed")
    def _onchange_allowed(self):
        """Take what is above the allowed amount for contractual."""
        for line in self:
            if line.allowed:
                line.contract_amount = line.charge - line.allowed

    @api.onchange("paid", "contract_amount")
    def _onchange_paid(self):
        """Take what is neither paid nor adjusted for the patient's."""
        for line in self:
            if line.allowed or line.contract_amount:
                others = line.elsewhere_amount + line.open_amount
                rest = line.charge - line.contract_amount - others - line.paid
                line.patient_amount = line.currency_id.round(rest)

    # === INVERSE METHODS === #

    def _inverse_contract(self):
        """Keep what quick entry says is contractual."""
        for line in self:
            line._set_adjustment("contract", "contract_amount")

    def _inverse_patient(self):
        """Keep what quick entry says the patient owes."""
        for line in self:
            line._set_adjustment("patient", "patient_amount")

    def _set_adjustment(self, treatment, field):
        """Let the adjustments of a treatment have the sum of a field.

        Several reasons stay as they are where the sum is right already.

        Note: self.ensure_one()

        :param str treatment: "contract" or "patient"
        :param str field: name of the field with the sum
        """
        self.ensure_one()
        amount, currency = self[field], self.currency_id
        rows = self.adjustment_ids.filtered(lambda row: row.treatment == treatment)
        difference = currency.round(amount - sum(rows.mapped("amount")))
        if currency.is_zero(difference):
            return
        if rows:
            rows[:1].amount = currency.round(rows[:1].amount + difference)
            rows.filtered(lambda row: currency.is_zero(row.amount)).unlink()
            return
        Reason = self.env["therapy.remittance.reason"]
        self.env["therapy.remittance.adjustment"].create(
            {
                "line_id": self.id,
                "reason_id": Reason._therapy_find(*QUICK_REASONS[field]).id,
                "amount": difference,
            }
        )
