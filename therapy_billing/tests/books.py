"""What must be true of any practice's books, in plain SQL: no addon code.

Amounts are whole cents. Each statement of NOTHING must find nothing; those of ALWAYS
hold whatever addons are there.
"""

RECEIVABLE = """
    SELECT line.partner_id, SUM(ROUND(line.balance * 100))::bigint
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
       AND line.company_id = %(company)s
  GROUP BY 1"""
RESIDUALS = """
    SELECT id, ROUND(amount_residual * 100)::bigint FROM account_move
     WHERE move_type = 'out_invoice' AND state = 'posted'
       AND company_id = %(company)s"""
CREDITS = """
    SELECT line.id, -ROUND(line.amount_residual * 100)::bigint
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
       AND line.balance < 0 AND line.company_id = %(company)s"""
OPEN_DEBITS = """
    SELECT line.id
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN account_move move ON move.id = line.move_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
       AND line.amount_residual > 0.001 AND move.move_type <> 'out_invoice'
       AND line.company_id = %(company)s"""
BY_TYPE = """
    SELECT account.account_type, -SUM(ROUND(line.balance * 100))::bigint
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
     WHERE line.parent_state = 'posted' AND line.company_id = %(company)s
       AND NOT account.id = ANY(%(waivers)s)
  GROUP BY 1"""
BY_ACCOUNT = """
    SELECT account_id, SUM(ROUND(balance * 100))::bigint FROM account_move_line
     WHERE parent_state = 'posted' AND account_id = ANY(%(waivers)s) GROUP BY 1"""
LIVE_SHARES = """
    SELECT session_id, partner_id, SUM(ROUND(amount * 100))::bigint
      FROM therapy_session_share
     WHERE live AND kind = 'base' AND company_id = %(company)s GROUP BY 1, 2"""
BILLING_STATES = """
    SELECT id, billing_state FROM therapy_session WHERE company_id = %(company)s"""

ALWAYS = {
    "an entry does not balance": """
        SELECT move_id FROM account_move_line WHERE parent_state = 'posted'
      GROUP BY 1 HAVING SUM(ROUND(balance * 100)) <> 0""",
    "a bill is overpaid (M3)": """
        SELECT name FROM account_move
         WHERE move_type = 'out_invoice' AND amount_residual < 0""",
    "what is open does not follow from what was reconciled (M11)": """
        SELECT line.id FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted'
           AND ROUND(line.amount_residual * 100) <> ROUND(line.balance * 100)
             - COALESCE((SELECT SUM(ROUND(amount * 100)) FROM account_partial_reconcile
                          WHERE debit_move_id = line.id), 0)
             + COALESCE((SELECT SUM(ROUND(amount * 100)) FROM account_partial_reconcile
                          WHERE credit_move_id = line.id), 0)""",
    "one payer's money pays another's bill (M4)": """
        SELECT partial.id FROM account_partial_reconcile partial
          JOIN account_move_line debit ON debit.id = partial.debit_move_id
          JOIN account_move_line credit ON credit.id = partial.credit_move_id
         WHERE debit.partner_id <> credit.partner_id""",
    "a share is on two live bills (M2)": """
        SELECT share.session_line_id, share.partner_id
          FROM therapy_session_share share JOIN account_move move
            ON move.id = share.move_id AND move.state <> 'cancel'
         WHERE share.kind = 'base' AND move.amount_total > (
               SELECT COALESCE(SUM(note.amount_total), 0) FROM account_move note
                WHERE note.reversed_entry_id = move.id AND note.state = 'posted')
      GROUP BY 1, 2 HAVING COUNT(*) > 1""",
    "a bill is not worth its shares (M1)": """
        SELECT move.name FROM account_move move
          JOIN therapy_session_share share ON share.move_id = move.id
         WHERE move.state = 'posted' AND move.therapy_remittance_id IS NULL
      GROUP BY move.id
        HAVING ROUND(move.amount_total * 100) <> SUM(ROUND(share.amount * 100))""",
    "a finished try still holds a part (M3)": """
        SELECT allocation.id FROM therapy_payment_allocation allocation
          JOIN payment_transaction tx ON tx.id = allocation.transaction_id
         WHERE allocation.live
           AND tx.state NOT IN ('draft', 'pending', 'authorized')""",
    "more is held than is open (M3)": """
        SELECT move.name FROM account_move move
          JOIN therapy_payment_allocation allocation
            ON allocation.move_id = move.id AND allocation.live
      GROUP BY move.id HAVING SUM(allocation.amount) > move.amount_residual + 0.001""",
    "done, but not posted (M5)": """
        SELECT tx.reference FROM payment_transaction tx
          LEFT JOIN account_payment payment ON payment.id = tx.payment_id
          LEFT JOIN account_move move ON move.id = payment.move_id
         WHERE tx.state = 'done' AND tx.operation <> 'validation'
           AND (move.id IS NULL OR move.state <> 'posted'
                OR ROUND(payment.amount * 100) <> ABS(ROUND(tx.amount * 100)))""",
    "a payment is booked on another than the bill's payer (M12)": """
        SELECT payment.id FROM account_payment payment
          JOIN therapy_payment_allocation allocation
            ON allocation.transaction_id = payment.payment_transaction_id
          JOIN account_move move ON move.id = allocation.move_id
         WHERE payment.partner_id <> move.partner_id
            OR payment.paid_by_partner_id <> allocation.partner_id""",
}
NOTHING = {
    **ALWAYS,
    "live says something else than the bill (M2)": """
        SELECT share.id FROM therapy_session_share share
          JOIN account_move move ON move.id = share.move_id
         WHERE share.live IS DISTINCT FROM
               (move.state <> 'cancel' AND move.voided_by_move_id IS NULL)""",
    "the shares of a line are more than the line (M1)": """
        SELECT line.id FROM therapy_session_line line
          JOIN therapy_session_share share
            ON share.session_line_id = line.id AND share.live AND share.kind = 'base'
      GROUP BY line.id HAVING SUM(ROUND(share.amount * 100)) > ROUND(line.amount * 100)
        """,
    "a billed session's shares are not its amount (M1)": """
        SELECT line.id FROM therapy_session_line line
          JOIN therapy_session session
            ON session.id = line.session_id AND session.billing_state = 'billed'
          LEFT JOIN therapy_session_share share
            ON share.session_line_id = line.id AND share.live AND share.kind = 'base'
      GROUP BY line.id
        HAVING COALESCE(SUM(ROUND(share.amount * 100)), 0) <> ROUND(line.amount * 100)
        """,
    "an insurer's answer moves more or less than it says (M1)": """
        SELECT move.therapy_remittance_id, share.session_line_id
          FROM therapy_session_share share JOIN account_move move
            ON move.id = share.move_id AND move.therapy_remittance_id IS NOT NULL
         WHERE share.kind = 'supplement' AND share.live
      GROUP BY 1, 2 HAVING SUM(ROUND(share.amount * 100)) <> 0""",
    "a payment was cancelled instead of taken back by an entry (M5)": """
        SELECT payment.id FROM account_payment payment
          JOIN account_move move ON move.id = payment.move_id
         WHERE move.state <> 'posted'""",
    "a bill that was seen is cancelled or a draft (M6)": """
        SELECT id FROM account_move
         WHERE is_move_sent AND move_type = 'out_invoice' AND state <> 'posted'
           AND is_therapy_bill""",
}
