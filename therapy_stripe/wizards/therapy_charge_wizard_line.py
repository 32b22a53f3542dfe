import uuid

from odoo import api, fields, models
from odoo.exceptions import UserError


class TherapyChargeWizardLine(models.TransientModel):
    """What one person pays with one card."""

    _name = "therapy.charge.wizard.line"
    _description = "One Person's Part of a Charge"
    _order = "id"

    wizard_id = fields.Many2one(
        "therapy.charge.wizard", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    payer_ids = fields.Many2many(related="wizard_id.payer_ids")
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        required=True,
        domain="[('id', 'in', payer_ids)]",
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
        precompute=True,
        readonly=False,
    )
    amount = fields.Monetary(required=True)
    # What the biller was shown and told the payer: stored, saved by the form.
    fee_amount = fields.Monetary(
        string="Card Fee", compute="_compute_fee", store=True, readonly=False
    )
    total_amount = fields.Monetary(
        string="On the Card", compute="_compute_fee", store=True, readonly=False
    )
    fee_text = fields.Text(compute="_compute_fee", store=True, readonly=False)
    card_status = fields.Selection(related="token_id.status")
    uuid = fields.Char(default=lambda self: str(uuid.uuid4()), readonly=True)
    transaction_id = fields.Many2one("payment.transaction", readonly=True)
    result = fields.Selection(
        selection=[
            ("done", "Charged"),
            ("pending", "Pending"),
            ("declined", "Declined"),
            ("error", "Not charged"),
            ("unknown", "Being checked"),
        ],
        readonly=True,
    )
    message = fields.Char(string="What Happened", readonly=True)

    _payer_uniq = models.Constraint(
        "UNIQUE(wizard_id, partner_id)", "A person is named once."
    )

    @api.depends("partner_id")
    def _compute_card_ids(self):
        """List the person's cards that can be charged."""
        for line in self:
            line.card_ids = line.wizard_id._get_cards(line.partner_id)

    @api.depends("partner_id")
    def _compute_token_id(self):
        """Propose the person's default card."""
        for line in self:
            line.token_id = line.token_id & line.card_ids or (
                line.wizard_id._get_line_card(line.partner_id)
                if line.partner_id
                else False
            )

    @api.depends("amount", "token_id", "partner_id")
    def _compute_fee(self):
        """Show the fee on this card and what will be on its statement (M7)."""
        for line in self:
            fee = line.wizard_id._get_fee(line)
            line.fee_amount, line.total_amount = fee.amount, fee.total
            line.fee_text = fee.text

    def action_add_card(self):
        """Save a card of this person, then come back.

        Note: self.ensure_one(), or empty for a row that is not known to the client

        :return: client action
        :rtype: dict
        :raise UserError: if the person does not pay for the patient
        """
        line = self or self._find_clicked()
        wizard, payer = line.wizard_id, line.partner_id
        if payer not in wizard.payer_ids or not payer:
            raise UserError(self.env._("This person does not pay for the patient."))
        return self.env["therapy.add.card"]._get_action(payer, charge_wizard=wizard)

    @api.model
    def _find_clicked(self):
        """Return the row that the button's context names.

        A click saves the dialog first. The client does not learn the number of a row
        that was new until then, so the button tells whose row it is.

        :return: the row, maybe empty
        :rtype: therapy.charge.wizard.line
        """
        return self.search(
            [
                ("wizard_id", "=", self.env.context.get("therapy_wizard")),
                ("partner_id", "=", self.env.context.get("therapy_payer")),
            ]
        )

    def _reset(self):
        """Let those be tried again whose charge is known to have failed."""
        for line in self.filtered(lambda line: line.result in ("declined", "error")):
            line.write(
                {
                    "uuid": str(uuid.uuid4()),
                    "transaction_id": False,
                    "result": False,
                    "message": False,
                }
            )

    def _charge(self):
        """Charge all people, one after the other; one who fails stops nobody.

        :raise UserError: before anybody is charged, if a row cannot be charged
        """
        wizard = self.wizard_id
        todo = self.filtered(lambda line: not line.result)
        if self and not todo:
            return  # A second click: all were charged.
        known = {line: wizard._find_transaction(line.uuid) for line in todo}
        if not any(known.values()):
            todo._check(wizard)
            wizard._apply_credits()
        for line in todo:
            try:
                tx_sudo = known[line] or wizard._charge_once(line)
            except UserError as error:
                line.write({"result": "error", "message": str(error)})
                continue
            line._write_result(tx_sudo)

    def _check(self, wizard):
        """Refuse rows that cannot be charged.

        :raise UserError: with the reason
        """
        if not self:
            raise UserError(self.env._("Name at least one person who pays."))
        total = sum(self.mapped("amount")) + wizard.credit_amount
        if wizard.currency_id.compare_amounts(total, wizard.payable_amount) > 0:
            raise UserError(
                self.env._(
                    "The parts add up to more than can be paid now: %(amount)s.",
                    amount=wizard.currency_id.format(wizard.payable_amount),
                )
            )
        for line in self:
            wizard._check_person(line.partner_id, line.token_id, line.card_ids)
        wizard._check_fees(self)

    def _write_result(self, tx_sudo):
        """Write what became of one person's charge.

        Note: self.ensure_one()

        :param payment.transaction tx_sudo: sudoed transaction
        """
        self.ensure_one()
        result = self.wizard_id._get_result(tx_sudo)
        message = tx_sudo.state_message if result != "done" else False
        self.write({"transaction_id": tx_sudo.id, "result": result, "message": message})
