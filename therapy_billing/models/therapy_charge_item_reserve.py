from datetime import timedelta

import psycopg2

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date, mute_logger

from odoo.addons.therapy_billing.exceptions import BillBusy
from odoo.addons.therapy_billing.tools import clock, errors


class TherapyChargeItem(models.Model):
    """From an item to a committed reservation (D4): checks, credits, transaction."""

    _inherit = "therapy.charge.item"

    def _reserve(self):
        """Make the transactions of locked items; say why where none can be made.

        :return: the transactions, reserved but not committed
        :rtype: payment.transaction
        """
        transactions = self.env["payment.transaction"]
        for item in self:
            try:
                with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                    transactions |= item._reserve_one()
            except BillBusy:
                item._note({"next_try_at": clock.now() + timedelta(minutes=1)})
            except (UserError, psycopg2.errors.UniqueViolation) as error:
                reason = errors.describe(self.env, error)
                item._note({"state": "skipped", "message": reason})
        return transactions

    def _reserve_one(self):
        """Put credits on the bill, then reserve the rest for the card.

        Note: self.ensure_one()

        :return: the transaction; none if nothing is left to charge
        :rtype: payment.transaction
        :raise UserError: if the bill cannot be charged
        """
        self.ensure_one()
        problem = self._get_problem()
        if problem:
            raise UserError(problem)
        if self._wait_for_service():
            return self.env["payment.transaction"]
        token_sudo = self._get_card()
        credit = self._apply_credits()
        payable = self.move_id._therapy_get_payable_amount()
        amount = min(self.amount - credit, payable)
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            self._finish_without_charge(credit, payable)
            return self.env["payment.transaction"]
        now = clock.now()
        # sudo: a biller may charge but not write transactions.
        transactions_sudo = self.env["payment.transaction"].sudo()  # sudo: see above
        tx_sudo = transactions_sudo.with_context(
            therapy_parts=[(self.move_id.id, amount)]
        ).create([self._prepare_transaction_vals(token_sudo, amount)])
        self._note(
            {
                "state": "sent",
                "message": False,
                "token_id": token_sudo.id,
                "transaction_id": tx_sudo.id,
                "credit_amount": self.credit_amount + credit,
                "tries": self.tries + 1,
                "first_try_at": self.first_try_at or now,
            }
        )
        return tx_sudo

    def _get_problem(self) -> str:
        """Say why a bill is not charged, in plain words.

        For a module to keep bills out of runs (disputed payers, say), it must
        override this method and call super.

        Note: self.ensure_one()

        :return: the reason, empty if it can be charged
        :rtype: str
        """
        self.ensure_one()
        return self.move_id._therapy_get_payment_problem()

    def _wait_for_service(self) -> bool:
        """Put an item off whose day of service has not come (M10).

        Note: self.ensure_one()

        :return: whether it was put off
        :rtype: bool
        """
        self.ensure_one()
        earliest = self.move_id._therapy_get_earliest_charge()
        if not earliest or earliest <= clock.now():
            return False
        day = self.company_id._therapy_local_date(earliest)
        self._note(
            {
                "next_try_at": earliest,
                "message": self.env._(
                    "Charged on %(day)s, the day of service.",
                    day=format_date(self.env, day),
                ),
            }
        )
        return True

    def _get_card(self):
        """Return the card to charge: the one chosen, or the payer's default now.

        The default now counts where the chosen one is gone or may not be charged: the
        payer may have a new one. Whether it may be charged is asked by the gate.

        Note: self.ensure_one()

        :return: sudoed card
        :rtype: payment.token
        :raise UserError: if there is none
        """
        self.ensure_one()
        # sudo: billers read cards, but not the providers behind them.
        card_sudo = self.token_id.sudo()  # sudo: see the line above
        if not card_sudo.active or card_sudo._therapy_get_charge_problem():
            payer_sudo = self.partner_id.sudo()  # sudo: same
            new_sudo = payer_sudo._therapy_get_run_card(self.company_id)
            # Without another one, the gate says what is wrong with the chosen one.
            card_sudo = new_sudo or card_sudo.filtered("active")
        if not card_sudo:
            raise UserError(self.env._("The payer has no card on file."))
        return card_sudo

    def _apply_credits(self) -> float:
        """Put the payer's credits on the bill first, where the run says so (M4).

        Note: self.ensure_one()

        :return: what was applied
        :rtype: float
        """
        self.ensure_one()
        if not self.run_id.use_credits or self.move_id.partner_id.therapy_keep_credits:
            return 0.0
        applied = self.move_id._therapy_apply_credits(limit=self.amount)
        return sum(part for _bill, _line, part in applied)

    def _finish_without_charge(self, credit, payable):
        """Write why nothing is charged: credit paid it, or others are paying it.

        Note: self.ensure_one()

        :param float credit: what credits paid just now
        :param float payable: what may still be paid of the bill
        """
        self.ensure_one()
        vals = {"credit_amount": self.credit_amount + credit, "message": False}
        if self.currency_id.compare_amounts(vals["credit_amount"], 0) > 0:
            vals["state"] = "credit"
        else:
            vals["state"] = "skipped"
            vals["message"] = self.env._("A payment of this bill is under way.")
        self._note(vals)

    def _prepare_transaction_vals(self, token_sudo, amount) -> dict:
        """Return the values of the transaction of a try.

        For a module to add a fee, it must override this method: ``fee_amount``, and
        ``amount`` with the fee in it.

        Note: self.ensure_one()

        :param token_sudo: the sudoed card
        :param float amount: what the bill gets
        :return: values
        :rtype: dict
        """
        self.ensure_one()
        again = f"-{self.tries + 1}" if self.tries else ""
        return {
            "provider_id": token_sudo.provider_id.id,
            "payment_method_id": token_sudo.payment_method_id.id,
            "token_id": token_sudo.id,
            "reference": f"{self.move_id.name}-C{self.id}{again}",
            "amount": amount,
            "currency_id": self.currency_id.id,
            "partner_id": token_sudo.partner_id.id,
            "paid_by_id": self.partner_id.id,
            "operation": "offline",
            "therapy_item_id": self.id,
        }
