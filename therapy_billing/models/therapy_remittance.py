from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

#: Totals of the lines shown beside the total of the remittance.
SUMS = ("paid", "contract_amount", "patient_amount")
#: What is in the books once it is posted.
POSTED_FIELDS = frozenset(
    {
        "partner_id",
        "trace",
        "date",
        "amount",
        "method_line_id",
        "company_id",
        "line_ids",
        "extra_ids",
    }
)
#: What only posting and undoing write.
STATE_FIELDS = frozenset(
    {"state", "payment_id", "posted_at", "posted_by_id", "undo_reason"}
)


class TherapyRemittance(models.Model):
    """What an insurer paid at once, and what it says about each claim (an EOB).

    For programs::

        remittance = env["therapy.remittance"].create(
            {
                "partner_id": insurer.id,
                "trace": "EFT-4711",
                "date": "2026-11-20",
                "amount": 110.0,
                "line_ids": [
                    Command.create(
                        {
                            "session_id": session.id,  # one service: it is found
                            "charge": 175.25,
                            "paid": 110.0,
                            "contract_amount": 55.25,  # CO-45
                            "patient_amount": 10.0,  # PR-3
                        }
                    )
                ],
            }
        )
        remittance.action_post()
        remittance.action_undo()

    Instead of the two amounts `adjustment_ids` may name each reason
    (:meth:`therapy.remittance.reason._therapy_find`). `get_problems()` says what keeps
    it from being posted. Posting is one transaction: the payment, contractual
    adjustments, what the patient's side owes more (bills) or less (credit notes). After
    it `payment_id` and `move_ids` are the entries, and `guarantor_entry` of a line what
    was asked of the guarantors (below 0: given back).
    """

    _name = "therapy.remittance"
    _description = "Remittance of an Insurer"
    _inherit = ["therapy.numbered.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Insurer",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('is_insurer', '=', True)]",
        tracking=True,
    )
    trace = fields.Char(
        string="Trace Number",
        required=True,
        copy=False,
        tracking=True,
        help="Of the transfer, or the number of the check.",
    )
    date = fields.Date(
        string="Payment Date",
        required=True,
        tracking=True,
        default=lambda self: self.env.company._therapy_local_date(),
    )
    amount = fields.Monetary(string="Total", tracking=True)
    method_line_id = fields.Many2one(
        "account.payment.method.line",
        string="Received by",
        compute="_compute_method_line_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', available_method_ids)]",
    )
    available_method_ids = fields.Many2many(
        "account.payment.method.line", compute="_compute_available_method_ids"
    )
    state = fields.Selection(
        [("draft", "New"), ("posted", "Posted"), ("undone", "Undone")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    line_ids = fields.One2many("therapy.remittance.line", "remittance_id")
    extra_ids = fields.One2many(
        "therapy.remittance.extra", "remittance_id", string="Of the Whole Remittance"
    )
    amount_applied = fields.Monetary(string="Applied", compute="_compute_amounts")
    amount_unapplied = fields.Monetary(
        string="Not Applied",
        compute="_compute_amounts",
        help="Stays as a credit of the insurer.",
    )
    amount_contract = fields.Monetary(string="Contractual", compute="_compute_amounts")
    amount_patient = fields.Monetary(string="Patients Owe", compute="_compute_amounts")
    claim_count = fields.Integer(string="Claims", compute="_compute_amounts")
    bill_count = fields.Integer(
        string="Bills of Patients", compute="_compute_bill_count"
    )
    problem = fields.Text(compute="_compute_problem")
    open_date_note = fields.Char(compute="_compute_problem")

    # === RESULT === #
    payment_id = fields.Many2one(
        "account.payment", readonly=True, copy=False, ondelete="restrict"
    )
    move_ids = fields.One2many(
        "account.move", "therapy_remittance_id", string="Entries", readonly=True
    )
    posted_at = fields.Datetime(readonly=True, copy=False)
    posted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    undo_reason = fields.Char(readonly=True, copy=False, tracking=True)

    _trace_uniq = models.UniqueIndex(
        "(company_id, partner_id, trace) WHERE state <> 'undone'",
        "There is a remittance of this insurer with this trace number already.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount >= 0)", "The total of a remittance is not negative."
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_available_method_ids(self):
        """List the ways in which insurers pay."""
        for remittance in self:
            company = remittance.company_id or self.env.company
            remittance.available_method_ids = company._therapy_get_remittance_methods()

    @api.depends("company_id")
    def _compute_method_line_id(self):
        """Propose a transfer."""
        for remittance in self:
            company = remittance.company_id or self.env.company
            methods = company._therapy_get_remittance_methods()
            remittance.method_line_id = methods[:1]

    @api.depends(
        "amount",
        "line_ids.paid",
        "line_ids.contract_amount",
        "line_ids.patient_amount",
        "extra_ids.amount",
    )
    def _compute_amounts(self):
        """Compare the total with what lines and extras say."""
        for remittance in self:
            lines = remittance.line_ids
            currency = remittance.currency_id or self.env.company.currency_id
            paid, contract, patient = (sum(lines.mapped(name)) for name in SUMS)
            applied = currency.round(paid + sum(remittance.extra_ids.mapped("amount")))
            remittance.amount_applied = applied
            remittance.amount_unapplied = currency.round(remittance.amount - applied)
            remittance.amount_contract = currency.round(contract)
            remittance.amount_patient = currency.round(patient)
            remittance.claim_count = len(lines.session_id)

    @api.depends("move_ids")
    def _compute_bill_count(self):
        """Count the bills and credit notes of guarantors."""
        for remittance in self:
            remittance.bill_count = len(remittance._get_guarantor_moves())

    @api.depends(
        "state",
        "date",
        "amount",
        "line_ids.problem",
        "extra_ids.amount",
        "extra_ids.account_id",
        "method_line_id",
    )
    def _compute_problem(self):
        """Say what keeps a remittance from being posted, and when it is booked."""
        for remittance in self:
            draft = remittance.state == "draft"
            problems = remittance._get_head_problems() if draft else []
            remittance.problem = "\n".join(problems)
            day = draft and remittance.date and remittance._get_entry_date()
            remittance.open_date_note = (
                day
                and day != remittance.date
                and self.env._(
                    "The period is closed; it is booked on %(day)s.",
                    day=format_date(self.env, day),
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Tidy the trace numbers.

        :param list vals_list: values of the remittances
        :return: the remittances
        :rtype: recordset of `therapy.remittance`
        :raise UserError: if one were born posted
        """
        self._check_state_fields({name for vals in vals_list for name in vals})
        return super().create([self._clean(vals) for vals in vals_list])

    def write(self, vals):
        """Keep what was posted, and tidy trace numbers.

        :param dict vals: new values
        :return: True
        :raise UserError: if a posted remittance would change, or its state by hand
        """
        self._check_state_fields(set(vals))
        if POSTED_FIELDS & set(vals):
            self._check_draft()
        return super().write(self._clean(vals))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """Keep remittances that were ever posted.

        :raise UserError: if one was
        """
        self._check_draft()

    @api.model
    def _clean(self, vals):
        """Return values with the trace number in capitals, without outer blanks.

        :param dict vals: values
        :return: a copy of the values
        :rtype: dict
        """
        if vals.get("trace"):
            vals = dict(vals, trace=" ".join(vals["trace"].upper().split()))
        return vals

    def _check_state_fields(self, names):
        """Refuse to say by hand that a remittance is in the books, or is not.

        :param set names: names of the fields to be written
        :raise UserError: for everybody but the code that posts and undoes
        """
        if STATE_FIELDS & names and not self.env.su:
            raise UserError(self.env._("A remittance is posted or undone as a whole."))

    def _check_draft(self):
        """Refuse to change what is in the books.

        :raise UserError: naming the remittance
        """
        for remittance in self:
            if remittance.state != "draft":
                raise UserError(
                    self.env._(
                        "%(name)s is in the books. Undo it and enter a new one.",
                        name=remittance.name,
                    )
                )
