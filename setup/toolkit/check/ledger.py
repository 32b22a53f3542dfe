"""The audit: the ledger read with plain SQL, the processor asked for its totals.

Nothing here uses the addons' code, so a mistake in it can't hide itself. Amounts are
whole cents.
"""

import json
import urllib.request
from collections import defaultdict

import psycopg2

BILLED = """
    SELECT lower(COALESCE(NULLIF(partner.email, ''), partner.name)) AS payer,
           SUM(ROUND(move.amount_total * 100))::bigint
      FROM account_move move JOIN res_partner partner ON partner.id = move.partner_id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
  GROUP BY 1"""
RECEIVABLE = """
    SELECT lower(COALESCE(NULLIF(partner.email, ''), partner.name)) AS payer,
           SUM(ROUND(line.balance * 100))::bigint
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id
      JOIN account_account account ON account.id = line.account_id
      JOIN res_partner partner ON partner.id = line.partner_id
     WHERE account.account_type = 'asset_receivable' AND move.state = 'posted'
  GROUP BY 1"""
PAID_BILLS = """
    SELECT transaction.uuid,
           lower(COALESCE(NULLIF(partner.email, ''), partner.name)),
           ROUND(allocation.amount * 100)::bigint
      FROM therapy_payment_allocation allocation
      JOIN payment_transaction transaction ON transaction.id = allocation.transaction_id
      JOIN account_move move ON move.id = allocation.move_id
      JOIN res_partner partner ON partner.id = move.partner_id"""
FIGURES = {
    "sessions": "SELECT COUNT(*) FROM therapy_session",
    "sessions held": "SELECT COUNT(*) FROM therapy_session WHERE state = 'held'",
    "patients": "SELECT COUNT(DISTINCT patient_id) FROM therapy_session",
    "held sessions not billed": """
        SELECT COUNT(*) FROM therapy_session session
         WHERE state = 'held' AND EXISTS (
               SELECT 1 FROM therapy_session_line line
                WHERE line.session_id = session.id AND line.amount > 0
                  AND NOT EXISTS (
                      SELECT 1 FROM therapy_session_share share
                       WHERE share.session_line_id = line.id AND share.live))""",
    "shares billed twice": """
        SELECT COUNT(*) FROM (
            SELECT 1 FROM therapy_session_share
             WHERE live AND kind = 'base'
          GROUP BY session_line_id, partner_id HAVING COUNT(*) > 1) twice""",
    "billed": """
        SELECT COALESCE(SUM(ROUND(amount_total * 100)), 0)::bigint FROM account_move
         WHERE move_type = 'out_invoice' AND state = 'posted'""",
    "payments posted": """
        SELECT COALESCE(SUM(ROUND(payment.amount * 100)), 0)::bigint
          FROM account_payment payment JOIN account_move move
            ON move.id = payment.move_id AND move.state = 'posted'
         WHERE payment.payment_type = 'inbound'""",
    "payments without an entry": """
        SELECT COUNT(*) FROM account_payment
         WHERE move_id IS NULL OR state NOT IN ('in_process', 'paid')""",
    "bills overpaid": """
        SELECT COUNT(*) FROM account_move
         WHERE move_type = 'out_invoice' AND state = 'posted'
           AND amount_residual < 0""",
    "payments not reconciled": """
        SELECT COUNT(*) FROM account_move_line line
          JOIN account_payment payment ON payment.move_id = line.move_id
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND ROUND(line.amount_residual * 100) <> 0""",
    "trial balance": """
        SELECT COALESCE(SUM(ROUND(balance * 100)), 0)::bigint
          FROM account_move_line WHERE parent_state = 'posted'""",
    "entries out of balance": """
        SELECT COUNT(*) FROM (
            SELECT 1 FROM account_move_line WHERE parent_state = 'posted'
          GROUP BY move_id HAVING ROUND(SUM(balance) * 100) <> 0) wrong""",
    "done but not posted": """
        SELECT COUNT(*) FROM payment_transaction
         WHERE state = 'done' AND operation NOT IN ('validation', 'refund')
           AND payment_id IS NULL""",
    "webhook events not processed": """
        SELECT COUNT(*) FROM therapy_stripe_event
         WHERE state NOT IN ('done', 'ignored')""",
}


