"""The last rules of the state machine: insurers answer claims, and are mistaken."""

from collections import defaultdict

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from odoo.exceptions import UserError

from .money_machine import index, pick
from .money_machine_credits import CreditMachine
from .money_model import Answer, Part, in_cents

per_mille = st.one_of(st.just(0), st.just(1000), st.integers(0, 1000))


class InsuranceMachine(CreditMachine):
    """The practice, with remittances."""

    @precondition(lambda self: self._answerable())
    @rule(
        number=index,
        count=st.integers(1, 3),
        parts=st.lists(st.tuples(per_mille, per_mille), min_size=3, max_size=3),
        rest=st.sampled_from([0, 0, 1234]),
    )
    def remit(self, number, count, parts, rest):
        """An insurer answers claims: it pays, cuts, and leaves a part to the patient.

        What the guarantors bear is divided anew; they are billed more, or given credit.
        """
        claims = self._answerable()
        start = number % len(claims)
        answers, settled = [], []
        for bill, (patient, cut) in zip(
            claims[start : start + count], parts, strict=False
        ):
            [session] = [self.model.sessions[key] for key in bill.pieces]
            worth = sum(session.lines.values())
            left = worth * patient // 1000
            contract = (worth - left) * cut // 1000
            answers.append((session, worth - left - contract, contract, left))
            settled.append(bill)
        paid = sum(answer[1] for answer in answers)
        remittance = self.case._machine_remit(answers, paid + rest)
        self._settle(remittance, settled, answers, paid + rest, rest)

    def _settle(self, remittance, settled, answers, amount, rest):
        """Let the model follow an answer."""
        model, insurer = self.model, self.case.insurer.id
        for bill in settled:
            credit = model.add_credit(-bill.number, insurer, "", bill.amount)
            model.use(credit, bill, bill.amount, received=True)
        waived = sum(answer[2] for answer in answers)
        model.waive("contractual", waived)
        model.money += amount
        found = Answer(remittance.id, amount, waived, settled, [], [], None)
        if rest:
            lines = self.case._machine_credit_line(remittance.payment_id.move_id)
            line = lines.filtered(lambda x: in_cents(-x.amount_residual) == rest)
            found.rest = model.add_credit(line.id, insurer, str(line.date), rest)
        more, less, sessions = self._get_changes(answers)
        moves = remittance._get_guarantor_moves().sorted("id")
        for move in moves:
            wanted = more if move.move_type == "out_invoice" else less
            cents = wanted.pop((move.partner_id.id, move.patient_id.id), 0)
            assert cents == in_cents(move.amount_total), (cents, move.amount_total)
            if wanted is more:
                bill = model.add_bill(move.id, move.partner_id.id, False, {}, cents)
                bill.fixed = True
                model.revenue -= cents
                found.bills.append(bill)
            else:
                line = self.case._machine_credit_line(move)
                payer = move.partner_id.id
                credit = model.add_credit(line.id, payer, str(line.date), cents)
                found.notes.append(credit)
        assert not more and not less, f"not booked: {more} {less}"
        self._use_notes(found.notes, sessions)
        if model.uses_credits:
            model.apply(found.bills)
        model.answers.append(found)

    def _get_changes(self, answers):
        """Return what each guarantor owes more and less, and the sessions changed."""
        more, less, sessions = defaultdict(int), defaultdict(int), set()
        for session, _paid, _contract, left in answers:
            family = session.family
            now = {x: c for x, c in session.owed.items() if x != family.insurer}
            if left == sum(now.values()):
                continue
            target = family.divide_among_guarantors(session.day, left)
            for payer in {**now, **target}:
                cents = target.get(payer, 0) - now.get(payer, 0)
                key = (payer, family.patient)
                if cents > 0:
                    more[key] += cents
                elif cents < 0:
                    less[key] -= cents
                    sessions.add((payer, session.number))
        return more, less, sessions

    def _use_notes(self, notes, sessions):
        """Put credit notes on the bills that asked too much, oldest bill first."""
        numbers = {number for _payer, number in sessions}
        payers = {note.payer for note in notes}
        bills = [x for x in self._live_bills() if x.payer in payers]
        bills = [
            x for x in bills if numbers & {*x.pieces} or self._is_about(x, numbers)
        ]
        for bill in sorted(bills, key=lambda x: x.number):
            for note in sorted(notes, key=lambda x: (x.day, x.line)):
                cents = min(note.left, bill.payable)
                if cents > 0 and note.payer == bill.payer:
                    self.model.use(note, bill, cents, received=False)

    def _is_about(self, bill, numbers):
        """Tell whether a bill after an answer is for one of the sessions."""
        return any(
            bill in answer.bills
            and numbers & {key for claim in answer.settled for key in claim.pieces}
            for answer in self.model.answers
        )

    @precondition(lambda self: self.model.answers)
    @rule(number=index)
    def undo_answer(self, number):
        """The whole answer is taken back, unless something of it was used."""
        answer = pick(self.model.answers[::-1], number)
        remittance = self.env["therapy.remittance"].browse(answer.number)
        try:
            with self.env.cr.savepoint():
                remittance.action_undo("the insurer was mistaken")
        except UserError:
            assert remittance.state == "posted"
            return
        model = self.model
        model.answers.remove(answer)
        for bill in answer.bills:
            assert not bill.reserved, "money was on its way"
            assert not any(part.received for part in bill.parts), "money was received"
            model.take_back(bill)
            model.revenue += bill.amount
        for note in answer.notes:
            assert not note.moved, "the credit was somebody else's"
            self._drop(note)
        for bill in answer.settled:
            [part] = bill.parts
            self._drop(part.credit)
        if answer.rest:
            assert answer.rest.left == 1234, "the rest was used"
            self._drop(answer.rest)
        model.waive("contractual", -answer.waived)
        model.money -= answer.amount

    def _drop(self, credit):
        """Take a credit out of the books."""
        cents = credit.left
        for bill in self.model.bills.values():
            for part in [x for x in bill.parts if x.credit is credit]:
                assert isinstance(part, Part)
                cents += part.cents
                bill.parts.remove(part)
        credit.left = 0
        self.model.owe(credit.payer, cents)

    def _answerable(self):
        """Return untouched claims of one service, all of whose session is billed."""
        return [
            bill
            for bill in self._live_bills()
            if bill.claim
            and not bill.parts
            and not bill.reserved
            and len(bill.pieces) == 1
            and all(
                len(self.model.sessions[key].lines) == 1
                and self.model.sessions[key].state == "billed"
                for key in bill.pieces
            )
        ]
