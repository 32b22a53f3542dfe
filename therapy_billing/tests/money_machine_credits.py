"""More rules of the state machine: what is waived, credited, moved and returned."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from .money_machine import MoneyMachine
from .money_machine_people import index, permille, pick
from .money_model import Payment

KINDS = ["writeoff", "discount", "goodwill"]


class CreditMachine(MoneyMachine):
    """The practice, with everything that corrects or moves money."""

    # === WAIVING === #

    @precondition(lambda self: self._payable())
    @rule(number=index, part=permille, kind=st.sampled_from(KINDS))
    def waive(self, number, part, kind):
        """Waive a part of a bill: a credit note, the sessions stay billed (M6)."""
        bill = pick(self._payable(), number)
        cents = max(1, bill.payable * part // 1000)
        self._refused(lambda: self.case._machine_waive(kind, bill.payable + 1, bill))
        self._waive(bill, kind, cents)

    def _waive(self, bill, kind, cents):
        """Waive cents of a bill."""
        note = self.case._machine_waive(kind, cents, bill)
        credit = self._add_note(note, bill.payer, kind, cents)
        credit.waiver = kind
        self.model.use(credit, bill, cents, received=True)

    @rule(number=index, cents=st.integers(1, 20000), use=st.booleans())
    def give_goodwill(self, number, cents, use):
        """Give a payer a credit, to use at once or later."""
        payer = pick(self._payers(), number)
        note = self.case._machine_waive("goodwill", cents, payer=payer)
        self._add_note(note, payer, "goodwill", cents)
        if use:
            self._apply(payer)

    def _add_note(self, note, payer, kind, cents):
        """Note a credit note in the model."""
        line = self.case._machine_credit_line(note)
        self.model.waive(kind, cents)
        return self.model.add_credit(line.id, payer, str(line.date), cents)

    # === CREDITS === #

    @precondition(lambda self: self._with_credit())
    @rule(number=index)
    def apply_credits(self, number):
        """Put credits on the bills of somebody who has some (M4)."""
        self._apply(pick(self._with_credit(), number))

    @rule(source=index, receiver=index, part=permille)
    def transfer_credit(self, source, receiver, part):
        """Move credit to another payer, who agreed; not a cent more than there is."""
        source = pick(self._with_credit() or self._payers(), source)
        target = pick(self._payers(), receiver)
        free = self.model.credit_of(source)
        if source == target or not free:
            self._refused(lambda: self.case._machine_transfer(source, target, free + 1))
            return
        cents = max(1, free * part // 1000)
        self._refused(lambda: self.case._machine_transfer(source, target, free + 1))
        entry = self.case._machine_transfer(source, target, cents)
        self.model.transfer(source, cents)
        self.model.owe(source, cents)
        line = self.case._machine_credit_line(entry)
        self.model.add_credit(line.id, target, str(line.date), cents)

    # === CORRECTIONS === #

    @precondition(lambda self: self._correctable())
    @rule(number=index, other=index, keep=st.booleans())
    def move_payment(self, number, other, keep):
        """Put a payment where it belongs; what no bill takes is a credit (M5)."""
        payment = pick(self._correctable(), number)
        old = payment.credits[0].payer
        bills = [x for x in self._live_bills() if not x.claim]
        bill = pick(bills, other) if bills else None
        if keep or bill is None:
            bills = [x for x in bills if x.payer == old]
            bill = pick(bills, other) if bills else None
        if self.env["res.partner"].browse(old).is_insurer:
            return
        payer = bill.payer if bill else old
        entry = self.case._machine_move_payment(payment, payer, bill)
        self.model.take_off(payment)
        credits = payment.credits
        if entry:
            cents = sum(credit.left for credit in credits)
            for credit in credits:
                credit.moved, credit.left = credit.left, 0
            self.model.owe(old, cents)
            line = self.case._machine_credit_line(entry)
            credits = [self.model.add_credit(line.id, payer, str(line.date), cents)]
        for credit in sorted(credits, key=lambda x: (x.day, x.line)) if bill else ():
            cents = min(credit.left, bill.payable)
            if cents > 0:
                self.model.use(credit, bill, cents, received=False)

    @precondition(lambda self: self._here())
    @rule(number=index, fee=st.sampled_from([0, 2500]))
    def return_check(self, number, fee):
        """Book that a payment came back: its bills are open again (M5).

        Not when it was by card, nor when its credit is somebody else's by now.
        """
        payment = pick(self._here(), number)
        if payment.by_card or any(credit.moved for credit in payment.credits):
            self._refused(lambda: self.case._machine_return(payment, fee))
            return
        payer = payment.credits[0].payer
        fee_bill = self.case._machine_return(payment, fee)
        self.model.take_off(payment)
        payment.returned = True
        cents = sum(credit.left for credit in payment.credits)
        for credit in payment.credits:
            credit.left = 0
        self.model.owe(payer, cents)
        self.model.money -= cents
        if fee_bill:
            claim = bool(fee_bill.partner_id.is_insurer)
            self.model.add_bill(fee_bill.id, payer, claim, {}, fee)

    @precondition(lambda self: self._untouched())
    @rule(number=index)
    def credit_in_full(self, number):
        """Take a bill back with core's own credit note (M2, M6)."""
        bill = pick(self._untouched(), number)
        self.case._machine_reverse(bill)
        self.model.take_back(bill)

    # === HELPERS === #

    def _here(self) -> list[Payment]:
        """Return the payments that did not come back, the newest first."""
        return [x for x in reversed(self.model.payments) if not x.returned]

    def _correctable(self) -> list[Payment]:
        """Return the payments that may be moved."""
        return [
            payment
            for payment in self._here()
            if not any(credit.moved for credit in payment.credits)
        ]

    def _with_credit(self):
        """Return the payers who have credit to use."""
        return [payer for payer in self._payers() if self.model.credit_of(payer)]

    def _untouched(self):
        """Return the bills that nothing was paid on."""
        bills = [x for x in self._live_bills() if not x.parts and not x.reserved]
        return [bill for bill in bills if not bill.fixed]
