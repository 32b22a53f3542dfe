"""Credits put on bills, beside core's button pressed bill by bill."""

from ..result import Row, per_item

TITLE = "credits put on bills, beside core's button for each bill"
N = 1000
NEEDS_SERVER = False

STEP = 100
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
}


def _make(bench, **vals):
    """Create payers, each with an open bill of 100.00 and a prepayment of 60.00."""
    env = bench.root(context=dict(bench.root.context, **QUIET))
    payers = env["res.partner"].create(
        [{"name": f"Payer {number}"} for number in range(bench.n)]
    )
    journal = env["account.journal"].search([("type", "=", "bank")], limit=1)
    bills = env["account.move"]
    for start in range(0, bench.n, STEP):
        some = payers[start : start + STEP]
        bills += env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": payer.id,
                    "invoice_date": "2026-10-15",
                    "invoice_line_ids": [
                        (0, 0, {"name": "-", "price_unit": 100.0, "tax_ids": [(5,)]})
                    ],
                    **vals,
                }
                for payer in some
            ]
        )
        payments = env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": payer.id,
                    "amount": 60.0,
                    "date": "2026-10-01",
                    "journal_id": journal.id,
                }
                for payer in some
            ]
        )
        payments.action_post()
        bills[start:].action_post()
        env.cr.commit()
        bench.say(f"{len(bills)} of {bench.n} bills and credits made")
    env.cr.execute("ANALYZE")
    env.cr.commit()
    return bench.env["account.move"].browse(bills.ids)


def _check(bills):
    """Fail unless each bill took its credit."""
    assert set(bills.mapped("amount_residual")) == {40.0}


def ours(bench):
    """Apply the credits of a hundred bills at once."""
    patient = bench.root["res.partner"].create({"name": "Patient", "is_patient": True})
    bills = _make(bench, patient_id=patient.id)
    for start in range(0, bench.n, STEP):
        bench.env.invalidate_all()
        some = bills[start : start + STEP].with_context(**QUIET)
        with bench.measure("credit", len(some)):
            some._therapy_apply_credits()
            bench.env.flush_all()
            bench.env.cr.commit()
    _check(bills)


def core(bench):
    """Press the button of each bill's first outstanding credit."""
    bills = _make(bench)
    for start in range(0, bench.n, STEP):
        bench.env.invalidate_all()
        some = bills[start : start + STEP].with_context(**QUIET)
        lines = {
            bill: bill.invoice_outstanding_credits_debits_widget["content"][0]["id"]
            for bill in some
        }
        with bench.measure("credit", len(some)):
            for bill, line in lines.items():
                bill.js_assign_outstanding_line(line)
                bench.env.flush_all()
                bench.env.cr.commit()
    _check(bills)


def rows(ours, core, n):
    """Return the rows of the table."""
    return [
        Row(
            *("a credit put on a bill", "ms", n, per_item(ours, "credit", scale=1000)),
            *(per_item(core, "credit", scale=1000), 0.4),
        ),
        Row(
            *("a credit put on a bill", "queries", n),
            *(per_item(ours, "credit", "queries"), per_item(core, "credit", "queries")),
            0.4,
        ),
    ]
