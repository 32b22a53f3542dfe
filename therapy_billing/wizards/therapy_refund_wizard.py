import uuid

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.therapy_billing.models.payment_transaction_refund import REFUND_MODES


class TherapyRefundWizard(models.TransientModel):
    """Give a payment back, and say what becomes of the bill (RUN J)."""

    _name = "therapy.refund.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Give a Payment Back"
    _therapy_guarded = ("reason",)

    payment_id = fields.Many2one(
        "account.payment", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="payment_id.company_id")
    currency_id = fields.Many2one(related="payment_id.currency_id")
    partner_id = fields.Many2one(related="payment_id.partner_id")
    card_name = fields.Char(string="To", compute="_compute_left")
    left_base = fields.Monetary(string="Can Be Given Back", compute="_compute_left")
    left_fee = fields.Monetary(compute="_compute_left")
    has_fee = fields.Boolean(compute="_compute_left")
    mode = fields.Selection(REFUND_MODES, required=True, default="reopen")
    line_ids = fields.One2many("therapy.refund.wizard.line", "wizard_id")
    amount = fields.Monetary(string="Of the Bills", compute="_compute_amounts")
    fee_amount = fields.Monetary(string="Card Fee", compute="_compute_amounts")
    total = fields.Monetary(string="Goes Back", compute="_compute_amounts")
    reason_id = fields.Many2one(
        "therapy.adjustment.reason",
        string="Reason of the Credit Note",
        domain="[('company_id', 'in', [False, company_id])]",
    )
    reason = fields.Char(
        string="Why", help="For the practice only; the payer does not see it."
    )
    transaction_id = fields.Many2one("payment.transaction", readonly=True)
    # What the refund will be called: two clicks at once are one refund.
    uuid = fields.Char(
        required=True, readonly=True, default=lambda self: str(uuid.uuid4())
    )
    result = fields.Selection(
        [
            ("done", "Done"),
            ("pending", "Pending"),
            ("error", "Error"),
        ],
        readonly=True,
    )
    message = fields.Text(readonly=True)

    # === COMPUTE METHODS === #

    def _get_source(self):
        """Return the transaction to give back.

        Note: self.ensure_one()

        :return: sudoed `payment.transaction`
        """
        self.ensure_one()
        # sudo: billers may not read all transactions; this one is the payment's.
        return self.payment_id.sudo().payment_transaction_id  # sudo: see above

    @api.depends("payment_id")
    def _compute_left(self):
        """Show what can still go back, and to which card."""
        for wizard in self:
            source_sudo = wizard._get_source()
            wizard.left_base, wizard.left_fee = source_sudo._therapy_get_refundable()
            wizard.has_fee = bool(source_sudo.fee_amount)
            token_name = source_sudo.token_id.display_name
            wizard.card_name = token_name or source_sudo.payment_method_id.name

    @api.depends("line_ids.amount", "left_base", "left_fee")
    def _compute_amounts(self):
        """Add the fee's part to what goes back of the bills."""
        for wizard in self:
            currency = wizard.currency_id
            wizard.amount = currency.round(sum(wizard.line_ids.mapped("amount")))
            try:
                fee = wizard._get_source()._therapy_get_refund_fee(wizard.amount)
            except ValidationError:
                fee = 0.0  # The button says what is wrong.
            wizard.fee_amount = fee
            wizard.total = currency.round(wizard.amount + fee)

    # === ACTION METHODS === #

    @api.model
    def _get_action(self, payment):
        """Return the action that opens the wizard for a payment.

        :param payment: the `account.payment`
        :rtype: dict
        :raise UserError: saying why it cannot be given back
        """
        # sudo: billers may not read all transactions; this one is the payment's.
        source_sudo = payment.sudo().payment_transaction_id  # sudo: see above
        if problem := source_sudo._therapy_get_refund_problem():
            raise UserError(problem)
        held = payment._therapy_get_applied() + payment._therapy_get_unapplied()
        free_only = not payment._therapy_get_applied()
        wizard = self.create(
            {
                "payment_id": payment.id,
                "mode": "credit" if free_only else "reopen",
                "line_ids": [
                    Command.create(
                        {
                            "move_id": bill.id,
                            "most": most,
                            "amount": most if bill or free_only else 0.0,
                        }
                    )
                    for _line, bill, most in held
                ],
            }
        )
        return wizard._show()

    def _show(self):
        """Return the action that shows this wizard.

        Note: self.ensure_one()

        :rtype: dict
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Give Back"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    @api.onchange("mode")
    def _onchange_mode(self):
        """Propose what fits the answer: bills, or what no bill took."""
        for line in self.line_ids:
            fits = bool(line.move_id) == (self.mode != "credit")
            line.amount = line.most if fits else 0.0

    def action_refund(self):
        """Give the money back once, however often this is called.

        Note: self.ensure_one()

        :return: window action with the result
        :rtype: dict
        :raise UserError: if it is refused before anything was sent
        """
        self.ensure_one()
        self.check_access("write")
        self._check_rights()
        if self.transaction_id:
            return self._show()
        parts = [
            (line.move_id.id, line.amount) for line in self.line_ids if line.amount
        ]
        self._check_parts(parts)
        source_sudo = self._get_source()
        if self.mode == "credit_note":
            source_sudo.sudo(False)._therapy_check_credit_notes(parts, self.reason_id)
        try:
            tx_id = source_sudo._therapy_refund(
                self.amount,
                self.mode,
                parts=parts,
                uuid=self.uuid,
                therapy_refund_reason=self.reason,
                therapy_refund_reason_id=self.reason_id.id,
            )
        except ValidationError as error:
            raise UserError(str(error)) from error
        self._write_result(source_sudo.browse(tx_id))
        return self._show()

    def _check_rights(self):
        """Refuse whoever is no biller of the practice.

        :raise AccessError: for anybody else
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers can give money back."))
        self.payment_id.check_access("write")

    def _check_parts(self, parts):
        """Refuse parts that do not fit the answer.

        :param list parts: (bill's id or False, amount)
        :raise UserError: saying what to do
        """
        if any(amount < 0 for _bill, amount in parts) or not parts:
            raise UserError(self.env._("Enter how much is to go back."))
        bills = [bill for bill, _amount in parts if bill]
        if self.mode == "credit" and bills:
            raise UserError(
                self.env._(
                    "To take money off a bill choose to reopen or to credit the bill."
                )
            )
        if self.mode != "credit" and len(bills) < len(parts):
            raise UserError(
                self.env._("Give back what no bill took apart from the bills.")
            )

    def _write_result(self, tx_sudo):
        """Say in plain words what became of the refund.

        :param tx_sudo: sudoed `payment.transaction`
        """
        amount = self.currency_id.format(abs(tx_sudo.amount))
        if tx_sudo.state == "done":
            result = "done"
            message = self.env._(
                "%(amount)s goes back to %(card)s. It takes some days to arrive.",
                amount=amount,
                card=self.card_name,
            )
        elif tx_sudo.state in ("draft", "pending", "authorized"):
            result, message = "pending", tx_sudo.state_message or ""
            message = message or self.env._("The bank has not decided yet.")
        else:
            result = "error"
            message = self.env._(
                "Nothing was given back: %(reason)s", reason=tx_sudo.state_message or ""
            )
        self.write({"transaction_id": tx_sudo.id, "result": result, "message": message})
