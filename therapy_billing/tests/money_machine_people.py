"""A practice of random families, sessions and bills, on Odoo and on a model alike."""

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from .money_machine_checks import LedgerChecks
from .money_model import Family, Model, worth

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
per_mille = st.one_of(st.just(0), st.just(1000), st.integers(0, 1000))
#: Of each line: what is left to the patient, and what of the rest is cut.
parts_of = st.lists(st.tuples(per_mille, per_mille), min_size=3, max_size=3)
visit = st.tuples(
    st.sampled_from(DAYS),
    st.one_of(st.tuples(service).map(list), st.lists(service, min_size=1, max_size=3)),
)
copay = st.sampled_from([0, 1, 3000, 12345])
family = st.tuples(
    st.sampled_from(SHARES),
    st.one_of(st.none(), st.sampled_from(SHARES)),
    st.one_of(st.none(), copay, copay),
    st.sampled_from(["invoice", "invoice", "on_receipt", "none"]),
    st.sampled_from([None, None, 0, 1000]),
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


class PracticeMachine(LedgerChecks):
    """Families, sessions, billing runs; `case` is the test that lends its database."""

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
        parts=parts_of,
    )
    def open_practice(self, families, uses_credits, grouping, parts):
        """Begin with eight families, five sessions each at least, and their bills.

        Insurers have answered some claims, for much can follow from that.
        """
        self.case.practice.therapy_use_credits = uses_credits
        self.model.uses_credits = uses_credits
        for shares, later, copay, policy, second, visits in families:
            self._add_family(shares, later, copay, policy, second)
            self._hold(self.model.families[-1], visits)
        self._bill(grouping)
        # PostgreSQL knows these tables as nearly empty, for nothing here is ever
        # committed; without this its plans take seconds for each payment.
        self.env.flush_all()
        self.env.cr.execute(f"ANALYZE {TABLES}")
        self._begin(parts)

    def _begin(self, parts):
        """Do what happened before the first step; for subclasses."""

    @rule(number=index, visits=st.lists(visit, min_size=1, max_size=2))
    def hold_sessions(self, number, visits):
        """Hold more sessions."""
        self._hold(pick(self.model.families, number), visits)

    def _add_family(self, shares, later, copay, policy, second):
        """Create a patient with payers, who may change on a day, and insurers."""
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
        # Out of network the guarantors owe all.
        billed = insurer if insurer and policy != "none" else None
        second = second if billed else None
        self.case._machine_payers(patient, rows, insurer, copay, policy, second)
        self.model.families.append(
            Family(
                patient.id,
                rows,
                billed,
                # Each plan leaves its copay of what the one before it left.
                (copay or 0) if second is None else min(copay, second),
                waits=policy == "on_receipt",
                second=None if second is None else self.case.second.id,
            )
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
        if moves:
            self.model.wait()
        if self.model.uses_credits:
            self.model.apply(made)
