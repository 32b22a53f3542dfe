from odoo import api, fields, models


class TherapyBillingRun(models.Model):
    _name = "therapy.billing.run"
    _description = "Billing Run"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env._("New"),
    )
    date_from = fields.Date(string="Sessions from", required=True)
    date_to = fields.Date(string="Sessions until", required=True)
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
    patient_ids = fields.Many2many(
        "res.partner",
        string="Patients",
        domain="[('is_patient', '=', True)]",
        help="Leave empty for all patients.",
    )
    state = fields.Selection(
        [("draft", "New"), ("previewed", "Previewed"), ("done", "Done")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    problem_ids = fields.One2many(
        "therapy.billing.run.problem", "run_id", readonly=True, copy=False
    )
    move_ids = fields.One2many("account.move", "therapy_run_id", readonly=True)
    session_count = fields.Integer(readonly=True, copy=False)
    bill_count = fields.Integer(readonly=True, copy=False)
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
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

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
        for run in self:
            run.journal_id = self.env["account.journal"].search(
                [
                    *self.env["account.journal"]._check_company_domain(run.company_id),
                    ("type", "=", "sale"),
                ],
                limit=1,
            )

    def action_preview(self):
        """Show what the run would bill, without billing.

        :return: True
        """
        return True

    def action_generate(self):
        """Make and post the bills.

        :return: True
        """
        return True
