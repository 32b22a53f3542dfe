from collections import Counter

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

        Each is asked for what they agreed to bear, less what they have paid.

        :return: values of lines
        :rtype: list
        """
        digits = self.currency_id.decimal_places
        total = money.to_minor(self.payable_amount - self.credit_amount, digits)
        agreed, paid = self._get_agreed(), self._get_paid()
        payers = self.payer_ids._origin
        parts = [max(agreed[payer] - paid[payer], 0) for payer in payers]
        if not any(parts):
            parts = [agreed[payer] for payer in payers]
        if sum(parts) != total and any(parts):
            parts = money.allocate(total, parts)
        return [
            {
                "partner_id": payer.id,
                "amount": money.to_major(part, digits),
                "token_id": self._get_line_card(payer).id,
            }
            for payer, part in zip(payers, parts, strict=True)
            if part
        ]

    def _get_agreed(self) -> Counter:
        """Return what each bears of the bills, as agreed for the day of service (M10).

        Fixed amounts are of each session. What nobody bears is left to whom the bill
        is made out to.

        :return: minor units by `res.partner`
        :rtype: Counter
        """
        digits, agreed = self.currency_id.decimal_places, Counter()
        for bill_sudo in self.move_ids.sudo():  # sudo: only days and amounts are read
            for day, amount in self._get_days(bill_sudo):
                rows = bill_sudo.patient_id.guarantor_ids.filtered(
                    lambda row, bill=bill_sudo: row.company_id == bill.company_id
                )._therapy_filter_active(day)
                weights = rows._therapy_get_weights()
                parts = money.divide_part(
                    money.to_minor(amount, digits),
                    [*weights, 0 if any(weights) else 1],
                    [*rows._therapy_get_fixed(), 0],
                )
                payers = [*(row.partner_id for row in rows), bill_sudo.partner_id]
                for payer, part in zip(payers, parts, strict=True):
                    agreed[payer] += part
        return agreed

    def _get_days(self, bill_sudo) -> list:
        """Return the days of service of a bill; its own date if it has no session.

        :param account.move bill_sudo: the sudoed bill
        :return: (day, amount) per session; the sum is the bill's total
        :rtype: list
        """
        amounts = {}
        for share in bill_sudo.session_share_ids.filtered("live"):
            session = share.session_id
            amounts[session] = amounts.get(session, 0.0) + share.amount
        rest = bill_sudo.amount_total - sum(amounts.values())
        if not amounts or self.currency_id.compare_amounts(rest, 0) < 0:
            return [(bill_sudo.invoice_date, bill_sudo.amount_total)]
        amounts[session] += rest  # Taxes, say.
        return [(session.date, amount) for session, amount in amounts.items()]

    def _get_paid(self) -> Counter:
        """Return what each person has paid of the bills, or is paying.

        Credits are money of whom the bill is made out to.

        :return: minor units by `res.partner`
        :rtype: Counter
        """
        digits, paid = self.currency_id.decimal_places, Counter()
        paid[self.bill_partner_id] += money.to_minor(self.credit_amount, digits)
        for bill_sudo in self.move_ids.sudo():  # sudo: only who paid what is read
            for partial in bill_sudo.line_ids.matched_credit_ids:
                line = partial.credit_move_id
                if line.move_id.move_type != "out_refund":
                    payer = line.payment_id.paid_by_partner_id or line.partner_id
                    amount = partial.debit_amount_currency
                    paid[payer] += money.to_minor(amount, digits)
            for allocation in bill_sudo.therapy_allocation_ids.filtered("live"):
                amount = money.to_minor(allocation.amount, digits)
                paid[allocation.partner_id] += amount
        return paid

    def _get_line_card(self, payer):
        """Return the card to propose for a person.

        :param res.partner payer: the person
        :rtype: payment.token
        """
        payer = payer._origin or payer
        default = payer._therapy_get_default_card(self.company_id)
        return default & self._get_cards(payer)

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
