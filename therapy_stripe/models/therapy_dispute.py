from odoo import api, models

from ..tools import clock

#: Each Stripe status, in our words.
STATES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry_review",
    "warning_closed": "closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "appeal_needs_response": "needs_response",
    "appeal_under_review": "under_review",
    "prevented": "closed",
    "won": "won",
    "lost": "lost",
}


class TherapyDispute(models.Model):
    """What Stripe says of a dispute, fetched again whatever the event was."""

    _inherit = "therapy.dispute"

    @api.model
    def _therapy_stripe_take(self, tx, data):
        """Take a fetched dispute in: make it, follow its state, book its money.

        Note: the transaction is locked

        :param payment.transaction tx: the charge
        :param dict data: Stripe's dispute with its balance transactions
        :rtype: therapy.dispute
        """
        dispute = self.search(
            [("provider_id", "=", tx.provider_id.id), ("dispute_ref", "=", data["id"])]
        )
        vals = self._therapy_stripe_prepare(tx, data)
        if not dispute:
            dispute = self.create(
                {
                    "dispute_ref": data["id"],
                    "provider_id": tx.provider_id.id,
                    "transaction_id": tx.id,
                    # Whose bank it is, not on whom the bill is (M12).
                    "partner_id": (tx.paid_by_id or tx.partner_id).id,
                    "token_id": tx.token_id.id,
                    "company_id": tx.company_id.id,
                    "currency_id": tx.currency_id.id,
                    "opened_at": clock.from_unix(data["created"]),
                }
            )
            dispute._therapy_stripe_announce()
        rows = data.get("balance_transactions") or []
        known = set(dispute.entry_ids.mapped("therapy_dispute_row_ref"))
        for row in sorted(rows, key=lambda row: row["created"]):
            dispute._therapy_stripe_book(row)
        now = set(dispute.entry_ids.mapped("therapy_dispute_row_ref"))
        # An answer older than what is booked does not open it again.
        current = now <= {row["id"] for row in rows}
        goes_on = now != known or data["status"].startswith("appeal_")
        dispute._therapy_follow(vals, again=current and goes_on)
        return dispute

    @api.model
    def _therapy_stripe_prepare(self, tx, data):
        """Return what we keep of a dispute of Stripe's.

        :param payment.transaction tx: the charge
        :param dict data: Stripe's dispute
        :return: values
        :rtype: dict
        """
        due_by = (data.get("evidence_details") or {}).get("due_by")
        return {
            "state": STATES.get(data["status"], "needs_response"),
            "amount": tx._therapy_stripe_to_major(data["amount"]),
            "reason": (data.get("reason") or "").replace("_", " "),
            "due_by": clock.from_unix(due_by) if due_by else False,
        }

    def _therapy_stripe_book(self, row):
        """Book one movement of the dispute's money, once.

        :param dict row: Stripe's balance transaction
        """
        tx = self.transaction_id
        day = self.company_id._therapy_local_date(clock.from_unix(row["created"]))
        total = tx._therapy_stripe_to_major(abs(row["amount"]))
        cost = tx._therapy_stripe_to_major(row["fee"])
        if row["amount"] < 0:
            self._therapy_book_withdrawal(row["id"], total, cost, day)
        else:
            # What Stripe gives back of its fee has a minus; it may also ask for more.
            self._therapy_book_reinstatement(row["id"], total, -cost, day)

    def _therapy_stripe_announce(self):
        """Say on the bills that their payment is disputed."""
        for bill in self.transaction_id.therapy_allocation_ids.move_id:
            bill.message_post(
                body=self.env._(
                    "The payer's bank disputes a payment of this bill: %(link)s",
                    link=self._get_html_link(),
                )
            )
