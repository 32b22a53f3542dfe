"""What the state machine looks at after each step: the ledger, read in SQL."""

from hypothesis.stateful import RuleBasedStateMachine, invariant

from odoo.exceptions import UserError, ValidationError

from . import books


class LedgerChecks(RuleBasedStateMachine):
    """Compares the database of `case` with `model`; see :class:`.MoneyMachine`."""

    case = env = model = None

    @invariant()
    def the_ledger_equals_the_model(self):
        """Compare the ledger, read in SQL, with the sum kept here."""
        self.env.flush_all()
        model, company = self.model, self.case.practice.id
        waivers = self.case._machine_waivers()
        values = {"company": company, "waivers": list(waivers)}

        def read(statement):
            self.env.cr.execute(statement, values)
            return {row[0]: row[1] for row in self.env.cr.fetchall() if row[1]}

        def cut(found):
            return {key: cents for key, cents in found.items() if cents}

        self._same("receivable", read(books.RECEIVABLE), cut(model.receivable))
        opens = {bill.number: bill.open for bill in model.bills.values()}
        self._same("open bills", read(books.RESIDUALS), cut(opens))
        lefts = {credit.line: credit.left for credit in model.credits}
        self._same("credits left", read(books.CREDITS), cut(lefts))
        self._same("debits left", read(books.OPEN_DEBITS), {})
        types = read(books.BY_TYPE)
        revenue = types.get("income", 0) + types.get("income_other", 0)
        self._same("revenue", revenue, model.revenue)
        money = types.get("asset_cash", 0) + types.get("asset_current", 0)
        self._same("money received", -money, model.money)
        found = {waivers[key]: cents for key, cents in read(books.BY_ACCOUNT).items()}
        self._same("waived", found, cut(model.waived))
        states = {x.number: x.state for x in model.sessions.values()}
        self._same("billing states", read(books.BILLING_STATES), states)
        self.env.cr.execute(books.LIVE_SHARES, values)
        shares = {(row[0], row[1]): row[2] for row in self.env.cr.fetchall()}
        billed = {
            (x.number, payer): x.owed[payer]
            for x in model.sessions.values()
            for payer in x.billed
        }
        self._same("shares on live bills", shares, billed)

    @invariant()
    def the_books_are_sound(self):
        """Find no trace of a broken rule."""
        self.env.flush_all()
        for name, statement in books.NOTHING.items():
            self.env.cr.execute(statement)
            rows = self.env.cr.fetchall()
            assert not rows, f"{name}: {rows[:5]}"

    def _same(self, name, found, wanted):
        """Fail with what differs."""
        if found == wanted:
            return
        if isinstance(found, dict):
            keys = [
                key for key in {*found, *wanted} if found.get(key) != wanted.get(key)
            ]
            found = {key: (found.get(key), wanted.get(key)) for key in keys[:6]}
            raise AssertionError(f"{name}: (ledger, model) {found}")
        raise AssertionError(f"{name}: {found} in the ledger, {wanted} in the model")

    def _refused(self, call):
        """Fail unless a call is refused in words; nothing of it stays."""
        try:
            with self.env.cr.savepoint():
                call()
        except (UserError, ValidationError):
            return
        raise AssertionError("it was not refused")
