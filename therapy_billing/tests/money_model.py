"""What a practice's ledger must hold, kept in plain Python: no Odoo, no addon code.

Everything is in whole cents. Payers, bills and credits are known by the ids that the
database gave them; what they are worth is only ever counted here.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


def in_cents(amount):
    """Return an amount of the database in whole cents."""
    exact = Decimal(str(amount)) * 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def worth(units, rate):
    """Return units x rate in cents, half a cent up."""
    exact = Decimal(str(units)) * Decimal(str(rate)) * 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def divide(total, weights):
    """Divide cents by largest remainder, ties to the first: M1 in other words."""
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda x: (parts[x] - exact[x], x))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


@dataclass
class Family:
    """Who pays for one patient: (payer, share, first day, last day) in order.

    A share is hundredths of a percent, ("fixed", cents) or "rest": fixed amounts come
    first, in order; percentages are of what they leave; "rest" is what is not named.
    """

    patient: int
    guarantors: list
    insurer: int | None
    #: What all plans together are expected to leave to the patient.
    copay: int
    #: Whether the insurer is billed when it answers, and not before.
    waits: bool = False
    #: The insurer that is asked for what the first one leaves.
    second: int | None = None

    def divide(self, day, total):
        """Return what each payer owes of a session of a day: {payer: cents > 0}."""
        own = min(self.copay, total) if self.insurer else total
        owed = self.divide_among_guarantors(day, own)
        if self.insurer and total > own:
            owed[self.insurer] = total - own
        return owed

    def divide_among_guarantors(self, day, own):
        """Return what each guarantor owes of the patient's part: {payer: cents > 0}."""
        valid = [row[:2] for row in self.guarantors if row[2] <= day <= row[3]]
        named = sum(share for _payer, share in valid if isinstance(share, int))
        owed, weights, left = {}, [], own
        for payer, share in valid:
            owed[payer] = min(share[1], left) if isinstance(share, tuple) else 0
            left -= owed[payer]
            weights.append(10000 - named if share == "rest" else share)
        weights = [x if isinstance(x, int) else 0 for x in weights]
        for (payer, _share), part in zip(valid, divide(left, weights), strict=True):
            owed[payer] += part
        return {payer: part for payer, part in owed.items() if part}


@dataclass
class Session:
    """A session that was held; `billed` says which payer's part is on which bill.

    A part that waits for its insurer is on bill None.
    """

    number: int
    family: Family
    day: str
    lines: dict
    billed: dict = field(default_factory=dict)
    #: What the guarantors bear since an insurer answered: {payer: cents}.
    borne: dict | None = None
    #: What the insurer said: {line: (paid, contractual, patient's)}.
    said: dict | None = None
    #: The second insurer's open claim, and whether that has answered.
    second: "Bill | None" = None
    second_said: bool = False

    @property
    def owed(self):
        """Return what each payer owes: {payer: cents}."""
        return self.family.divide(self.day, sum(self.lines.values()))

    @property
    def estimate(self):
        """Return what the guarantors owe before any answer: {payer: cents}."""
        return {x: cents for x, cents in self.owed.items() if x != self.family.insurer}

    @property
    def state(self):
        """Return the word for how much of it is billed."""
        if not sum(self.lines.values()):
            return "nothing"
        if not self.billed:
            return "unbilled"
        if self.billed.keys() != self.owed.keys():
            return "partial"
        return "waiting" if None in self.billed.values() else "billed"


@dataclass
class Credit:
    """Money to the good of a payer: one journal item of the receivable account."""

    line: int
    payer: int
    day: str
    left: int
    moved: int = 0
    held: bool = False
    #: Why it was waived, where nobody paid it.
    waiver: str | None = None


@dataclass
class Part:
    """What one credit pays of a bill; `received` money is not given back."""

    credit: Credit
    cents: int
    received: bool
    #: What of a waiver an insurer's answer took back.
    undone: int = 0


@dataclass
class Bill:
    """A posted bill; `pieces` are what it asks for, by session."""

    number: int
    payer: int
    amount: int
    claim: bool
    pieces: dict
    parts: list = field(default_factory=list)
    reserved: dict = field(default_factory=dict)
    seen: bool = False
    gone: bool = False
    #: Whether it belongs to an insurer's answer and goes with that only.
    fixed: bool = False

    @property
    def open(self):
        """Return what is not paid."""
        return 0 if self.gone else self.amount - sum(x.cents for x in self.parts)

    @property
    def payable(self):
        """Return what is neither paid nor reserved."""
        return self.open - sum(self.reserved.values())


@dataclass
class Payment:
    """Money received: one credit for each bill it was for, or one in advance."""

    number: int
    credits: list
    by_card: bool = False
    returned: bool = False


