import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class TherapyChargeWizard(models.TransientModel):
    """Charge a saved card for a bill: check, confirm, result in plain words."""

    _name = "therapy.charge.wizard"
    _description = "Charge a Card"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="move_id.company_id")
    currency_id = fields.Many2one(related="move_id.currency_id")
    bill_partner_id = fields.Many2one(
        related="move_id.partner_id", string="Bill Made Out to"
    )
    payable_amount = fields.Monetary(
        string="Can Be Paid Now", compute="_compute_payable_amount"
    )
    payer_ids = fields.Many2many("res.partner", compute="_compute_payer_ids")
    partner_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        required=True,
        domain="[('id', 'in', payer_ids)]",
        compute="_compute_partner_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    card_ids = fields.Many2many(
        "payment.token", string="Usable Cards", compute="_compute_card_ids"
    )
    token_id = fields.Many2one(
        "payment.token",
        string="Card",
        domain="[('id', 'in', card_ids)]",
        compute="_compute_token_id",
        store=True,
        readonly=False,
    )
    card_status = fields.Selection(related="token_id.status")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    uuid = fields.Char(default=lambda self: str(uuid.uuid4()), readonly=True)
    transaction_id = fields.Many2one("payment.transaction", readonly=True)
    result = fields.Selection(
        selection=[
            ("done", "Done"),
            ("pending", "Pending"),
            ("declined", "Declined"),
            ("error", "Error"),
            ("unknown", "Unknown"),
        ],
        readonly=True,
    )
    message = fields.Text(readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_payable_amount(self):
        """Show what is left after payments under way."""
        for wizard in self:
            wizard.payable_amount = wizard.move_id._therapy_get_payable_amount()

    @api.depends("move_id")
    def _compute_payer_ids(self):
        """Offer whom the bill is for, and the other guarantors of the patient."""
        for wizard in self:
            guarantors = wizard.move_id.patient_id.guarantor_ids.partner_id
            payers = wizard.move_id.partner_id | guarantors
            wizard.payer_ids = payers.filtered(lambda payer: not payer.is_insurer)

    @api.depends("move_id")
    def _compute_partner_id(self):
        """Propose whom the bill is made out to."""
        for wizard in self:
            wizard.partner_id = wizard.move_id.partner_id

    @api.depends("partner_id")
    def _compute_card_ids(self):
        """List the payer's cards that can be charged."""
        for wizard in self:
            cards = wizard.partner_id.therapy_card_ids.filtered(
                lambda card: card.status in ("active", "expiring")
            )
            cards_sudo = cards.sudo()  # sudo: billers may not read providers
            companies_sudo = wizard.company_id.sudo().parent_ids  # sudo: see above
            usable_sudo = cards_sudo.filtered(
                lambda card, companies=companies_sudo: (
                    card.provider_id.company_id in companies
                    and card.provider_id.state != "disabled"
                )
            )
            wizard.card_ids = usable_sudo.sudo(False)

    @api.depends("partner_id")
    def _compute_token_id(self):
        """Propose the payer's default card."""
        for wizard in self:
            default = wizard.partner_id._therapy_get_default_card()
            wizard.token_id = default & wizard.card_ids

    @api.depends("move_id")
    def _compute_amount(self):
        """Propose all that can be paid now."""
        for wizard in self:
            wizard.amount = wizard.payable_amount

    # === ACTION METHODS === #

    def _get_action(self):
        """Return the action that shows this wizard.

        Note: self.ensure_one()

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Charge a card for %(bill)s", bill=self.move_id.name),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],  # The client asks for them in nested actions.
            "target": "new",
        }

    def action_add_card(self):
        """Save another card of the payer, then come back here.

        Note: self.ensure_one()

        :return: client action
        :rtype: dict
        """
        self.ensure_one()
        return self.env["therapy.add.card"]._get_action(
            self.partner_id, charge_wizard=self
        )

    def action_charge(self):
        """Charge the card once, however often this is called.

        The wizard names the transaction beforehand: a request that Odoo repeats, or a
        second click, finds it instead of charging again.

        Note: self.ensure_one()

        :return: window action with the result
        :rtype: dict
        :raise UserError: if the charge is refused before anything was sent
        """
        self.ensure_one()
        self.check_access("write")
        self._check_charge()
        transactions = self.env["payment.transaction"]
        tx_sudo = self._find_transaction()
        if not tx_sudo:
            try:
                tx_id = transactions._therapy_charge(
                    self.token_id,
                    [(self.move_id.id, self.amount)],
                    paid_by=self.partner_id,
                    uuid=self.uuid,
                )
            except ValidationError as error:
                raise UserError(str(error)) from error
            tx_sudo = transactions.sudo().browse(tx_id)  # sudo: the user's own charge
        self.write(self._prepare_result_vals(tx_sudo))
        return self._get_action()

    def _find_transaction(self):
        """Return the transaction this wizard already made.

        :return: sudoed transaction, maybe empty
        :rtype: payment.transaction
        """
        transactions_sudo = self.env["payment.transaction"].sudo()  # sudo: own charge
        return transactions_sudo.search([("uuid", "=", self.uuid)], limit=1)

    def action_try_again(self):
        """Go back to the first page after a try that is known to have failed.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        if self.result in ("declined", "error"):
            self.write(
                {
                    "uuid": str(uuid.uuid4()),
                    "transaction_id": False,
                    "result": False,
                    "message": False,
                }
            )
        return self._get_action()

    # === BUSINESS METHODS === #

    def _check_charge(self):
        """Refuse what a person must not charge.

        :raise UserError: with the reason
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise UserError(self.env._("Only billers can charge cards."))
        if self.partner_id not in self.payer_ids:
            raise UserError(self.env._("This person does not pay for the patient."))
        if self.token_id not in self.card_ids:
            raise UserError(self.env._("Choose a card of the payer, or add one."))

    def _prepare_result_vals(self, tx_sudo):
        """Return the result of a transaction in plain words.

        :param payment.transaction tx_sudo: sudoed transaction
        :return: values of the wizard
        :rtype: dict
        """
        words = {
            "done": "done",
            "authorized": "pending",
            "cancel": "declined",
            "error": "declined",
        }
        result = words.get(tx_sudo.state) or tx_sudo.therapy_stripe_result or "unknown"
        if tx_sudo.therapy_stripe_result == "error":
            result = "error"
        return {
            "transaction_id": tx_sudo.id,
            "result": result,
            "message": self._get_result_message(tx_sudo, result),
        }

    def _get_result_message(self, tx_sudo, result):
        """Return the sentence shown after a charge.

        :rtype: str
        """
        amount = tx_sudo.currency_id.format(tx_sudo.amount)
        card = tx_sudo.token_id.display_name
        if result != "done":
            return tx_sudo.state_message or self.env._(
                "%(amount)s on %(card)s: the bank has not decided yet.",
                amount=amount,
                card=card,
            )
        self.move_id.invalidate_recordset(["amount_residual"])
        left = self.move_id.amount_residual
        if self.currency_id.is_zero(left):
            return self.env._(
                "%(amount)s was charged to %(card)s. The bill is paid.",
                amount=amount,
                card=card,
            )
        return self.env._(
            "%(amount)s was charged to %(card)s. %(left)s is left to pay.",
            amount=amount,
            card=card,
            left=self.currency_id.format(left),
        )
