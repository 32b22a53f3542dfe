import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..exceptions import FeeChanged


class TherapyChargeWizard(models.TransientModel):
    """Charge a saved card for a bill: check, confirm, result in plain words."""

    _name = "therapy.charge.wizard"
    _description = "Charge a Card"

    move_id = fields.Many2one(
        "account.move", string="Bill", required=True, readonly=True, ondelete="cascade"
    )
    move_ids = fields.Many2many(
        "account.move",
        string="Bills",
        compute="_compute_move_ids",
        store=True,
        precompute=True,
        readonly=False,
        help="All bills of one payer that are charged together.",
    )
    bill_count = fields.Integer(compute="_compute_payable_amount")
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
    def _compute_move_ids(self):
        """Charge one bill unless more were chosen."""
        for wizard in self:
            wizard.move_ids = wizard.move_ids or wizard.move_id

    @api.depends("move_ids")
    def _compute_payable_amount(self):
        """Show what is left after payments under way."""
        for wizard in self:
            bills = wizard.move_ids
            wizard.bill_count = len(bills)
            wizard.payable_amount = sum(
                bill._therapy_get_payable_amount() for bill in bills
            )

    @api.depends("move_ids")
    def _compute_payer_ids(self):
        """Offer whom the bill is for, and the other guarantors of the patient."""
        for wizard in self:
            guarantors = wizard.move_ids.patient_id.guarantor_ids.partner_id
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
            wizard.card_ids = wizard._get_cards(wizard.partner_id)

    @api.depends("partner_id")
    def _compute_token_id(self):
        """Propose the payer's default card."""
        for wizard in self:
            default = wizard.partner_id._therapy_get_default_card(wizard.company_id)
            wizard.token_id = default & wizard.card_ids

    @api.depends("payable_amount", "credit_amount")
    def _compute_amount(self):
        """Propose all that can be paid now, less what credits pay."""
        for wizard in self:
            wizard.amount = wizard.payable_amount - wizard.credit_amount

    # === ACTION METHODS === #

    def _get_action(self):
        """Return the action that shows this wizard.

        Note: self.ensure_one()

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self._get_title(),
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

        :return: window action with the result; where the fee has become higher, the
            dialog again with the new total, and nothing charged
        :rtype: dict
        :raise UserError: if the charge is refused before anything was sent
        """
        self.ensure_one()
        self.check_access("write")
        try:
            self._charge()
        except FeeChanged as error:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "message": str(error),
                    "next": self._get_action(),
                },
            }
        return self._get_action()

    def _charge(self):
        """Charge one card, or that of each person, and keep what became of it.

        Note: self.ensure_one()

        :raise UserError: if the charge is refused before anything was sent
        """
        self.ensure_one()
        if self.is_split:
            self.line_ids._charge()
            self._summarize()
            return
        tx_sudo = self._find_transaction()
        if not tx_sudo:
            self._check_charge()
            covered = self.credit_amount and self.currency_id.is_zero(self.amount)
            self._apply_credits()
            if not covered:
                tx_sudo = self._charge_once(self)
        self.write(self._prepare_result_vals(tx_sudo))

    def _find_transaction(self, number=None):
        """Return the transaction that was made already.

        :param str number: its uuid; this wizard's own if empty
        :return: sudoed transaction, maybe empty
        :rtype: payment.transaction
        """
        transactions_sudo = self.env["payment.transaction"].sudo()  # sudo: own charge
        return transactions_sudo.search([("uuid", "=", number or self.uuid)], limit=1)

    def action_try_again(self):
        """Go back to the first page after a try that is known to have failed.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        if self.is_split:
            self.line_ids._reset()
            self.write({"result": False, "message": False})
        elif self.result in ("declined", "error"):
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
        if self.credit_amount and self.currency_id.is_zero(self.amount):
            return
        self._check_person(self.partner_id, self.token_id, self.card_ids)
        self._check_fees(self)

    def _check_person(self, payer, token, cards):
        """Refuse who may not pay, or a card that is not theirs.

        :param res.partner payer: who pays
        :param payment.token token: the card chosen
        :param payment.token cards: the payer's cards
        :raise UserError: with the reason
        """
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise UserError(self.env._("Only billers can charge cards."))
        if payer not in self.payer_ids:
            raise UserError(self.env._("This person does not pay for the patient."))
        if not token or token not in cards:
            raise UserError(self.env._("Choose a card of the payer, or add one."))

    def _take_card(self, token):
        """Choose a card that was added from here.

        Note: self.ensure_one()

        :param payment.token token: the new card
        """
        self.ensure_one()
        rows = self.line_ids.filtered(lambda line: line.partner_id == token.partner_id)
        rows.token_id = token
        if self.partner_id == token.partner_id:
            self.token_id = token

    def _get_title(self) -> str:
        """Return the title of the dialog.

        :rtype: str
        """
        if len(self.move_ids) > 1:
            return self.env._(
                "Charge a card for %(count)s bills", count=len(self.move_ids)
            )
        return self.env._("Charge a card for %(bill)s", bill=self.move_id.name)

    def _get_cards(self, payer):
        """Return the saved cards of a payer that this company can charge.

        Note: self.ensure_one()

        :param res.partner payer: whose cards
        :rtype: payment.token
        """
        self.ensure_one()
        cards = payer.therapy_card_ids.filtered(
            lambda card: card.status in ("active", "expiring", "declined")
        )
        cards_sudo = cards.sudo()  # sudo: billers may not read providers
        usable_sudo = cards_sudo.filtered(
            lambda card: (
                card.provider_id.company_id == self.company_id
                and card.provider_id.state != "disabled"
            )
        )
        return usable_sudo.sudo(False)
