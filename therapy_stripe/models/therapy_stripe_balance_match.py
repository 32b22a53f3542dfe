from odoo import models

#: Rows whose fee is in our books already, with the movement itself.
OWN_FEE = ("dispute",)
#: What Stripe takes for itself: it has no source of ours.
STRIPES_OWN = ("fee", "stripe_fee", "network_cost", "tax")


class TherapyStripeBalance(models.Model):
    """Which entry of ours a movement at Stripe is, and whether it is the same."""

    _inherit = "therapy.stripe.balance"

    # === MATCH === #

    def _match(self):
        """Find the payment, refund or dispute that each movement is of."""
        for row in self.filtered(lambda r: not r.transaction_id and not r.dispute_id):
            ref = row.source_ref or ""
            if ref.startswith(("ch_", "py_")):
                row.transaction_id = row._find_by_charge()
            elif ref.startswith(("re_", "pyr_")):
                row.transaction_id = row._find_transaction(ref)
            elif ref.startswith(("du_", "dp_")):
                row.dispute_id = self.env["therapy.dispute"].search(
                    [
                        ("provider_id", "=", row.provider_id.id),
                        ("dispute_ref", "=", ref),
                    ],
                    limit=1,
                )

    def _find_transaction(self, reference):
        """Return the transaction with a reference at Stripe.

        :param str reference: ``pi_...`` or ``re_...``
        :rtype: payment.transaction
        """
        return self.env["payment.transaction"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("provider_reference", "=", reference),
                "|",
                ("source_transaction_id", "=", False),
                ("operation", "=", "refund"),
            ],
            limit=1,
        )

    def _find_by_charge(self):
        """Return the payment of a charge; asks Stripe which intent it is of.

        :rtype: payment.transaction
        """
        known = self.search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("source_ref", "=", self.source_ref),
                ("transaction_id", "!=", False),
            ],
            limit=1,
        )
        if known:
            return known.transaction_id
        tx = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", self.provider_id.id),
                ("therapy_stripe_charge_ref", "=", self.source_ref),
            ],
            limit=1,
        )
        if tx:
            return tx
        adapter = self.provider_id._therapy_stripe_get_adapter()
        charge = adapter.retrieve_charge(self.source_ref)
        intent_ref = charge.get("payment_intent")
        return self._find_transaction(intent_ref) if intent_ref else tx

    # === IN OUR BOOKS === #

    def _get_booked_lines(self):
        """Return our lines on the clearing account that this movement is.

        Note: self.ensure_one()

        :return: the journal items, empty if it is not booked
        :rtype: account.move.line
        """
        self.ensure_one()
        account = self.provider_id._therapy_stripe_get_clearing_account()
        return self._get_entries().line_ids.filtered(
            lambda line: line.account_id == account and line.parent_state == "posted"
        )

    def _get_entries(self):
        """Return the entries of this movement.

        :rtype: account.move
        """
        tx, dispute = self.transaction_id, self.dispute_id
        if dispute:
            return dispute._therapy_find_entry(self.balance_ref)
        if self.kind == "payout" or self.category == "payout_reversal":
            payout = self.env["therapy.stripe.payout"].search(
                [("payout_ref", "=", self.source_ref)]
            )
            return payout.move_id if self.kind == "payout" else payout.return_move_id
        if self._is_return():
            return tx.payment_id.therapy_return_move_id
        return tx.payment_id.move_id

    def _is_return(self):
        """Tell whether the movement takes an earlier one back.

        :rtype: bool
        """
        inbound = self.currency_id.compare_amounts(self.amount, 0) > 0
        refund = self.transaction_id.operation == "refund"
        return bool(self.transaction_id) and inbound == refund

    def _is_never_booked(self):
        """Tell whether nothing of the movement belongs on the clearing account.

        A bank debit is on the balance before the bank has answered: it is no payment
        yet, and one that fails goes as it came. Whatever else Stripe holds for us is
        money received, also of a payment we gave up (M5).

        :rtype: bool
        """
        if self.category in STRIPES_OWN:
            return True
        tx = self.transaction_id
        if not tx or tx.operation == "refund":
            return False
        if tx.state in ("draft", "pending"):
            return not self.payout_id
        if tx.state not in ("error", "cancel"):
            return False
        moved = self.search([("transaction_id", "=", tx.id)]).mapped("amount")
        return self.currency_id.is_zero(sum(moved))

    def _get_clearing_amount(self):
        """Return what of the movement is on the clearing account in our books.

        :rtype: float
        """
        if self.category in OWN_FEE or self.dispute_id:
            return self.net
        return self.amount

    def _get_problem(self):
        """Say how the movement differs from our books.

        Note: self.ensure_one()

        :return: the reason, empty if it is equal
        :rtype: str
        """
        self.ensure_one()
        if self._is_never_booked():
            return ""
        if not self._get_entries():
            return self.env._("not in the books")
        booked = sum(self._get_booked_lines().mapped("amount_currency"))
        if self.currency_id.compare_amounts(booked, self._get_clearing_amount()):
            return self.env._("booked with another amount")
        return ""
