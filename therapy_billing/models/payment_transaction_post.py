import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools import cursor
from odoo.addons.therapy_billing.tools.checkpoint import (
    AFTER_COMMIT,
    AFTER_RECORD,
    BEFORE_COMMIT,
    checkpoint,
)

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """From a result to the ledger (M5, M12), and the order of a charge (D4)."""

    _inherit = "payment.transaction"

    # === CHARGING === #

    @api.model
    def _therapy_charge(self, token, parts, paid_by=None, **vals) -> int:
        """Charge a saved card for parts of bills, without the payer being there.

        Commits three times: the reservation before the processor is asked, its
        answer, the ledger. The caller's own changes are committed with the first.

        :param token: the `payment.token` to charge
        :param list parts: (bill's id, amount) in the bills' currency
        :param paid_by: the `res.partner` who pays; whose token it is if empty
        :param dict vals: more values of the transaction
        :return: id of the transaction; its state is the result
        :rtype: int
        :raise AccessError: if the user may not change the bills
        :raise ValidationError: if the amounts cannot be paid
        """
        bills = self.env["account.move"].browse([number for number, _amount in parts])
        bills.check_access("write")
        token_sudo = token.sudo()  # sudo: a biller may charge but not read providers
        values = {
            "provider_id": token_sudo.provider_id.id,
            "payment_method_id": token_sudo.payment_method_id.id,
            "token_id": token_sudo.id,
            "amount": sum(amount for _bill, amount in parts),
            "currency_id": bills.currency_id[:1].id,
            "partner_id": token_sudo.partner_id.id,
            "paid_by_id": (paid_by or token_sudo.partner_id).id,
            "operation": "offline",
            **vals,
        }
        # Nothing of the caller may be locked or invisible while it is being charged.
        cursor.commit(self.env)

        def reserve(env):
            tx_id = env[self._name].sudo().create([values]).id  # sudo: see above
            checkpoint(BEFORE_COMMIT)
            return tx_id

        tx_id = cursor.run_in_fresh_cursor(
            self.env(context=dict(self.env.context, therapy_parts=parts)), reserve
        )
        checkpoint(AFTER_COMMIT)
        self._therapy_send(tx_id)
        checkpoint(AFTER_RECORD)
        self._therapy_post_now(tx_id)
        cursor.commit(self.env)
        return tx_id

    @api.model
    def _therapy_send(self, tx_id):
        """Ask the processor to charge, in a transaction that is never run twice.

        :param int tx_id: id of the committed transaction
        """

        def send(env):
            env[self._name].sudo().browse(tx_id)._charge_with_token()  # sudo: core's

        def fail(env):
            tx_sudo = env[self._name].sudo().browse(tx_id)  # sudo: core's own mode
            tx_sudo._set_error(message)

        try:
            cursor.run_in_fresh_cursor(self.env, send, retries=0)
        except UserError as error:
            # Refused before anything was sent (the provider is disabled, say).
            message = str(error)
            cursor.run_in_fresh_cursor(self.env, fail)

    @api.model
    def _therapy_post_now(self, tx_id) -> bool:
        """Post a transaction in a transaction of its own; the cron tries again later.

        :param int tx_id: id of the transaction
        :return: whether it was posted, or nothing was to be posted
        :rtype: bool
        """

        def post(env):
            env[self._name].sudo().browse(tx_id)._post_process()  # sudo: core's mode

        try:
            cursor.run_in_fresh_cursor(self.env, post)
        except Exception:
            _logger.exception("Transaction with id %s could not be posted.", tx_id)
            return False
        return True

    # === POSTING === #

    @api.model
    def _cron_post_process(self):
        """Override of `payment` to post what waits, each in its own transaction.

        Core gives up after four days, and touches drafts whose charge is in flight.

        :return: None
        """
        transactions = self or self.search(Domain(self._therapy_get_cron_domain()))
        for tx_id in transactions.ids:
            self._therapy_post_now(tx_id)

    def _post_process(self):
        """Override of `account_payment` to post each payment once, and its bills.

        Drafts wait: a charge may be in flight. A transaction that somebody else is
        posting is left to them.

        :return: None
        """
        self.flush_recordset()
        locked = self.try_lock_for_update(allow_referencing=True)
        locked.invalidate_recordset(["state", "payment_id", "is_post_processed"])
        waiting = locked.filtered(
            lambda tx: tx.state != "draft" and not tx.is_post_processed
        )
        waiting._therapy_post_drafts()
        waiting._therapy_create_payments()
        if len(waiting) > 1:
            waiting = waiting._therapy_with_notes()
        result = super(PaymentTransaction, waiting)._post_process()
        waiting._therapy_write_notes()
        done = waiting.filtered(lambda tx: tx.state == "done" and tx.payment_id)
        done._therapy_release()
        return result

    def _therapy_post_drafts(self):
        """Post or cancel payments made before their transaction had a result (RUN E).

        :return: None
        """
        for tx in self.filtered("payment_id"):
            payment = tx.payment_id
            # The state does not tell: core's dialog makes the entry beforehand.
            if payment.move_id.state == "posted":
                continue
            if tx.state == "error" and payment.state != "canceled":
                payment.action_cancel()
            if tx.state != "done":
                continue
            if payment.state == "canceled":
                payment.action_draft()
            parts = tx.therapy_allocation_ids and tx._therapy_get_ledger_parts()
            payment.paid_by_partner_id = tx.paid_by_id or tx.partner_id
            payment.with_context(therapy_ledger_parts=parts).action_post()
            tx._therapy_reconcile(payment, parts or [])
            if any(not bill_id for bill_id, _amount in parts or []):
                tx._therapy_announce_credit(payment)

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to book on the bill's partner (M12).

        One receivable line per bill, reconciled with that bill and nothing else;
        dated when it was charged; what no bill takes is a credit of the bill's
        partner.

        Note: self.ensure_one()

        :param dict extra_create_values: more values of the payment
        :return: the payment
        :rtype: recordset of `account.payment`
        """
        self.ensure_one()
        if not self.therapy_allocation_ids:
            return super()._create_payment(**extra_create_values)
        parts = self._therapy_get_ledger_parts()
        values = {**self._therapy_prepare_payment_vals(), **extra_create_values}
        Payment = self.env["account.payment"].with_context(therapy_ledger_parts=parts)
        payment = Payment.create(values)
        payment.action_post()
        self.payment_id = payment
        self._therapy_reconcile(payment, parts)
        if any(not bill_id for bill_id, _amount in parts):
            self._therapy_announce_credit(payment)
        return payment

    def _therapy_prepare_payment_vals(self) -> dict:
        """Return the values of the payment.

        Note: self.ensure_one() from :meth:`_create_payment`

        :return: values of an `account.payment`
        :rtype: dict
        """
        provider = self.provider_id
        method_line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        bills = self.therapy_allocation_ids.move_id
        return {
            "amount": self.amount,
            "payment_type": "inbound",
            "currency_id": self.currency_id.id,
            "partner_id": bills[:1]._therapy_get_ledger_partner().id,
            "partner_type": "customer",
            "journal_id": provider.journal_id.id,
            "company_id": provider.company_id.id,
            "payment_method_line_id": method_line[:1].id,
            "payment_token_id": self.token_id.id,
            "payment_transaction_id": self.id,
            "memo": self.reference,
            "date": self._therapy_get_ledger_date(),
            "invoice_ids": [(6, 0, bills.ids)],
            "paid_by_partner_id": (self.paid_by_id or self.partner_id).id,
            "write_off_line_vals": self._therapy_prepare_fee_line() or None,
        }

    def _therapy_get_ledger_date(self):
        """Return the date of the payment: when it was charged, or the first open day.

        Core would date the payment in the locked period and its entry elsewhere.

        Note: self.ensure_one()

        :return: the date
        :rtype: date
        """
        self.ensure_one()
        company = self.company_id
        day = company._therapy_local_date(self.charged_at or self.last_state_change)
        return company._therapy_get_open_date(day, self.provider_id.journal_id)

    def _therapy_get_ledger_parts(self) -> list:
        """Return what goes to which bill, and what is left as credit.

        Whoever reserved is served. A part whose reservation died before the success
        came (late success) gets what others left.

        Note: self.ensure_one()

        :return: (bill's id or False, amount); the sum is the transaction's amount
            less the fee
        :rtype: list
        """
        self.ensure_one()
        currency = self.currency_id
        parts, rest = [], currency.round(self.amount - self.fee_amount)
        for allocation in self.therapy_allocation_ids:
            bill = allocation.move_id
            most = bill._therapy_get_payable_amount()
            if allocation.live:
                most = min(most + allocation.amount, bill.amount_residual)
            amount = currency.round(min(allocation.amount, most, rest))
            if currency.compare_amounts(amount, 0) > 0:
                parts.append((bill.id, amount))
                rest = currency.round(rest - amount)
        if currency.compare_amounts(rest, 0) > 0:
            parts.append((False, rest))
        return parts

    def _therapy_announce_credit(self, payment):
        """Tell the practice that money came that no bill takes (M5).

        For a module to tell more people, it must override this method.

        :param payment: the `account.payment`
        """
        payment.therapy_credit_cause = "overpaid"
        payment.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Unapplied payment: apply it or give it back"),
            user_id=payment._therapy_get_clerk().id,
        )
