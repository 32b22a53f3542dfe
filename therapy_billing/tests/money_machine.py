"""Rules of a state machine: what a practice may do, on Odoo and on the model alike."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .money_machine_people import PracticeMachine, index, permille, pick
from .money_model import Payment


class MoneyMachine(PracticeMachine):
    """The practice, where bills are taken back and paid."""

    # === BILLS === #

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
            self._release(bill)
            assert (move.state == "posted") == (bill.seen), move.state

    def _release(self, bill):
        """Let nothing wait for an insurer where nothing else is billed any more."""
        for number in bill.pieces:
            billed = self.model.sessions[number].billed
            if set(billed.values()) == {None}:
                billed.clear()

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