class Ledger:
    """Reads one database and one processor."""

    def __init__(self, info):
        self.info = info
        self.connection = psycopg2.connect(dbname=info["database"])
        self.connection.autocommit = True

    def rows(self, statement, *values):
        """Return all rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()

    def one(self, statement, *values):
        """Return the single value of a query."""
        return self.rows(statement, *values)[0][0]

    def figure(self, name):
        """Return one of the named figures."""
        return int(self.one(FIGURES[name]))

    def by_payer(self, statement):
        """Return {payer: cents} without zeros."""
        return {payer: int(cents) for payer, cents in self.rows(statement) if cents}

    def processor(self):
        """Return the sandbox's own totals."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(
            f"{self.info['sandbox']}/_sandbox/totals", timeout=10
        ) as answer:
            return json.load(answer)

    def paid_by_payer(self):
        """Return {bill's payer: cents} from the processor's list of payments.

        A payment carries only an opaque id; the database says whose bill it was for.
        """
        owner = {}
        for uuid, payer, cents in self.rows(PAID_BILLS):
            owner.setdefault(uuid, []).append((payer, int(cents)))
        paid = defaultdict(int)
        for intent in self.processor()["payment_intents"]:
            if intent["status"] != "succeeded":
                continue
            net = intent["amount"] - intent["amount_refunded"]
            payers = {
                payer
                for value in intent["metadata"].values()
                for payer, _cents in owner.get(value, ())
            }
            if len(payers) != 1:
                raise AssertionError(
                    f"payment {intent['id']} is for {payers or 'nobody'}"
                )
            paid[payers.pop()] += net
        return dict(paid)


def audit(report, ledger, wanted):
    """Compare ledger, processor and what the input asks for; print each figure.

    :param dict wanted: figures in the shape of ``expected.json``.
    """
    by_payer = {key.lower(): cents for key, cents in wanted["by_payer_cents"].items()}
    held = wanted["by_type"].get("Appointment", 0)
    report.equal("sessions imported", ledger.figure("sessions"), wanted["sessions"])
    report.equal(
        "patients with sessions", ledger.figure("patients"), wanted["patients"]
    )
    report.equal("sessions held", ledger.figure("sessions held"), held)
    report.equal(
        "billed in cents = units x rate of the input",
        ledger.figure("billed"),
        wanted["billed_cents"],
    )
    billed = ledger.by_payer(BILLED)
    wrong = {
        payer: (billed.get(payer, 0), by_payer.get(payer, 0))
        for payer in billed.keys() | by_payer.keys()
        if billed.get(payer, 0) != by_payer.get(payer, 0)
    }
    report.fact(
        f"billed per payer, {len(by_payer)} payers, to the cent",
        not wrong,
        str(dict(list(wrong.items())[:5])) if wrong else "",
    )
    paid, receivable = ledger.paid_by_payer(), ledger.by_payer(RECEIVABLE)
    wrong = {
        payer: (receivable.get(payer, 0), billed.get(payer, 0) - paid.get(payer, 0))
        for payer in receivable.keys() | billed.keys()
        if receivable.get(payer, 0) != billed.get(payer, 0) - paid.get(payer, 0)
    }
    report.fact(
        "receivable per payer = billed - paid (the processor's word) - credits (0)",
        not wrong,
        str(dict(list(wrong.items())[:5])) if wrong else "",
    )
    totals = ledger.processor()
    taken = sum(
        intent["amount"] - intent["amount_refunded"]
        for intent in totals["payment_intents"]
        if intent["status"] == "succeeded"
    )
    report.fact("the processor captured money", taken > 0, f"{taken} cents")
    report.equal(
        "processor: captured - refunded = payments posted",
        ledger.figure("payments posted"),
        taken,
    )
    for name in (
        "held sessions not billed",
        "shares billed twice",
        "payments without an entry",
        "bills overpaid",
        "payments not reconciled",
        "done but not posted",
        "webhook events not processed",
        "entries out of balance",
        "trial balance",
    ):
        report.equal(name, ledger.figure(name), 0)
