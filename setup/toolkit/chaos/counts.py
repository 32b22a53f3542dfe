"""The processor's books beside ours."""

from dataclasses import dataclass, field

TRIES = (
    "SELECT t.uuid, t.state, t.amount, t.sent_at IS NOT NULL,"
    " COALESCE(t.therapy_stripe_result, ''), COUNT(p.id)"
    " FROM payment_transaction t"
    " LEFT JOIN (account_payment p JOIN account_move m ON m.id = p.move_id"
    " AND m.state = 'posted') ON p.payment_transaction_id = t.id"
    " WHERE t.operation = 'offline' GROUP BY t.id"
)
PAID_TWICE = (
    "SELECT count(*) FROM (SELECT a.move_id FROM therapy_payment_allocation a"
    " JOIN payment_transaction t ON t.id = a.transaction_id"
    " JOIN account_move m ON m.id = a.move_id WHERE t.state = 'done'"
    " GROUP BY a.move_id, m.amount_total"
    " HAVING SUM(a.amount) > m.amount_total + 0.001) twice"
)
LEDGER = (
    "SELECT COALESCE(ROUND(SUM(p.amount) * 100), 0)::bigint FROM account_payment p"
    " JOIN account_move m ON m.id = p.move_id AND m.state = 'posted'"
    " JOIN payment_transaction t ON t.id = p.payment_transaction_id"
)
OPEN_RESERVATIONS = "SELECT count(*) FROM therapy_payment_allocation WHERE live"
WRONG_RESIDUAL = (
    "SELECT count(*) FROM account_move m WHERE m.is_therapy_bill"
    " AND ROUND(m.amount_total - m.amount_residual, 2) <> ROUND(COALESCE((SELECT"
    " SUM(a.amount) FROM therapy_payment_allocation a JOIN payment_transaction t"
    " ON t.id = a.transaction_id WHERE a.move_id = m.id AND t.state = 'done'), 0), 2)"
)


@dataclass
class Counts:
    """What was counted; what must be 0 and is not is a problem."""

    figures: dict = field(default_factory=dict)
    must_be_zero: dict = field(default_factory=dict)
    kills: dict = field(default_factory=dict)
    wanted: int = 0
    totals: tuple = (0, 0)

    def lines(self):
        """Return the counts as text."""
        rows = [f"{value:>7}  {name}" for name, value in self.figures.items()]
        rows += [f"{n:>7}  killed {window}" for window, n in self.kills.items()]
        rows += [f"{value:>7}  {name}" for name, value in self.must_be_zero.items()]
        ours, theirs = (f"{cents / 100:,.2f}" for cents in self.totals)
        return [*rows, f"ledger {ours}, sandbox {theirs}"]

    def size(self):
        """Return how many things are checked."""
        return len(self.must_be_zero) + len(self.kills) + 2

    def problems(self):
        """Return what must not be."""
        found = [f"{name}: {n}" for name, n in self.must_be_zero.items() if n]
        found += [
            f"only {n} kills {window}, {self.wanted} wanted"
            for window, n in self.kills.items()
            if n < self.wanted
        ]
        if self.totals[0] != self.totals[1]:
            found.append("the sandbox's total is not the ledger's")
        if not self.totals[0]:
            found.append("nothing was charged")
        return found


def take(world, battle):
    """Compare the books.

    :rtype: Counts
    """
    tries = {row[0]: row[1:] for row in world.sql(TRIES)}
    totals = world.control("GET", "totals")
    intents = [
        intent
        for intent in totals["payment_intents"]
        if intent["status"] == "succeeded"
    ]
    posted = [tries.get(intent["metadata"].get("tx")) for intent in intents]
    sent = [row for row in tries.values() if row[2] == "t"]
    lost = sum(not row or row[0] != "done" or row[4] == "0" for row in posted)
    doubled = len(intents) - len({intent["metadata"]["tx"] for intent in intents})
    doubled += sum(int(row[4]) > 1 for row in tries.values())
    doubled += int(world.sql(PAID_TWICE)[0][0])
    unknown = sum(row[0] in ("draft", "pending") or row[3] == "unknown" for row in sent)
    money = totals["currencies"].get("usd", {})
    return Counts(
        figures={
            "charges tried": len(sent),
            "charged": len(intents),
            "declined": sum(row[0] == "error" for row in sent),
            "deaths of an Odoo process": world.deaths,
            "killed at no particular moment": battle.random_kills,
            **{f"storms: {name}": n for name, n in battle.storms.items()},
            **{f"events: {name}": n for name, n in battle.deliveries.items()},
        },
        must_be_zero={
            "lost": lost,
            "doubled": doubled,
            "left unknown": unknown,
            "booked without a charge": sum(row[0] == "done" for row in tries.values())
            - len(intents),
            "reservations left open": int(world.sql(OPEN_RESERVATIONS)[0][0]),
            "bills whose rest is wrong": int(world.sql(WRONG_RESIDUAL)[0][0]),
        },
        kills=battle.kills,
        wanted=battle.wanted,
        totals=(
            int(world.sql(LEDGER)[0][0]),
            money.get("captured", 0) - money.get("refunded", 0),
        ),
    )
