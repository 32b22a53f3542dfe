"""The last rules of the state machine: insurers answer claims, and are mistaken."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from odoo.exceptions import UserError

from .money_machine_credits import KINDS
from .money_machine_insurance import InsuranceMachine, Row
from .money_machine_people import index, parts_of, pick

some_rest = st.sampled_from([0, 0, 1234])


class AnswerMachine(InsuranceMachine):
    """The practice, with remittances."""

    def _begin(self, parts):
        """Waive something; let every second claim be answered, in two remittances."""
        owed = [bill for bill in self._payable() if not bill.claim]
        for number, bill in enumerate(owed[::4]):
            self._waive(bill, KINDS[number % 3], -(-bill.payable // (1 + number % 2)))
        rows = [
            Row(session, self._say_first(session, parts[number % 3 :] + parts), {})
            for number, session in enumerate(self._answerable()[::2])
        ]
        rows = [row for row in rows if row.said]
        for some in (rows[::2], rows[1::2]):
            if some:
                self._post(some, 0)

    @precondition(lambda self: self._answerable())
    @rule(number=index, count=st.integers(1, 3), parts=parts_of, rest=some_rest)
    def remit(self, number, count, parts, rest):
        """An insurer answers claims: it pays, cuts, and leaves a part to the patient.

        What the guarantors bear is divided anew; they are billed more, or given
        credit. A second insurer is asked before them.
        """
        if rows := self._answer(number, count, parts):
            self._post(rows, rest)
            self.seen["answers to several services"] += any(
                len(row.said) > 1 for row in rows
            )

    @precondition(lambda self: self._answered())
    @rule(
        number=index,
        other=index,
        count=st.integers(0, 2),
        parts=parts_of,
        rest=some_rest,
    )
    def take_answer_back(self, number, other, count, parts, rest):
        """An insurer takes an answer back, and may answer other claims with it."""
        session = pick(self._answered(), number)
        rows = [Row(session, {}, session.said)]
        if self._answerable():
            rows += self._answer(other, count, parts)
        self._post(rows, rest)
        self.seen["answers taken back"] += 1

    @precondition(lambda self: self._replaceable())
    @rule(number=index, parts=parts_of, rest=some_rest)
    def answer_anew(self, number, parts, rest):
        """An insurer replaces its answer: taken back and given anew at once."""
        session = pick(self._replaceable(), number)
        said = self._say(session.lines, parts)
        self._post([Row(session, said, session.said)], rest)
        self.seen["answers replaced"] += 1

    @precondition(lambda self: self._with_second())
    @rule(number=index, parts=parts_of, rest=some_rest)
    def second_insurer_answers(self, number, parts, rest):
        """The second insurer answers for what the first one left to the patient."""
        session = pick(self._with_second(), number)
        left = {line: cents[2] for line, cents in session.said.items()}
        self._post([Row(session, self._say(left, parts), {}, second=True)], rest)
        self.seen["second insurers' answers"] += 1

    @precondition(lambda self: self.model.answers)
    @rule(number=index)
    def undo_answer(self, number):
        """The whole answer is taken back, unless something of it was used."""
        answer = pick(self.model.answers[::-1], number)
        remittance = self.env["therapy.remittance"].browse(answer.number)
        if any(x.parts or x.reserved or x.gone for x in answer.opened):
            return  # The claim was paid or taken back meanwhile.
        try:
            with self.env.cr.savepoint():
                remittance.action_undo("the insurer was mistaken")
        except UserError:
            assert remittance.state == "posted"
            return
        self._undo(answer)
        self.seen["answers undone"] += 1

    def _undo(self, answer):
        """Let the model forget an answer."""
        model = self.model
        model.answers.remove(answer)
        for number, values in answer.before.items():
            for name, value in values.items():
                setattr(model.sessions[number], name, value)
        for bill in answer.bills:
            assert not bill.reserved, "money was on its way"
            assert not any(part.received for part in bill.parts), "money was received"
            model.take_back(bill)
            model.revenue += bill.amount
        self._undo_notes(answer)
        for bill in answer.settled:
            [part] = bill.parts
            self._drop(part.credit)
        for bill in answer.opened:
            self._close_claim(bill, bill.payer)
        for bill in answer.made:
            model.take_back(bill)
            for number in bill.pieces:
                model.sessions[number].billed[bill.payer] = None
        if answer.rest:
            assert answer.rest.left == answer.left, "the rest was used"
            self._drop(answer.rest)
        model.waive("contractual", -answer.waived)
        model.money -= answer.amount

    def _undo_notes(self, answer):
        """Take the credit notes of an answer back, and let waivers count again."""
        for note, part, cents in answer.unwaived:
            self.model.unwaive(note, part, -cents)
        for note in answer.notes:
            assert not note.moved, "the credit was somebody else's"
            self._drop(note)

    # === WHAT INSURERS SAY === #

    def _answer(self, number, count, parts):
        """Return answers to some claims that were not answered."""
        sessions = self._answerable()
        start = number % len(sessions)
        rows = [
            Row(session, self._say_first(session, parts), {})
            for session in sessions[start : start + count]
        ]
        return [row for row in rows if row.said]

    def _say_first(self, session, parts):
        """Return a first answer, in which the patient's part of each line changes.

        Which guarantor bears a line that stays is not known to the model, nor does it
        answer a line that is all the guarantors'.
        """
        said = self._say(session.lines, parts)
        if len(said) == 1:
            return said
        now = self.case._machine_estimates(session.number)
        for line, (paid, contract, left) in said.items():
            insurers, guarantors = now.get(line, (0, 0))
            if insurers < 2:
                return {}
            if left == guarantors and left:
                said[line] = (paid + 1, contract, left - 1)
            elif left == guarantors:
                said[line] = (max(paid - 1, 0), contract - (not paid), 1)
        return said

    def _say(self, worth, parts):
        """Return {line: (paid, contractual, patient's)} that add up to its worth."""
        said = {}
        for (line, cents), (patient, cut) in zip(
            worth.items(), parts * len(worth), strict=False
        ):
            left = cents * patient // 1000
            contract = (cents - left) * cut // 1000
            said[line] = (cents - left - contract, contract, left)
        return said

    # === WHAT CAN BE ANSWERED === #

    def _answerable(self):
        """Return the sessions whose insurer can answer, all of them billed."""
        return [
            session
            for session in self.model.sessions.values()
            if session.family.insurer in session.owed
            and session.state in ("billed", "waiting")
            and not session.said
            and self._is_untouched(self._claim(session))
            and (len(session.lines) == 1 or not session.family.second)
        ]

    def _answered(self):
        """Return the sessions whose answer may be taken back."""
        return [
            session
            for session in self.model.sessions.values()
            if session.said
            and session.state == "billed"
            and not session.second_said
            and (not session.second or self._is_untouched(session.second))
        ]

    def _replaceable(self):
        """Return the sessions of one line whose answer may be replaced."""
        return [
            session
            for session in self._answered()
            if len(session.lines) == 1 and not session.family.second
        ]

    def _with_second(self):
        """Return the sessions whose second insurer is asked and has not answered."""
        return [session for session in self._answered() if session.second]

    def _claim(self, session):
        """Return the open claim of a session, or nothing while it waits."""
        number = session.billed.get(session.family.insurer)
        return number and self.model.bills[number]

    def _is_untouched(self, bill):
        """Tell whether nothing was paid on a claim, nor is about to be."""
        return not bill or not bill.parts and not bill.reserved
