from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from ..exceptions import FeeChanged


class TherapyChargeWizard(models.TransientModel):
    """Credits first, the fee, the total, and the one charge of a try."""

    _inherit = "therapy.charge.wizard"

    use_credits = fields.Boolean(
        string="Use Credit First",
        compute="_compute_use_credits",
        store=True,
        precompute=True,
        readonly=False,
    )
    credit_available = fields.Monetary(
        string="Credit", compute="_compute_credit_available"
    )
    credit_amount = fields.Monetary(
        string="Paid from Credit", compute="_compute_credit_amount"
    )
    # What the biller was shown and told the payer: stored, saved by the form.
    fee_amount = fields.Monetary(
        string="Card Fee", compute="_compute_fee", store=True, readonly=False
    )
    fee_text = fields.Text(compute="_compute_fee", store=True, readonly=False)
    total_amount = fields.Monetary(
        string="Total on the Card", compute="_compute_fee", store=True, readonly=False
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_use_credits(self):
        """Use credits where the practice does so, unless the payer keeps them."""
        for wizard in self:
            wizard.use_credits = (
                wizard.company_id.therapy_use_credits
                and not wizard.bill_partner_id.therapy_keep_credits
            )

    @api.depends("move_ids")
    def _compute_credit_available(self):
        """Show what the payer has to the good, as far as the bills could take it."""
        for wizard in self:
            payer = wizard.bill_partner_id.with_company(wizard.company_id)
            wizard.credit_available = min(
                sum(wizard.move_ids.mapped("therapy_credit_available")),
                payer.therapy_credit_amount,
            )

    @api.depends("credit_available", "use_credits")
    def _compute_credit_amount(self):
        """Show what credits will pay."""
        for wizard in self:
            wizard.credit_amount = wizard.use_credits and wizard.credit_available

    @api.depends("amount", "token_id", "partner_id")
    def _compute_fee(self):
        """Show the fee on this card and what will be on its statement (M7)."""
        for wizard in self:
            fee = wizard._get_fee(wizard)
            wizard.fee_amount = fee.amount
            wizard.fee_text = fee.text
            wizard.total_amount = fee.total

    # === BUSINESS METHODS === #

    def _get_fee(self, source):
        """Return the fee on one charge.

        :param source: this wizard or one of its lines: card, payer, amount
        :rtype: Fee
        """
        card = {"funding": ""}
        if source.token_id:
            token_sudo = source.token_id.sudo()  # sudo: the kind of the card only
            card = token_sudo._therapy_get_fee_card()
        return self.env["therapy.fee.rule"]._get_fee(
            source.amount, self.currency_id, self.company_id, source.partner_id, **card
        )

    def _check_fees(self, sources):
        """Refuse to charge a higher fee than was shown (M7).

        What it is now is kept all the same: it is what is shown from now on.

        :param sources: this wizard or some of its lines
        :raise FeeChanged: with what would be on the cards
        """
        higher = sources.filtered(
            lambda source: (
                self.currency_id.compare_amounts(
                    self._get_fee(source).amount, source.fee_amount
                )
                > 0
            )
        )
        if not higher:
            return
        higher._compute_fee()
        commit(self.env)
        raise FeeChanged(
            self.env._(
                "The fee on this card has changed. Please look at the total again: "
                "it is %(total)s now.",
                total=self.currency_id.format(sum(sources.mapped("total_amount"))),
            )
        )

    def _apply_credits(self):
        """Put credits on the bills, before the card is charged (M4).

        Committed at once: a card that fails does not take them back.
        """
        if not self.use_credits or self.currency_id.is_zero(self.credit_amount):
            return
        numbers, limit = self.move_ids.ids, self.credit_amount
        commit(self.env)
        run_in_fresh_cursor(
            self.env,
            lambda env: bool(
                env["account.move"]
                .browse(numbers)
                .sorted(lambda bill: (bill.invoice_date_due, bill.id))
                ._therapy_apply_credits(limit=limit)
            ),
        )
        self.env.invalidate_all()

    def _get_parts(self, amount) -> list:
        """Divide an amount over the bills, the one due first before the others.

        :param float amount: the amount without fee
        :return: (bill's id, amount)
        :rtype: list
        """
        parts, left = [], amount
        bills = self.move_ids.sorted(lambda bill: (bill.invoice_date_due, bill.id))
        for bill in bills:
            part = self.currency_id.round(min(left, bill._therapy_get_payable_amount()))
            if self.currency_id.compare_amounts(part, 0) > 0:
                parts.append((bill.id, part))
                left = self.currency_id.round(left - part)
        if self.currency_id.compare_amounts(left, 0) > 0 or not parts:
            # Too much, or nothing: the gate says so in its own words.
            rest = (bills[-1:].id, parts.pop()[1] + left if parts else amount)
            parts.append(rest)
        return parts

    def _charge_once(self, source):
        """Charge a card; whoever asks a second time gets the first charge.

        :param source: this wizard or one of its lines: uuid, card, payer, amount
        :return: sudoed transaction
        :rtype: payment.transaction
        :raise UserError: if the charge is refused before anything was sent
        """
        transactions = self.env["payment.transaction"]
        self._check_fees(source)
        fee = self._get_fee(source)
        token_sudo = source.token_id.sudo()  # sudo: the kind of the card only
        card = token_sudo._therapy_get_fee_card()
        try:
            with mute_logger("odoo.sql_db"):
                tx_id = transactions._therapy_charge(
                    source.token_id,
                    self._get_parts(source.amount),
                    paid_by=source.partner_id,
                    uuid=source.uuid,
                    **transactions._therapy_prepare_fee_vals(
                        fee, card["funding"], card["brand"]
                    ),
                )
        except (ValidationError, UniqueViolation) as error:
            # A second click may have met the first one at work.
            commit(self.env)
            tx_sudo = self._find_transaction(source.uuid)
            if not tx_sudo:
                raise UserError(str(error)) from error
            return tx_sudo
        return transactions.sudo().browse(tx_id)  # sudo: the user's own charge
