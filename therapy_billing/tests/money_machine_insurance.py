"""What an insurer's answer does, on Odoo and on the model alike."""

from collections import defaultdict
from typing import NamedTuple

from .money_machine_credits import CreditMachine
from .money_model import Answer, Bill, Session, in_cents


class Row(NamedTuple):
    """What an insurer says about one session, cents by its lines."""

    session: Session
    #: {line: (paid, contractual, patient's)}, or nothing for "all is taken back".
    said: dict
    #: What it said before and takes back now, line by line as `said`.
    old: dict
    #: Whether it is the second insurer.
    second: bool = False

    @property
    def left(self):
        """Return what is left to the patient's side."""
        return sum(cents[2] for cents in self.said.values())

    def change(self, index):
        """Return how much one of the three amounts changes."""
        new, old = self.said.values(), self.old.values()
        return sum(x[index] for x in new) - sum(x[index] for x in old)


class InsuranceMachine(CreditMachine):
    """The practice, and what follows from remittances; the rules are in a subclass."""

    def _post(self, rows, rest):
        """Post a remittance in Odoo and let the model follow it."""
        family = rows[0].session.family
        insurer = family.second if rows[0].second else family.insurer
        lines = [
            (line, *(-cents for cents in said))
            for row in rows
            for line, said in row.old.items()
        ]
        lines += [(line, *said) for row in rows for line, said in row.said.items()]
        paid = sum(line[1] for line in lines)
        amount = max(paid, 0) + rest
        remittance = self.case._machine_remit(insurer, lines, amount)
        answer = Answer(remittance.id, amount)
        answer.waived = sum(row.change(1) for row in rows)
        self.model.waive("contractual", answer.waived)
        self.model.money += amount
        self._note_rest(answer, remittance, insurer, amount - paid)
        more, less, sessions = self._get_changes(rows, answer)
        for row in rows:
            self._settle_claim(row, insurer, answer, remittance)
        self._note_guarantors(answer, remittance, more, less)
        self._use_notes(answer, sessions)
        if self.model.uses_credits:
            self.model.apply(answer.bills)
        self.model.answers.append(answer)

    def _note_rest(self, answer, remittance, insurer, rest):
        """Note what no claim took: to the good of the insurer."""
        if rest:
            lines = self.case._machine_credit_line(remittance._get_payment_move())
            line = lines.filtered(lambda x: in_cents(-x.amount_residual) == rest)
            answer.left = rest
            answer.rest = self.model.add_credit(line.id, insurer, str(line.date), rest)

    # === CLAIMS === #

    def _settle_claim(self, row, insurer, answer, remittance):
        """Settle the claim of an answer, or open it again."""
        session = row.session
        answer.before[session.number] = {
            name: getattr(session, name)
            for name in ("borne", "said", "second", "second_said")
        }
        bill = session.second if row.second else self._find_claim(session, answer)
        if row.said and not row.old:
            self._close_claim(bill, insurer)
            answer.settled.append(bill)
        elif row.old and not row.said:
            self._drop(bill.parts[0].credit)
            answer.opened.append(bill)
        session.borne = self._targets[session.number]
        if row.second:
            session.second_said = True
            return
        session.said = row.said or None
        if session.family.second:
            self._ask_second(session, row, answer, remittance)

    def _find_claim(self, session, answer):
        """Return the claim of a session; what waited is billed just now."""
        insurer = session.family.insurer
        if session.billed[insurer] is None:
            moves = self.env["account.move"].search(
                [
                    ("claim_session_id", "=", session.number),
                    ("partner_id", "=", insurer),
                    ("session_share_ids.kind", "=", "base"),
                ],
                order="id desc",
                limit=1,
            )
            cents = session.owed[insurer]
            assert cents == in_cents(moves.amount_total), moves
            pieces = {session.number: cents}
            bill = self.model.add_bill(moves.id, insurer, True, pieces)
            bill.fixed = True
            answer.made.append(bill)
        return self.model.bills[session.billed[insurer]]

    def _close_claim(self, bill, insurer):
        """Let money and corrections pay a claim."""
        credit = self.model.add_credit(-bill.number, insurer, "", bill.amount)
        self.model.use(credit, bill, bill.amount, received=True)

    def _ask_second(self, session, row, answer, remittance):
        """Ask the second insurer for what the first one left, or not any more."""
        second = session.family.second
        if session.second:
            self._close_claim(session.second, second)
            answer.settled.append(session.second)
            session.second = None
        cents = row.left - sum(session.borne.values()) if row.said else 0
        if cents:
            moves = remittance.move_ids.filtered(
                lambda x: (
                    x.partner_id.id == second
                    and x.claim_session_id.id == session.number
                )
            )
            assert in_cents(moves.amount_total) == cents, (moves, cents)
            session.second = self._add_fixed(moves.id, second, True, cents)
            answer.bills.append(session.second)

    def _add_fixed(self, number, payer, claim, cents):
        """Add a bill of an answer: it moves revenue, and makes none."""
        bill = self.model.add_bill(number, payer, claim, {}, cents)
        bill.fixed = True
        self.model.revenue -= cents
        return bill

    # === GUARANTORS === #

    def _get_changes(self, rows, answer):
        """Return what each guarantor owes more and less, and the sessions changed."""
        more, less, sessions = defaultdict(int), defaultdict(int), set()
        self._targets = {}
        for row in rows:
            session = row.session
            now = session.estimate if session.borne is None else session.borne
            target = self._targets[session.number] = self._get_target(row, now)
            for payer in {**now, **target}:
                cents = target.get(payer, 0) - now.get(payer, 0)
                key = (payer, session.family.patient)
                if cents > 0:
                    more[key] += cents
                elif cents < 0:
                    less[key] -= cents
                    sessions.add((payer, session.number))
        return more, less, sessions

    def _get_target(self, row, now):
        """Return what the guarantors bear of a session from now on."""
        session, bears = row.session, sum(now.values())
        if not row.said:
            target = session.estimate
            return now if sum(target.values()) == bears else target
        left = row.left
        if session.family.second and not row.second:
            left = min(bears, left)
        if left == bears:
            return now
        return session.family.divide_among_guarantors(session.day, left)

    def _note_guarantors(self, answer, remittance, more, less):
        """Note the bills and credit notes of guarantors, as they are wanted."""
        zero, asked = set(), set()
        for move in remittance._get_guarantor_moves().sorted("id"):
            wanted = more if move.move_type == "out_invoice" else less
            payer = move.partner_id.id
            if not in_cents(move.amount_total):
                zero.add((payer, move.patient_id.id))
                continue  # What they bear moves between services; the sum stays.
            cents = wanted.pop((payer, move.patient_id.id), 0)
            assert cents == in_cents(move.amount_total), (cents, move)
            asked.add((payer, move.patient_id.id))
            if wanted is more:
                answer.bills.append(self._add_fixed(move.id, payer, False, cents))
            else:
                line = self.case._machine_credit_line(move)
                answer.notes.append(
                    self.model.add_credit(line.id, payer, str(line.date), cents)
                )
        assert not more and not less, f"not booked: {more} {less}"
        assert not zero & asked, "an entry over nothing beside one over something"

    def _use_notes(self, answer, sessions):
        """Put credit notes on the bills that asked too much, oldest bill first.

        What is left takes back what was waived of them, the last waiver first.
        """
        numbers = {number for _payer, number in sessions}
        notes = sorted(answer.notes, key=lambda x: (x.day, x.line))
        payers = {note.payer for note in notes}
        bills = [x for x in self._live_bills() if x.payer in payers]
        bills = [
            x for x in bills if numbers & {*x.pieces} or self._is_about(x, numbers)
        ]
        bills.sort(key=lambda x: x.number)
        for bill in bills:
            for note in notes:
                cents = min(note.left, bill.payable)
                if cents > 0 and note.payer == bill.payer:
                    self.model.use(note, bill, cents, received=False)
        for bill in bills:
            waived = [part for part in bill.parts if part.credit.waiver]
            for part in sorted(waived, key=lambda x: -x.credit.line):
                for note in (x for x in notes if x.payer == bill.payer):
                    if cents := min(note.left, part.cents - part.undone):
                        self.model.unwaive(note, part, cents)
                        answer.unwaived.append((note, part, cents))
                        self.seen["waivers taken back"] += 1

    def _is_about(self, bill, numbers):
        """Tell whether a bill after an answer is for one of the sessions.

        Odoo knows it by the shares on the bill.
        """
        if not bill.fixed:
            return False
        return bool(numbers & {*self.case._machine_pieces(self._move(bill))})

    def _drop(self, credit):
        """Take a credit out of the books."""
        cents = credit.left
        for bill in self.model.bills.values():
            for part in [x for x in bill.parts if x.credit is credit]:
                cents += part.cents
                bill.parts.remove(part)
        credit.left = 0
        self.model.owe(credit.payer, cents)

    def _move(self, bill: Bill):
        """Return Odoo's record of a bill."""
        return self.env["account.move"].browse(bill.number)
