from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class TherapyPaymentWizard(models.TransientModel):
    """Records money that the practice took itself: on a bill, or as a prepayment."""

    _name = "therapy.payment.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Record a Payment"
    _therapy_guarded = ("note",)

    move_id = fields.Many2one("account.move", string="Bill", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Payer", required=True)
    amount = fields.Monetary(required=True)
    payable = fields.Monetary(
        string="Open on the Bill",
        compute="_compute_payable",
        help="Less the payments under way.",
    )
    available_method_ids = fields.Many2many(
        "account.payment.method.line", compute="_compute_available_method_ids"
    )
    method_line_id = fields.Many2one(
        "account.payment.method.line",
        string="Paid by",
        required=True,
        domain="[('id', 'in', available_method_ids)]",
    )
    kind = fields.Selection(related="method_line_id.therapy_kind")
    reference = fields.Char(string="Check Number or Reference")
    date = fields.Date(
        required=True, default=lambda self: self.env.company._therapy_local_date()
    )
    note = fields.Char()
    duplicate_warning = fields.Char(compute="_compute_duplicate_warning")
    company_id = fields.Many2one("res.company", required=True)
    currency_id = fields.Many2one("res.currency", required=True)

    @api.model
    def default_get(self, fields_list):
        """Fill in the bill or the payer that the wizard was opened from.

        :param list fields_list: names of fields
        :return: values
        :rtype: dict
        """
        values = super().default_get(fields_list)
        model = self.env.context.get("active_model")
        active_id = self.env.context.get("active_id")
        company = self.env.company
        if model == "account.move" and active_id:
            bill = self.env["account.move"].browse(active_id)
            company = bill.company_id
            values["move_id"] = bill.id
            values["partner_id"] = bill.partner_id.id
            values["amount"] = bill._therapy_get_payable_amount()
            values["currency_id"] = bill.currency_id.id
        elif model == "res.partner" and active_id:
            values["partner_id"] = active_id
        values["company_id"] = company.id
        values.setdefault("currency_id", company.currency_id.id)
        methods = company._therapy_get_receipt_methods()
        check = methods.filtered(lambda line: line.therapy_kind == "check")
        values.setdefault("method_line_id", (check or methods)[:1].id)
        return values

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_payable(self):
        """Compute what the bill may take now."""
        for wizard in self:
            bill = wizard.move_id
            wizard.payable = bill._therapy_get_payable_amount() if bill else 0.0

    @api.depends("company_id")
    def _compute_available_method_ids(self):
        """List the ways to pay at the practice."""
        for wizard in self:
            company = wizard.company_id or self.env.company
            wizard.available_method_ids = company._therapy_get_receipt_methods()

    @api.depends("partner_id", "amount", "date")
    def _compute_duplicate_warning(self):
        """Warn of a payment of the same payer, amount and day."""
        for wizard in self:
            same = self.env["account.payment"].search(
                [
                    ("partner_id", "=", wizard.partner_id.id),
                    ("payment_type", "=", "inbound"),
                    ("amount", "=", wizard.amount),
                    ("date", "=", wizard.date),
                    ("state", "not in", ("draft", "canceled")),
                    ("company_id", "=", wizard.company_id.id),
                ],
                limit=1,
            )
            wizard.duplicate_warning = bool(same) and self.env._(
                "%(name)s of this day has the same payer and amount. Is this the same "
                "payment?",
                name=same.name,
            )

    # === ACTION METHODS === #

    def action_record(self):
        """Book the payment.

        :return: the action that closes the dialog, or shows the prepayment
        :rtype: dict
        :raise UserError: if something is missing
        :raise ValidationError: if the amount cannot be paid
        """
        self.ensure_one()
        self._check_complete()
        payment = self.env["account.payment"]._therapy_record(
            self.partner_id,
            self.amount,
            self.method_line_id,
            self.date,
            bill=self.move_id,
            therapy_reference=self.reference,
            therapy_note=self.note,
        )
        if self.move_id:
            return {"type": "ir.actions.act_window_close"}
        return payment._get_records_action(name=self.env._("Prepayment"))

    def _check_complete(self):
        """Refuse a payment without its reference, or of a day to come.

        :raise UserError: saying what is missing
        """
        if self.kind != "cash" and not (self.reference or "").strip():
            raise UserError(
                self.env._("Enter the number of the check.")
                if self.kind == "check"
                else self.env._(
                    "Enter the reference that the terminal or service gave."
                )
            )
        if self.date > self.company_id._therapy_local_date():
            raise ValidationError(self.env._("This day is still to come."))
