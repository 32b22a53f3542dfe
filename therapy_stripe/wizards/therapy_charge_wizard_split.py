from odoo import Command, api, fields, models

from odoo.addons.therapy_billing.tools import money


class TherapyChargeWizard(models.TransientModel):
    """One bill collected from several people, each with a card and a part."""

    _inherit = "therapy.charge.wizard"

    is_split = fields.Boolean(string="Split between People")
    line_ids = fields.One2many(
        "therapy.charge.wizard.line", "wizard_id", string="People"
    )
    can_split = fields.Boolean(compute="_compute_can_split")
    parts_left = fields.Monetary(
        string="Stays Open",
        compute="_compute_parts_left",
        help="What nobody's part pays; below 0 if the parts are too much.",
    )
    parts_over = fields.Monetary(string="Too Much", compute="_compute_parts_left")

    @api.depends("payer_ids")
    def _compute_can_split(self):
        """Offer to divide where more than one person pays for the patient."""
        for wizard in self:
            wizard.can_split = len(wizard.payer_ids) > 1

    @api.depends(
        "line_ids.amount", "line_ids.result", "payable_amount", "credit_amount"
    )
    def _compute_parts_left(self):
        """Compare the parts with what can be paid, before anything is charged."""
        for wizard in self:
            todo = wizard.line_ids.filtered(lambda line: not line.result)
            parts = sum(todo.mapped("amount")) + wizard.credit_amount
            left = wizard.currency_id.round(wizard.payable_amount - parts)
            wizard.parts_left, wizard.parts_over = left, -left

    def _prepare_lines(self) -> list:
        """Return the people and their parts, to the cent.

        :return: values of lines
        :rtype: list
        """
        guarantors = self.move_ids.patient_id.guarantor_ids
        percent = {
            payer: sum(
                guarantors.filtered(lambda g, p=payer: g.partner_id == p).mapped(
                    "percent"
                )
            )
            for payer in self.payer_ids
        }
        if not any(percent.values()):
            percent = dict.fromkeys(percent, 1)
        digits = self.currency_id.decimal_places
        total = money.to_minor(self.payable_amount - self.credit_amount, digits)
        weights = [int(100 * share) for share in percent.values()]
        return [
            {
                "partner_id": payer._origin.id or payer.id,
                "amount": money.to_major(part, digits),
                "token_id": self._get_line_card(payer).id,
            }
            for payer, part in zip(percent, money.allocate(total, weights), strict=True)
            if part
        ]

    def _get_line_card(self, payer):
        """Return the card to propose for a person.

        :param res.partner payer: the person
        :rtype: payment.token
        """
        payer = payer._origin or payer
        return payer._therapy_get_default_card() & self._get_cards(payer)

    def action_split(self):
        """Divide the amount between the people who pay for the patient.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        lines = [Command.create(vals) for vals in self._prepare_lines()]
        self.write({"is_split": True, "line_ids": [Command.clear(), *lines]})
        return self._get_action()

    def action_join(self):
        """Go back to one person who pays.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        self.write({"is_split": False, "line_ids": [Command.clear()]})
        return self._get_action()
