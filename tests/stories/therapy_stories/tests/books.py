"""The audit every story ends in: plain SQL, and the processor's own totals.

Nothing here calls the addons, so a mistake of theirs cannot hide itself. Amounts are
whole cents. The stories' database holds nothing but the story, so the whole of it is
read.
"""

from odoo.addons.therapy_billing.tests.books import ALWAYS

# Partner -> cents that the ledger says are receivable.
RECEIVABLE = """
    SELECT line.partner_id, SUM(ROUND(line.balance * 100))::bigint
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
  GROUP BY 1"""

# Partner -> cents: what is open of bills, less open credit notes, less money that no
# bill took, plus money given back that no credit took.
OPEN = """
    SELECT partner_id, SUM(cents)::bigint FROM (
        SELECT partner_id, ROUND(amount_residual * 100) AS cents
          FROM account_move WHERE move_type = 'out_invoice' AND state = 'posted'
     UNION ALL
        SELECT partner_id, -ROUND(amount_residual * 100)
          FROM account_move WHERE move_type = 'out_refund' AND state = 'posted'
     UNION ALL
        SELECT line.partner_id, ROUND(line.amount_residual * 100)
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id AND move.move_type = 'entry'
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted') open
  GROUP BY 1"""

# Cents received by card less cents given back, as posted; what a bank sent back does
# not count.
POSTED = """
    SELECT COALESCE(SUM(ROUND(payment.amount * 100) * CASE payment.payment_type
                        WHEN 'inbound' THEN 1 ELSE -1 END), 0)::bigint
      FROM account_payment payment
      JOIN account_move move ON move.id = payment.move_id AND move.state = 'posted'
      JOIN payment_transaction tx ON tx.id = payment.payment_transaction_id
      JOIN payment_provider provider ON provider.id = tx.provider_id
     WHERE provider.code = 'stripe' AND payment.therapy_return_move_id IS NULL"""

# Cents of customers' money that no bill took.
UNAPPLIED = """
    SELECT COALESCE(-SUM(ROUND(line.amount_residual * 100)), 0)::bigint
      FROM account_payment payment
      JOIN account_move_line line ON line.move_id = payment.move_id
      JOIN account_account account ON account.id = line.account_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'"""

CHARGED = """
    SELECT uuid, ROUND(amount * 100)::bigint FROM payment_transaction
     WHERE state = 'done' AND operation NOT IN ('validation', 'refund')"""

# Each of these must find nothing.
NOTHING = {
    **ALWAYS,
    "the trial balance is not 0": """
        SELECT SUM(ROUND(balance * 100)) FROM account_move_line
         WHERE parent_state = 'posted' HAVING SUM(ROUND(balance * 100)) <> 0""",
    "a share says live twice": """
        SELECT session_line_id, partner_id FROM therapy_session_share
         WHERE live AND kind = 'base' GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "a line of an insurer's answer is not worth its shares": """
        SELECT move.name FROM account_move move
          JOIN account_move_line line ON line.move_id = move.id
          JOIN therapy_session_share share ON share.move_line_id = line.id
         WHERE move.state = 'posted' AND move.therapy_remittance_id IS NOT NULL
      GROUP BY move.id, line.id
        HAVING ROUND(line.balance * -100) <> SUM(ROUND(share.amount * 100))""",
    "the shares of an answered service are not its amount": """
        SELECT line.id FROM therapy_session_line line
          JOIN therapy_session_share share
            ON share.session_line_id = line.id AND share.live
      GROUP BY line.id
        HAVING BOOL_OR(share.answered)
           AND ROUND(line.amount * 100) <> SUM(ROUND(share.amount * 100))""",
    "a claim that was answered is still open": """
        SELECT line.session_id FROM account_move_line item
          JOIN account_move move ON move.id = item.move_id
          JOIN account_account account ON account.id = item.account_id
          JOIN therapy_session_line line ON line.session_id = move.claim_session_id
          JOIN therapy_session_share share ON share.session_line_id = line.id
           AND share.live AND share.partner_id = move.partner_id
         WHERE move.state = 'posted' AND account.account_type = 'asset_receivable'
           AND item.amount_residual <> 0
      GROUP BY line.session_id, move.id HAVING BOOL_AND(share.answered)""",
    "a try under way holds nothing": """
        SELECT allocation.id FROM therapy_payment_allocation allocation
          JOIN payment_transaction tx ON tx.id = allocation.transaction_id
         WHERE NOT allocation.live
           AND tx.state IN ('draft', 'pending', 'authorized')""",
    "posted, but not done": """
        SELECT tx.reference FROM account_payment payment
          JOIN account_move move ON move.id = payment.move_id AND move.state = 'posted'
          JOIN payment_transaction tx ON tx.id = payment.payment_transaction_id
         WHERE tx.state <> 'done' AND payment.therapy_return_move_id IS NULL""",
    "posted twice": """
        SELECT payment_transaction_id FROM account_payment
         WHERE payment_transaction_id IS NOT NULL AND state <> 'canceled'
      GROUP BY 1 HAVING COUNT(*) > 1""",
    "a payment is not reconciled with exactly its bills": """
        SELECT tx.reference FROM therapy_payment_allocation allocation
          JOIN payment_transaction tx
            ON tx.id = allocation.transaction_id AND tx.state = 'done'
          JOIN account_payment payment ON payment.id = tx.payment_id
      GROUP BY tx.id, payment.id
        HAVING SUM(ROUND(allocation.amount * 100)) <> COALESCE((
               SELECT SUM(ROUND(partial.amount * 100))
                 FROM account_partial_reconcile partial
                 JOIN account_move_line credit ON credit.id = partial.credit_move_id
                 JOIN account_move_line debit ON debit.id = partial.debit_move_id
                 JOIN account_move taker ON taker.id = debit.move_id
                WHERE credit.move_id = payment.move_id
                  AND (taker.id = ANY(ARRAY_AGG(allocation.move_id))
                       OR taker.move_type = 'entry')), 0)
             + (SELECT -SUM(ROUND(line.amount_residual * 100))
                  FROM account_move_line line
                 WHERE line.move_id = payment.move_id AND line.credit > 0)""",
}


class Books:
    """The one assertion all stories end in."""

    def assertBooks(self, unapplied=0):
        """Fail with every rule that ledger, tries and processor break together.

        :param int unapplied: cents of payers' money that no bill is to have taken
        """
        self.env.flush_all()
        found = {name: self._rows(statement) for name, statement in NOTHING.items()}
        wrong = [f"{name}: {rows}" for name, rows in found.items() if rows]
        totals = self.sandbox.control("GET", "totals")
        money = totals["currencies"].get("usd", {"captured": 0, "refunded": 0})
        charged = {
            intent["metadata"]["tx"]: intent["amount_received"]
            for intent in totals["payment_intents"]
            if intent["status"] == "succeeded"
        }
        for name, found, wanted in (
            ("receivable per payer", self._cents(RECEIVABLE), self._cents(OPEN)),
            (
                "posted = captured - refunded",
                self._rows(POSTED)[0][0],
                money["captured"] - money["refunded"],
            ),
            ("money no bill took", self._rows(UNAPPLIED)[0][0], unapplied),
            ("one charge per done try", self._cents(CHARGED), charged),
        ):
            if found != wanted:
                wrong.append(f"{name}: {found}, not {wanted}")
        self.assertFalse(wrong, "\n" + "\n".join(wrong))

    def _rows(self, statement):
        self.env.cr.execute(statement)
        return self.env.cr.fetchall()

    def _cents(self, statement):
        """Return {key: cents} without zeros."""
        return {key: cents for key, cents in self._rows(statement) if cents}
