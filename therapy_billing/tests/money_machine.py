"""Rules of a state machine: what a practice may do, on Odoo and on the model alike."""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from .money_machine_checks import LedgerChecks
from .money_model import Model, Payment, worth

#: Days of service: before and after the day the guarantors may change.
DAYS = [f"2026-10-{day:02d}" for day in range(20, 32)]
DAYS += [f"2026-11-{day:02d}" for day in range(1, 16)]
CHANGE = "2026-11-01"
#: Shares of one, two and three guarantors, as the model knows them.
SHARES = [
    (10000,),
    (7000, 3000),
    (5000, 5000),
    (3333, 6667),
    (0, 10000),
    (3333, 3333, 3334),
    (1000, 4500, 4500),
    (("fixed", 2000), "rest"),
    (("fixed", 1001), 5000, 5000),
    (4000, ("fixed", 3000), "rest"),
]
GROUPINGS = {
    "session": lambda session: session.number,
    "day": lambda session: session.day,
    "month": lambda session: session.day[:7],
    "all": lambda session: None,
}
#: Half of all choices are among the first three, so that things happen to the same
#: bill and payer again and again.
index = st.one_of(st.integers(0, 2), st.integers(0, 999))
permille = st.one_of(st.just(1000), st.just(500), st.integers(1, 1000))
service = st.tuples(index, st.integers(1, 9))
visit = st.tuples(
    st.sampled_from(DAYS),
    st.one_of(st.tuples(service).map(list), st.lists(service, min_size=1, max_size=3)),
)
copay = st.sampled_from([0, 1, 3000, 12345])
family = st.tuples(
    st.sampled_from(SHARES),
    st.one_of(st.none(), st.sampled_from(SHARES)),
    st.one_of(st.none(), copay, copay),
    st.sampled_from(["invoice", "invoice", "none"]),
    st.lists(visit, min_size=5, max_size=6),
)

#: What grows in an example.
TABLES = (
    "account_move, account_move_line, account_partial_reconcile, account_payment,"
    " therapy_session, therapy_session_line, therapy_session_share"
)


def pick(items, number):
    """Return one of the items."""
    return items[number % len(items)]


