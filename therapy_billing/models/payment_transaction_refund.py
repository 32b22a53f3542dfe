from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.therapy_billing.tools import cursor

#: What becomes of the bill when its payment is given back.
REFUND_MODES = [
    ("reopen", "Reopen the bill: the payer owes it again"),
    ("credit_note", "Credit the bill: the payer does not owe it"),
    ("credit", "Give a credit back: the bills stay paid"),
]


class PaymentTransaction(models.Model):
    """Giving a payment back: never more than was received, and never twice (M5).

    The order is that of a charge: reserve under a lock and commit, ask the processor,
    record its answer apart, post to the ledger in a transaction of its own.
    """

    _inherit = "payment.transaction"

    therapy_refund_mode = fields.Selection(
        REFUND_MODES, string="Refund", readonly=True, copy=False
    )
    therapy_refund_reason = fields.Char(readonly=True, copy=False)
    therapy_refund_reason_id = fields.Many2one(
        "therapy.adjustment.reason",
        string="Reason of the Credit Note",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    therapy_refund_part_ids = fields.One2many(
        "therapy.refund.part", "transaction_id", string="Takes Back", readonly=True
    )
    therapy_refund_seq = fields.Integer(
        readonly=True,
        copy=False,
        help="Counts the refunds started, so that two at once are a conflict.",
    )

    # === RESERVE, SEND, POST === #

    def _refund(self, amount_to_refund=None):
        """Override of `payment` to give our payments back by our rules.

        Core neither looks at other refunds nor books what becomes of the bill (RUN J).

        :param float amount_to_refund: what to give back, with its part of the fee
        :return: the refund
        :rtype: recordset of `payment.transaction`
        """
        self.ensure_one()
        if not self._therapy_is_ours():
            return super()._refund(amount_to_refund=amount_to_refund)
        base, fee = self._therapy_get_refundable()
        if amount_to_refund:
            base, fee = self._therapy_split_refund(amount_to_refund)
        return self.browse(self._therapy_refund(base, "reopen", fee=fee))

    def _therapy_refund(self, base, mode, parts=None, fee=None, **vals) -> int:
        """Give a payment back, in whole or in part.

        Commits: the reservation before the processor is asked, its answer, the
        ledger. The caller's own changes are committed with the first.

        Note: self.ensure_one()

        :param float base: what to give back of the bills; its part of the fee is
            added
        :param str mode: one of REFUND_MODES
        :param list parts: (bill's id or False for unused money, amount), which add up
            to `base`; the newest bill first if empty
        :param float fee: the part of the fee, if it is not in proportion
        :param dict vals: more values of the refund
        :return: id of the refund's transaction; its state is the result
        :rtype: int
        :raise ValidationError: if it cannot be given back
        """
        self.ensure_one()
        source_id = self.id
        cursor.commit(self.env)
        self._therapy_post_now(source_id)

        def reserve(env):
            source_sudo = env[self._name].sudo().browse(source_id)  # sudo: core's mode
            return source_sudo._therapy_reserve_refund(
                base, mode, parts, fee, **vals
            ).id

        tx_id = cursor.run_in_fresh_cursor(self.env, reserve)
        self._therapy_send_refund(tx_id)
        self._therapy_post_now(tx_id)
        cursor.commit(self.env)
        return tx_id

    def _therapy_lock_refunds(self):
        """Lock a payment against other refunds until the end of the transaction.

        The counter makes a refund that was committed meanwhile a conflict: the later
        of the two is run again from the start (see the lock of bills).

        Note: self.ensure_one()

        :raise LockError: if somebody else gives it back at this moment
        """
        self.ensure_one()
        self.flush_recordset()
        self.lock_for_update(allow_referencing=True)
        # SQL: a write would need rights on the transaction that nobody has.
        self.env.cr.execute(
            SQL(
                "UPDATE payment_transaction"
                " SET therapy_refund_seq = COALESCE(therapy_refund_seq, 0) + 1"
                " WHERE id = %s",
                self.id,
            )
        )
        self.invalidate_recordset(["therapy_refund_seq", "child_transaction_ids"])

    def _therapy_reserve_refund(self, base, mode, parts=None, fee=None, **vals):
        """Create the transaction of a refund, under a lock on the payment.

        Note: self.ensure_one()

        :param float base: see :meth:`_therapy_refund`
        :param str mode: see :meth:`_therapy_refund`
        :param list parts: see :meth:`_therapy_refund`
        :param float fee: see :meth:`_therapy_refund`
        :param dict vals: more values of the refund; with a `uuid` that a refund has
            already, nothing is given back a second time
        :return: the refund, a draft
        :rtype: recordset of `payment.transaction`
        :raise ValidationError: if it cannot be given back
        """
        self._therapy_lock_refunds()
        if vals.get("uuid") in self.child_transaction_ids.mapped("uuid"):
            raise ValidationError(self.env._("This refund was started already."))
        if problem := self._therapy_get_refund_problem():
            raise ValidationError(problem)
        currency = self.currency_id
        if fee is None:
            fee = self._therapy_get_refund_fee(base)
        self._therapy_check_refund_amount(
            base + fee, sum(self._therapy_get_refundable())
        )
        planned = self.payment_id._therapy_plan_return(base, mode, parts)
        return self._create_child_transaction(
            currency.round(base + fee),
            is_refund=True,
            base_amount=-base,
            fee_amount=-fee,
            # Core makes no transaction of a card that was removed since.
            token_id=self.token_id.filtered("active").id,
            paid_by_id=self.paid_by_id.id,
            therapy_refund_mode=mode,
            therapy_refund_part_ids=[
                Command.create({"move_id": bill.id, "amount": amount})
                for _line, bill, amount in planned
            ],
            **vals,
        )

    @api.model
    def _therapy_send_refund(self, tx_id):
        """Ask the processor to give money back, in a transaction never run twice.

        :param int tx_id: id of the committed refund
        """

        def send(env):
            tx_sudo = env[self._name].sudo().browse(tx_id)  # sudo: core's own mode
            tx_sudo._ensure_provider_is_not_disabled()
            tx_sudo._log_sent_message()
            tx_sudo._send_refund_request()

        def fail(env):
            env[self._name].sudo().browse(tx_id)._set_error(message)  # sudo: as above

        try:
            cursor.run_in_fresh_cursor(self.env, send, retries=0)
        except UserError as error:
            message = str(error)
            cursor.run_in_fresh_cursor(self.env, fail)

    # === POSTING === #

    def _post_process(self):
        """Override of `account_payment` to book a payment that was given back before.

        Core makes no payment for a transaction with a child that is done: right for a
        capture, wrong for a refund that was faster.

        :return: what core returns
        """
        result = super()._post_process()
        for tx in self:
            if (
                tx.state == "done"
                and tx.is_post_processed
                and tx._therapy_is_ours()
                and not tx.payment_id
                and set(tx.child_transaction_ids.mapped("operation")) == {"refund"}
            ):
                tx.with_company(tx.company_id)._create_payment()
                tx._therapy_release()
        return result

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to reconcile a refund with its payment.

        Core leaves the refund open on the receivable, and the bill paid (RUN J).

        Note: self.ensure_one()

        :param dict extra_create_values: more values of the payment
        :return: the payment
        :rtype: recordset of `account.payment`
        :raise UserError: if the payment itself is not in the books yet
        """
        self.ensure_one()
        source = self.source_transaction_id
        if self.operation != "refund" or not source._therapy_is_ours():
            return super()._create_payment(**extra_create_values)
        if source.state == "done" and not source.payment_id:
            source._post_process()
        if source.payment_id.move_id.state != "posted":
            raise UserError(
                self.env._("The payment to give back is not in the books yet.")
            )
        return source.payment_id._therapy_post_refund(self, extra_create_values)
