import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.therapy_billing.tools import clock, cursor

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """The card fee of a try: shown, accepted, checked again, and booked (M7, D10)."""

    _inherit = "payment.transaction"

    fee_text = fields.Text(
        string="Fee Disclosure",
        readonly=True,
        copy=False,
        help="What the payer was shown before the fee was accepted.",
    )
    fee_funding = fields.Char(
        string="Funding",
        readonly=True,
        copy=False,
        help="Kind of the account behind the card when the fee was shown.",
    )
    fee_brand = fields.Char(string="Brand", readonly=True, copy=False)
    fee_is_due_back = fields.Boolean(
        readonly=True,
        copy=False,
        help="The card turned out to be none that may have a fee.",
    )
    fee_accepted_at = fields.Datetime(readonly=True, copy=False)
    fee_accepted_user_id = fields.Many2one(
        "res.users",
        string="Fee Accepted by",
        readonly=True,
        copy=False,
        help="Who confirmed: the payer, or who asked the payer.",
    )

    @api.model
    def _therapy_prepare_fee_vals(self, fee, funding="credit", brand="") -> dict:
        """Return the values of a transaction whose payer accepted a fee.

        Only for code of the server, which found out the funding by itself: nothing of
        this may come from a browser.

        :param Fee fee: the fee that was shown and accepted just now
        :param str funding: kind of the account behind the card
        :param str brand: brand of the card
        :return: values of a `payment.transaction`, also for `_therapy_charge`; empty
            if there is no fee
        :rtype: dict
        """
        if not fee.amount:
            return {}
        return {
            "amount": fee.total,
            "fee_amount": fee.amount,
            "fee_text": fee.text,
            "fee_funding": funding,
            "fee_brand": brand,
            "fee_accepted_at": clock.now(),
            "fee_accepted_user_id": self.env.uid,
        }

    @api.model
    def _therapy_get_fee_card(self, vals) -> dict:
        """Return the card of a new transaction, as a fee depends on it.

        :param dict vals: values of the transaction
        :return: see `payment.token._therapy_get_fee_card`
        :rtype: dict
        """
        if vals.get("token_id"):
            token = self.env["payment.token"].browse(vals["token_id"])
            return token.sudo()._therapy_get_fee_card()  # sudo: payers' own card
        return {
            "funding": vals.get("fee_funding") or "unknown",
            "is_benefit_card": False,
            "brand": vals.get("fee_brand") or "",
        }

    @api.model
    def _therapy_check_fee(self, currency, company, vals):
        """Refuse a fee that is not allowed, or that nobody was shown (M7).

        Limits and cards change between the page and the payment; this is the last
        look at them before the processor is asked.

        :param currency: the `res.currency` of what is paid
        :param company: the `res.company` that is paid
        :param dict vals: values of the transaction
        :raise ValidationError: in words for the payer
        """
        fee_amount = vals.get("fee_amount") or 0.0
        if currency.is_zero(fee_amount):
            return
        allowed = self.env["therapy.fee.rule"]._get_fee(
            (vals.get("amount") or 0.0) - fee_amount,
            currency,
            company,
            self.env["res.partner"].browse(vals.get("paid_by_id")),
            **self._therapy_get_fee_card(vals),
        )
        shown = vals.get("fee_text") and vals.get("fee_accepted_at")
        if (
            not shown
            or currency.compare_amounts(fee_amount, 0) < 0
            or currency.compare_amounts(fee_amount, allowed.amount) > 0
        ):
            raise ValidationError(
                self.env._(
                    "The fee on this card has changed. Please look at the total again."
                )
            )

    def _therapy_owe_fee(self):
        """Take note that the fee must go back, and have the job give it back (M7).

        Note: self.ensure_one()
        """
        self.ensure_one()
        self.fee_is_due_back = True
        cron = self.env.ref("therapy_billing.ir_cron_return_fees")
        cron.sudo()._trigger()  # sudo: payers and billers may not see jobs

    @api.model
    def _cron_therapy_return_fees(self):
        """Give fees back that were taken from a card that may not have one.

        One that cannot be given back now does not hold up the others.
        """
        todo = self.search([("fee_is_due_back", "=", True), ("state", "=", "done")])
        for tx in todo:
            try:
                tx._therapy_return_fee()
                cursor.commit(self.env)
            except Exception:
                cursor.rollback(self.env)
                _logger.exception("The fee of transaction %s is still owed", tx.id)

    def _therapy_return_fee(self):
        """Give a fee back; a person is told when the processor cannot.

        Note: self.ensure_one()
        """
        self.ensure_one()
        self._post_process()
        _base, fee = self._therapy_get_refundable()
        owed = not self.currency_id.is_zero(fee)
        problem = owed and self._therapy_get_refund_problem()
        if problem and self.payment_id.move_id.state != "posted":
            return  # Not in the books yet; the next round has it.
        if problem:
            self._therapy_announce_owed_fee(fee)
        elif owed:
            refund_id = self._therapy_refund(
                0.0,
                "credit",
                fee=fee,
                therapy_refund_reason=self.env._("No fee on this kind of card"),
            )
            if self.browse(refund_id).state in ("error", "cancel"):
                self._therapy_announce_owed_fee(fee)
        self.fee_is_due_back = False

    def _therapy_announce_owed_fee(self, fee):
        """Tell the practice of a fee that must go back another way (M7).

        Note: self.ensure_one()

        :param float fee: what is owed
        """
        self.ensure_one()
        self.payment_id.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Give a card fee back another way"),
            note=self.env._(
                "%(amount)s was taken as a fee on a card that may have none, and the "
                "processor did not give it back.",
                amount=self.currency_id.format(fee),
            ),
            user_id=self.payment_id._therapy_get_clerk().id,
        )

    def _therapy_prepare_fee_line(self) -> list:
        """Return the line of the payment's entry that books the fee (D10).

        Note: self.ensure_one()

        :return: values for `write_off_line_vals`; empty without a fee
        :rtype: list
        """
        self.ensure_one()
        if self.currency_id.is_zero(self.fee_amount):
            return []
        company = self.company_id
        balance = self.currency_id._convert(
            self.fee_amount,
            company.currency_id,
            company,
            self._therapy_get_ledger_date(),
        )
        return [
            {
                "name": self.env._("Card fee"),
                "account_id": company._therapy_get_account("cardfee").id,
                "partner_id": self._therapy_get_ledger_partner().id,
                "currency_id": self.currency_id.id,
                "amount_currency": -self.fee_amount,
                "balance": -balance,
            }
        ]

    def _therapy_get_ledger_partner(self):
        """Return on whom the payment is booked (M12).

        Note: self.ensure_one()

        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        bills = (self | self.source_transaction_id).therapy_allocation_ids.move_id
        return bills[:1]._therapy_get_ledger_partner() if bills else self.partner_id