class MoneyMachine(LedgerChecks):
    """A practice; subclasses set `case`, the test that lends its database."""

    case = None
    families_seen = sessions_seen = 0
    #: How often each kind of thing came about, over all examples.
    seen = Counter()

    def __init__(self):
        super().__init__()
        self.env = self.case.env
        self.scope = self.env.cr.savepoint()
        self.model = Model()
        self.slots = {}

    def teardown(self):
        """Give the database back as it was; count what happened."""
        model = self.model
        self.seen["bills"] += len(model.bills)
        self.seen["bills taken back"] += sum(bill.gone for bill in model.bills.values())
        self.seen["payments"] += len(model.payments)
        self.seen["credits"] += len(model.credits)
        self.seen["answers of insurers"] += len(model.answers)
        self.seen["uses of a credit"] += sum(
            not part.received for bill in model.bills.values() for part in bill.parts
        )
        self.scope.close(rollback=True)
        self.env.invalidate_all()

    # === PEOPLE AND SESSIONS === #

    @initialize(
        families=st.lists(family, min_size=8, max_size=8),
        uses_credits=st.booleans(),
        grouping=st.sampled_from(sorted(GROUPINGS)),
    )
    def open_practice(self, families, uses_credits, grouping):
        """Begin with eight families, five sessions each at least, and their bills."""
        self.case.practice.therapy_use_credits = uses_credits
        self.model.uses_credits = uses_credits
        for shares, later, copay, policy, visits in families:
            self._add_family(shares, later, copay, policy)
            self._hold(self.model.families[-1], visits)
        self._bill(grouping)
        # PostgreSQL knows these tables as nearly empty, for nothing here is ever
        # committed; without this its plans take seconds for each payment.
        self.env.flush_all()
        self.env.cr.execute(f"ANALYZE {TABLES}")

    @rule(number=index, visits=st.lists(visit, min_size=1, max_size=2))
    def hold_sessions(self, number, visits):
        """Hold more sessions."""
        self._hold(pick(self.model.families, number), visits)

    def _add_family(self, shares, later, copay, policy):
        """Create a patient with payers, who may change on a day."""
        patient, payers = self.case._machine_patient(len(shares))
        rows = [
            (payer, share, "", CHANGE if later else "9999")
            for payer, share in zip(payers, shares, strict=True)
        ]
        if later:
            rows = [(payer, share, "", "2026-10-31") for payer, share, *_ in rows]
            _other, others = self.case._machine_patient(len(later))
            rows += [
                (payer, share, CHANGE, "9999")
                for payer, share in zip(others, later, strict=True)
            ]
        insurer = copay is not None and self.case.insurer.id
        self.case._machine_payers(patient, rows, insurer, copay, policy)
        # Out of network the guarantors owe all.
        billed = insurer if insurer and policy == "invoice" else None
        self.model.families.append(
            self.case._machine_family(patient, rows, billed, copay or 0)
        )
        type(self).families_seen += 1

    def _hold(self, family, visits):
        """Create sessions, none of them at the same time."""
        wanted = []
        for day, services in visits:
            hour = self.slots[day] = self.slots.get(day, 0) + 1
            lines = [(pick(self.case.services, x), units) for x, units in services]
            wanted.append((day, hour, lines))
        found = self.case._machine_sessions(family.patient, wanted)
        for session, (day, _hour, lines) in zip(found, wanted, strict=True):
            cents = [worth(units, rate) for (_id, rate), units in lines]
            self.model.sessions[session.id] = self.case._machine_session(
                session, family, day, cents
            )
        type(self).sessions_seen += len(wanted)

    # === BILLS === #

    @rule(grouping=st.sampled_from(sorted(GROUPINGS)))
    def bill(self, grouping):
        """Bill all there is; credits are used where the practice wants it (M1, M2)."""
        self._bill(grouping)

    def _bill(self, grouping):
        """Run a billing run, and compare its bills with those asked for."""
        wanted = self.model.wanted_bills(GROUPINGS[grouping])
        moves = self.case._machine_bill(grouping) if wanted else []
        made = []
        for move in moves:
            pieces = self.case._machine_pieces(move)
            found = {
                key: cents
                for key, cents in wanted.items()
                if key[0] == move.partner_id.id and cents == pieces
            }
            assert found, f"not asked for: {move.partner_id.name} {pieces}"
            payer, _patient, claim, _group = key = next(iter(found))
            del wanted[key]
            made.append(self.model.add_bill(move.id, payer, claim, pieces))
        assert not wanted, f"not billed: {wanted}"
        if self.model.uses_credits:
            self.model.apply(made)

    @precondition(lambda self: self._live_bills())
    @rule(number=index, seen=st.booleans())
    def take_back(self, number, seen):
        """Take a bill back, cancelled or credited; not when money came (M6)."""
        # First those that credits were put on: they must go back.
        bills = sorted(self._live_bills(), key=lambda x: (not x.parts, x.number))
        bill = pick(bills, number)
        move = self.env["account.move"].browse(bill.number)
        if seen:
            move.is_move_sent = bill.seen = True
        self._refuse_core_buttons(bill, move)
        received = any(part.received for part in bill.parts)
        blocked = bill.reserved or bill.fixed or received
        refused = move._therapy_retract()
        assert bool(refused) == bool(blocked), (refused, bill)
        if not blocked:
            self.model.take_back(bill)
            assert (move.state == "posted") == (bill.seen), move.state

    # === MONEY === #

    @precondition(lambda self: self._payable())
    @rule(number=index, part=permille)
    def pay(self, number, part):
        """Take cash or a check for a bill; a cent too much is refused (M3)."""
        bill = pick(self._payable(), number)
        cents = max(1, bill.payable * part // 1000)
        self._refused(lambda: self.case._machine_pay(bill, bill.payable + 1))
        payment = self.case._machine_pay(bill, cents)
        self._receive(payment, [(bill, cents)])

    @rule(
        number=index,
        amounts=st.lists(st.integers(1, 30000), min_size=2, max_size=3),
        use=st.sampled_from([True, True, False]),
    )
    def pay_in_advance(self, number, amounts, use):
        """Take money that is for no bill: a credit, never revenue (M10, D9)."""
        payer = pick(self._payers(), number)
        for cents in amounts:
            payment = self.case._machine_prepay(payer, cents)
            line = self.case._machine_credit_line(payment.move_id)
            credit = self.model.add_credit(line.id, payer, str(line.date), cents)
            self.model.money += cents
            self.model.payments.append(Payment(payment.id, [credit]))
        if use:
            self._apply(payer)

    @precondition(lambda self: self._payable())
    @rule(number=index, other=index, part=permille, many=st.booleans())
    def start_card(self, number, other, part, many):
        """Start to charge a card for one or two bills of a payer (M3)."""
        first = pick(self._payable(), number)
        same = [x for x in self._payable() if x.payer == first.payer and x != first]
        bills = [first, pick(same, other)] if many and same else [first]
        if any(first.payer in bill.reserved for bill in bills):
            return
        parts = [(bill, max(1, bill.payable * part // 1000)) for bill in bills]
        if first.claim:
            self._refused(lambda: self.case._machine_try(parts))
            return
        number = self.case._machine_try(parts).id
        self.model.tries.append((number, parts))
        for bill, cents in parts:
            bill.reserved[bill.payer] = cents

    @precondition(lambda self: self.model.tries)
    @rule(number=index, good=st.booleans())
    def end_card(self, number, good):
        """Hear from the processor: the money is booked, or the part is free again."""
        entry = pick(self.model.tries, number)
        self.model.tries.remove(entry)
        tx = self.env["payment.transaction"].browse(entry[0])
        for bill, _cents in entry[1]:
            del bill.reserved[bill.payer]
        if good:
            payment = self.case._succeed(tx)
            self._receive(payment, entry[1], by_card=True)
        else:
            tx._set_canceled()

    def _receive(self, payment, parts, by_card=False):
        """Note a payment for bills in the model."""
        lines = self.case._machine_credit_line(payment.move_id).sorted("id")
        found = Payment(payment.id, [], by_card)
        for line, (bill, cents) in zip(lines, parts, strict=True):
            credit = self.model.add_credit(line.id, bill.payer, str(line.date), cents)
            self.model.use(credit, bill, cents, received=True)
            found.credits.append(credit)
            self.model.money += cents
        self.model.payments.append(found)

    # === HELPERS === #

    def _refuse_core_buttons(self, bill, move):
        """See that core's buttons make no second bill, and undo none (M2, M6)."""
        if bill.pieces:
            self._refused(move.copy)
        if bill.pieces and (bill.seen or bill.parts or bill.reserved):
            self._refused(move.button_draft)
            self._refused(move.button_cancel)

    def _live_bills(self):
        """Return the bills that count, in the order they were made."""
        return [bill for bill in self.model.bills.values() if not bill.gone]

    def _payable(self):
        """Return the bills on which something may be paid."""
        return [bill for bill in self._live_bills() if bill.payable > 0]

    def _payers(self):
        """Return the guarantors of all families, those first who owe something."""
        rows = [row for family in self.model.families for row in family.guarantors]
        owing = {bill.payer for bill in self._payable()}
        return sorted({row[0] for row in rows}, key=lambda x: (x not in owing, x))

    def _apply(self, payer):
        """Put credits on all bills of a payer, the one due first before others (M4)."""
        bills = [bill for bill in self._live_bills() if bill.payer == payer]
        moves = self.env["account.move"].browse([bill.number for bill in bills])
        moves.action_therapy_apply_credits()
        by_number = {bill.number: bill for bill in bills}
        ordered = moves.sorted(lambda x: (x.invoice_date_due or x.date, x.id))
        self.model.apply([by_number[move.id] for move in ordered])
