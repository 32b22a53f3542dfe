from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

#: What a run may no longer change once it makes bills.
FROZEN = {
    "date_from",
    "date_to",
    "invoice_date",
    "grouping",
    "patient_ids",
    "journal_id",
    "company_id",
}


class TherapyBillingRun(models.Model):
    """Makes the bills of the sessions held in a range of days.

    A run may be stopped at any moment and started again: it bills whatever is not on a
    live bill yet, patient by patient, and commits batch by batch. How it previews,
    generates and manages is in the files beside this one.
    """

    _name = "therapy.billing.run"
    _description = "Billing Run"
    _inherit = ["therapy.numbered.mixin", "mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    date_from = fields.Date(
        string="Sessions from",
        required=True,
        default=lambda self: self._default_date_from(),
    )
    date_to = fields.Date(
        string="Sessions until",
        required=True,
        default=lambda self: self.env.company._therapy_local_date(),
    )
    invoice_date = fields.Date(
        string="Bill Date",
        required=True,
        default=lambda self: self.env.company._therapy_local_date(),
    )
    invoice_date_due = fields.Date(
        string="Due Date",
        compute="_compute_invoice_date_due",
        store=True,
        readonly=False,
        precompute=True,
    )
    grouping = fields.Selection(
        [
            ("session", "One bill per session"),
            ("day", "One bill per day"),
            ("month", "One bill per month"),
            ("all", "One bill for all days"),
        ],
        string="Guarantors Get",
        required=True,
        default=lambda self: self.env.company.therapy_grouping,
        help="For each patient and guarantor. Insurers get one bill per session.",
    )
    patient_ids = fields.Many2many(
        "res.partner",
        string="Patients",
        domain="[('is_patient', '=', True)]",
        help="Leave empty for all patients.",
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("previewed", "Previewed"),
            ("running", "Running"),
            ("stopped", "Stopped"),
            ("done", "Done"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    problem_ids = fields.One2many(
        "therapy.billing.run.problem", "run_id", readonly=True, copy=False
    )
    problem_count = fields.Integer(compute="_compute_problem_count")
    move_ids = fields.One2many(
        "account.move", "therapy_run_id", string="Bills", readonly=True
    )
    session_count = fields.Integer(string="Sessions", readonly=True, copy=False)
    patient_count = fields.Integer(string="Families", readonly=True, copy=False)
    bill_count = fields.Integer(string="Number of Bills", readonly=True, copy=False)
    amount_guarantors = fields.Monetary(
        string="From Guarantors", readonly=True, copy=False
    )
    amount_insurers = fields.Monetary(string="From Insurers", readonly=True, copy=False)
    amount_total = fields.Monetary(string="Amount", readonly=True, copy=False)
    journal_id = fields.Many2one(
        "account.journal",
        check_company=True,
        domain="[('type', '=', 'sale')]",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        precompute=True,
    )

    _date_order = models.Constraint(
        "CHECK(date_to >= date_from)", "The last day cannot be before the first."
    )

    # === DEFAULT METHODS === #

    def _default_date_from(self):
        """Return the day of the oldest session to bill, or today.

        :return: the day
        :rtype: date
        """
        oldest = self.env["therapy.session"].search(
            [
                ("company_id", "=", self.env.company.id),
                ("billing_state", "in", ("unbilled", "partial")),
            ],
            order="date",
            limit=1,
        )
        return oldest.date or self.env.company._therapy_local_date()

    # === COMPUTE METHODS === #

    @api.depends("invoice_date", "company_id")
    def _compute_invoice_date_due(self):
        """Propose the bill date plus the practice's days until due."""
        for run in self:
            run.invoice_date_due = run.invoice_date and fields.Date.add(
                run.invoice_date, days=run.company_id.therapy_due_days
            )

    @api.depends("company_id")
    def _compute_journal_id(self):
        """Propose the company's first sales journal."""
        Journal = self.env["account.journal"]
        for run in self:
            domain = Journal._check_company_domain(run.company_id)
            run.journal_id = Journal.search(
                Domain(domain) & Domain("type", "=", "sale"), limit=1
            )

    @api.depends("problem_ids")
    def _compute_problem_count(self):
        """Count the sessions left out."""
        for run in self:
            run.problem_count = len(run.problem_ids)

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep what the bills were made by.

        :param dict vals: new values
        :return: True
        :raise UserError: if a run that makes or made bills would change
        """
        if FROZEN & set(vals) and self.filtered(
            lambda run: run.state in ("running", "stopped", "done")
        ):
            raise UserError(
                self.env._("This run has started. Make a new run for other sessions.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_done(self):
        """Keep runs that made bills.

        :raise UserError: if a run has bills
        """
        if self.move_ids:
            raise UserError(self.env._("A run that made bills cannot be deleted."))

    # === ACTION METHODS === #

    def action_view_bills(self):
        """Open the bills of the run.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_bill_action"
        )
        action["domain"] = [("therapy_run_id", "in", self.ids)]
        return action

    # === BUSINESS METHODS === #

    def _get_sessions_domain(self):
        """Return the domain of the sessions that the run bills.

        For a module to narrow runs, it must override this method and call super.

        Note: self.ensure_one()

        :return: the domain
        :rtype: Domain
        """
        self.ensure_one()
        domain = Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("held", "missed", "late_cancelled")),
                ("billing_state", "in", ("unbilled", "partial")),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
            ]
        )
        if self.patient_ids:
            domain &= Domain("patient_id", "in", self.patient_ids.ids)
        return domain

    def _get_sessions(self):
        """Return the sessions to bill, by date.

        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        return self.env["therapy.session"].search(
            self._get_sessions_domain(), order="date, start, id"
        )