@dataclass
class Answer:
    """An insurer's answer: what it settled, and what it asks of others."""

    number: int
    amount: int
    waived: int = 0
    #: Claims it settled, those it opened again, and those it was the reason to make.
    settled: list = field(default_factory=list)
    opened: list = field(default_factory=list)
    made: list = field(default_factory=list)
    #: Bills of guarantors and of the second insurer; credit notes of guarantors.
    bills: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    #: What it took back of waivers: (credit note of the answer, part of a bill, cents).
    unwaived: list = field(default_factory=list)
    #: What no claim took.
    rest: Credit | None = None
    left: int = 0
    #: The sessions as they were before: {session: values}.
    before: dict = field(default_factory=dict)


class Model:
    """The whole practice."""

    def __init__(self):
        self.families, self.sessions, self.bills = [], {}, {}
        self.credits, self.payments, self.tries, self.answers = [], [], [], []
        self.receivable, self.waived = {}, {}
        self.revenue = self.money = 0
        self.uses_credits = True

    # === BILLS === #

    def owe(self, payer, cents):
        """Let a payer owe more, or less."""
        self.receivable[payer] = self.receivable.get(payer, 0) + cents

    def wanted_bills(self, key):
        """Return what a run must bill: {(payer, patient, claim, key): {session: c}}."""
        wanted = {}
        for session in self.sessions.values():
            for payer, cents in session.owed.items():
                claim = payer == session.family.insurer
                if payer in session.billed or claim and session.family.waits:
                    continue
                group = session.number if claim else key(session)
                bill = (payer, session.family.patient, claim, group)
                wanted.setdefault(bill, {})[session.number] = cents
        return wanted

    def add_bill(self, number, payer, claim, pieces, amount=None):
        """Add a posted bill; its sessions are on it from now on."""
        total = amount if amount is not None else sum(pieces.values())
        bill = self.bills[number] = Bill(number, payer, total, claim, pieces)
        self.owe(payer, total)
        self.revenue += total
        for session in pieces:
            self.sessions[session].billed[payer] = number
        return bill

    def wait(self):
        """Let the parts wait whose insurer is billed when it answers."""
        for session in self.sessions.values():
            insurer = session.family.insurer
            if session.family.waits and insurer in session.owed:
                session.billed.setdefault(insurer, None)

    def take_back(self, bill):
        """Take a bill back: credits used on it are its payer's again."""
        for part in bill.parts:
            part.credit.left += part.cents
        bill.parts = []
        self.owe(bill.payer, -bill.amount)
        self.revenue -= bill.amount
        bill.gone = True
        for session in bill.pieces:
            del self.sessions[session].billed[bill.payer]

    # === MONEY === #

    def add_credit(self, line, payer, day, cents):
        """Add money or a waiver to the good of a payer."""
        credit = Credit(line, payer, day, cents)
        self.credits.append(credit)
        self.owe(payer, -cents)
        return credit

    def use(self, credit, bill, cents, *, received):
        """Put a part of a credit on a bill."""
        assert 0 < cents <= min(credit.left, bill.open) and credit.payer == bill.payer
        credit.left -= cents
        bill.parts.append(Part(credit, cents, received))

    def free_credits(self, payer):
        """Return what may be put on bills of a payer, the oldest first."""
        mine = [x for x in self.credits if x.payer == payer and x.left and not x.held]
        return sorted(mine, key=lambda credit: (credit.day, credit.line))

    def apply(self, bills):
        """Put credits on bills, one after the other, oldest credit first (M4)."""
        for bill in bills:
            if bill.claim or bill.gone:
                continue
            for credit in self.free_credits(bill.payer):
                cents = min(credit.left, bill.payable)
                if cents > 0:
                    self.use(credit, bill, cents, received=False)

    def take_off(self, payment):
        """Take a payment off the bills it pays."""
        for bill in self.bills.values():
            for part in [x for x in bill.parts if x.credit in payment.credits]:
                part.credit.left += part.cents
                bill.parts.remove(part)

    def transfer(self, source, cents):
        """Take credit from a payer, oldest first."""
        for credit in self.free_credits(source):
            part = min(credit.left, cents)
            credit.left -= part
            credit.moved += part
            cents -= part
        assert not cents

    def credit_of(self, payer):
        """Return how much credit a payer may use."""
        return sum(credit.left for credit in self.free_credits(payer))

    def unwaive(self, note, part, cents):
        """Let a credit note take back what was waived, or (below 0) not any more."""
        note.left -= cents
        part.undone += cents
        self.owe(note.payer, cents)
        self.waive(part.credit.waiver, -cents)

    def waive(self, kind, cents):
        """Lower revenue on an account of its own."""
        self.waived[kind] = self.waived.get(kind, 0) + cents
