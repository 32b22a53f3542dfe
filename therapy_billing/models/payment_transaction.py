import uuid

from odoo import api, fields, models

from odoo.addons.therapy_billing.tools import clock

#: A draft that no processor was asked to charge is given up after these minutes.
DRAFT_MINUTES = 10
#: One that a processor was asked to charge, and that gave no answer, after these hours.
SENT_HOURS = 24


class PaymentTransaction(models.Model):
    """One try to charge (D4). What it pays are its allocations.

    The gate of `create` is in payment_transaction_gate.py, the posting to the ledger in
    payment_transaction_post.py.
    """

    _inherit = "payment.transaction"

    uuid = fields.Char(
        string="UUID",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: str(uuid.uuid4()),
        help="What a processor is told: nothing about the payer or the bill.",
    )
    therapy_allocation_ids = fields.One2many(
        "therapy.payment.allocation", "transaction_id", string="Pays", readonly=True
    )
    base_amount = fields.Monetary(readonly=True, help="What the bills get.")
    fee_amount = fields.Monetary(readonly=True, help="Card fee on top of the base.")
    sent_at = fields.Datetime(
        readonly=True, copy=False, help="When the processor was asked to charge."
    )
    charged_at = fields.Datetime(
        readonly=True, copy=False, help="When the payer was charged."
    )
    given_up_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When a draft was given up because it took too long. Its processor may "
        "still report a success.",
    )
    paid_by_id = fields.Many2one(
        "res.partner",
        string="Paid by",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Who pays; not always whom the bill is made out to.",
    )

    _uuid_uniq = models.UniqueIndex("(uuid)", "Two transactions cannot share a UUID.")

    def _init_column(self, column_name):
        """Give each transaction that was there before a UUID of its own.

        :param str column_name: the new column
        """
        if column_name != "uuid":
            return super()._init_column(column_name)
        # SQL: the ORM would write one and the same default to all rows.
        return self.env.cr.execute(
            "UPDATE payment_transaction SET uuid = gen_random_uuid()::text "
            "WHERE uuid IS NULL"
        )

    # === STATES === #

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to release what a dead try reserved (M3).

        Providers call this only when the processor said so. A draft that was given up
        for the time it took is not dead for its processor: what becomes of it later
        is accepted (M5).

        :param tuple allowed_states: source states
        :param str target_state: new state
        :param str state_message: message
        :return: the updated transactions
        :rtype: recordset of `payment.transaction`
        """
        given_up = self.filtered(lambda tx: tx.state == "cancel" and tx.given_up_at)
        transactions = super(PaymentTransaction, self - given_up)._update_state(
            allowed_states, target_state, state_message
        )
        transactions |= super(PaymentTransaction, given_up)._update_state(
            (*allowed_states, "cancel"), target_state, state_message
        )
        if target_state in ("cancel", "error"):
            transactions._therapy_release()
        elif target_state == "done":
            for tx in transactions.filtered(lambda tx: not tx.charged_at):
                tx.charged_at = clock.now()
        return transactions

    def _therapy_release(self):
        """End the reservations of the transactions.

        :return: None
        """
        # sudo: reservations are written by this code only.
        live_sudo = self.sudo().therapy_allocation_ids.filtered("live")  # sudo: above
        live_sudo.live = False
        # The index must know before the same payer reserves again.
        live_sudo.flush_recordset(["live"])

    def _therapy_try_release(self) -> bool:
        """Give up a draft so that its payer may try again.

        Only time tells here. For a provider whose processor can be asked, or told to
        cancel, it must override this method; when the draft turns out to have
        succeeded it sets it done and returns False.

        Note: self.ensure_one()

        :return: whether the draft is dead now
        :rtype: bool
        """
        self.ensure_one()
        patience = {"hours": SENT_HOURS} if self.sent_at else {"minutes": DRAFT_MINUTES}
        limit = fields.Datetime.subtract(clock.now(), **patience)
        started = self.sent_at or self.last_state_change
        if self.state != "draft" or started > limit:
            return False
        self.given_up_at = clock.now()
        self._set_canceled(state_message=self.env._("Not finished in time."))
        return True

    # === CHARGING === #

    def _charge_with_token(self):
        """Override of `payment` to note when the processor is asked.

        Note: self.ensure_one()

        :return: None
        """
        self.ensure_one()
        if self.therapy_allocation_ids and not self.sent_at:
            self.sent_at = clock.now()
        return super()._charge_with_token()

    @api.model
    def _therapy_get_cron_domain(self):
        """Return the domain of the transactions that wait for the ledger.

        Final states without limit of time: money that was received is booked, however
        long it takes (M5). Pending ones belong to other documents (sales orders).

        :return: the domain
        :rtype: list
        """
        recent = fields.Datetime.subtract(clock.now(), days=4)
        return [
            ("is_post_processed", "=", False),
            "|",
            ("state", "in", ("done", "cancel", "error")),
            "&",
            "&",
            ("state", "in", ("pending", "authorized")),
            ("therapy_allocation_ids", "=", False),
            ("last_state_change", ">=", recent),
        ]
