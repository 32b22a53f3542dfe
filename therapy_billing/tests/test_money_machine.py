import logging
import os
import random

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from odoo import Command, fields
from odoo.tests import freeze_time, tagged

from .common import NOW, TherapyCommon
from .money_machine_answers import AnswerMachine
from .money_model import Session, in_cents

_logger = logging.getLogger(__name__)

#: THERAPY_SEED repeats a run, THERAPY_EXAMPLES makes it longer, THERAPY_SHRINK=1 looks
#: for the shortest way to a failure, which takes minutes.
SEED = int(os.environ.get("THERAPY_SEED") or random.SystemRandom().randrange(10**6))
PHASES = [Phase.generate] + [Phase.shrink] * bool(os.environ.get("THERAPY_SHRINK"))
EXAMPLES = int(os.environ.get("THERAPY_EXAMPLES") or 25)
STEPS = 25


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestMoneyMachine(TherapyCommon):
    """Whatever a practice does, in whatever order: the ledger is the plain sum.

    Random families are billed, paid, credited, corrected, taken back and billed again.
    After each step the ledger is compared with :mod:`.money_model`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rates = [("90791", 210.0), ("90846", 33.33), ("90847", 0.05), ("96130", 0.0)]
        services = [(cls.talk, 175.25), (cls.aba, 17.33)]
        services += [(cls._create_service(code, rate), rate) for code, rate in rates]
        cls.services = [(service.id, rate) for service, rate in services]
        methods = cls.practice._therapy_get_receipt_methods()
        cls.methods = {method.therapy_kind: method for method in methods}
        cls.reasons = {
            kind: cls.env["therapy.adjustment.reason"].search(
                [("kind", "=", kind)], limit=1
            )
            for kind in ("writeoff", "discount", "goodwill")
        }
        cls.second = cls.insurer.copy({"name": "Second Mutual"})
        cls.people = 0

    def test_the_ledger_is_the_sum_of_what_was_done(self):
        _logger.info("money machine: THERAPY_SEED=%s", SEED)
        machine = seed(SEED)(type("Practice", (AnswerMachine,), {"case": self}))
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    phases=PHASES,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except Exception:
            _logger.info("repeat it with THERAPY_SEED=%s", SEED)
            raise
        _logger.info(
            "money machine: %s sessions of %s families, %s",
            *(machine.sessions_seen, machine.families_seen, dict(machine.seen)),
        )
        self.assertGreaterEqual(machine.families_seen, 8 * EXAMPLES)
        self.assertGreaterEqual(machine.sessions_seen, 40 * EXAMPLES)

    # === WHAT THE MACHINE DOES IN ODOO === #

    def _machine_patient(self, payers):
        """Create a patient and so many payers."""
        type(self).people += 1
        name = f"P{self.people}"
        patient = self._create_patient("Kim", name, "2015-03-01")
        found = self.env["res.partner"].create(
            [{"name": f"{name} payer {number}"} for number in range(payers)]
        )
        return patient, found.ids

    def _machine_payers(self, patient, rows, insurer, copay, policy, second):
        """Enter who pays: (payer, share, first day, last day), as the model says."""
        self.env["therapy.guarantor"].create(
            [
                {
                    "patient_id": patient.id,
                    "partner_id": payer,
                    **self._machine_share(share),
                    "role": "guardian",
                    "sequence": number,
                    "date_from": first or False,
                    "date_to": last != "9999" and last,
                }
                for number, (payer, share, first, last) in enumerate(rows)
            ]
        )
        if insurer:
            self.env["therapy.coverage"].create(
                {
                    "patient_id": patient.id,
                    "insurer_id": insurer,
                    "copay": copay / 100,
                    "billing_policy": policy,
                }
            )
        if second is not None:
            self.env["therapy.coverage"].create(
                {
                    "patient_id": patient.id,
                    "insurer_id": self.second.id,
                    "copay": second / 100,
                    "sequence": 99,
                }
            )

    def _machine_share(self, share):
        """Return the values of a guarantor's share."""
        if share == "rest":
            return {"share_type": "remainder"}
        if isinstance(share, tuple):
            return {"share_type": "fixed", "fixed_amount": share[1] / 100}
        return {"share_type": "percent", "percent": share / 100}

    def _machine_sessions(self, patient, wanted):
        """Create held sessions: (day, hour, [((service, rate), units)])."""
        return self.env["therapy.session"].create(
            [
                {
                    "patient_id": patient,
                    "start": fields.Datetime.add(
                        fields.Datetime.to_datetime(f"{day} 12:00:00"),
                        minutes=10 * hour,
                    ),
                    "state": "held",
                    "line_ids": [
                        Command.create({"product_id": service, "units": units})
                        for (service, _rate), units in lines
                    ],
                }
                for day, hour, lines in wanted
            ]
        )

    def _machine_session(self, session, family, day, cents):
        lines = dict(zip(session.line_ids.ids, cents, strict=True))
        return Session(session.id, family, day, lines)

    def _machine_bill(self, grouping):
        """Run a billing run; return its bills in the order they were made."""
        run = self._create_run(
            date_from="2026-10-01", date_to="2026-11-16", grouping=grouping
        )
        run.action_preview()
        run.action_generate()
        assert not run.problem_ids, run.problem_ids.mapped("reason")
        return run.move_ids.sorted("id")

    def _machine_pieces(self, move):
        """Return what a bill asks for: {session: cents}."""
        pieces = {}
        for share in move.session_share_ids:
            number = share.session_id.id
            pieces[number] = pieces.get(number, 0) + in_cents(share.amount)
        return pieces

    def _machine_record(self, payer, cents, bill=None):
        kind = "cash" if cents % 2 else "check"
        reference = False if kind == "cash" else str(10000 + cents)
        return self.env["account.payment"]._therapy_record(
            self.env["res.partner"].browse(payer),
            cents / 100,
            self.methods[kind],
            self._today(),
            bill=bill,
            therapy_reference=reference,
        )

    def _machine_pay(self, bill, cents):
        move = self.env["account.move"].browse(bill.number)
        return self._machine_record(bill.payer, cents, move)

    def _machine_prepay(self, payer, cents):
        return self._machine_record(payer, cents)

    def _machine_credit_line(self, move):
        """Return the lines of an entry that are to the good of a payer."""
        return move.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable" and line.balance < 0
            )
        )

    def _machine_try(self, parts):
        """Start a payment by card; a failed one leaves nothing."""
        bills = self.env["account.move"].browse([bill.number for bill, _ in parts])
        return self._pay(
            bills,
            sum(cents for _bill, cents in parts) / 100,
            parts=[
                (move, cents / 100)
                for move, (_bill, cents) in zip(bills, parts, strict=True)
            ],
        )

    def _machine_waive(self, kind, cents, bill=None, payer=None):
        return self.env["account.move"]._therapy_adjust(
            self.reasons[kind],
            cents / 100,
            bill=bill and self.env["account.move"].browse(bill.number),
            payer=payer and self.env["res.partner"].browse(payer),
        )

    def _machine_waivers(self):
        """Return {account's id: kind} of the accounts that lower revenue."""
        return {
            self.practice._therapy_get_account(kind).id: kind
            for kind in (*self.reasons, "contractual")
        }

    def _machine_transfer(self, source, target, cents):
        Partner = self.env["res.partner"]
        return self.env["account.move"]._therapy_transfer_credit(
            Partner.browse(source), Partner.browse(target), cents / 100, "both, phone"
        )

    def _machine_move_payment(self, payment, payer, bill):
        return (
            self.env["account.payment"]
            .browse(payment.number)
            ._therapy_move_to(
                self.env["res.partner"].browse(payer),
                "entered on the wrong one",
                bill=bill and self.env["account.move"].browse(bill.number),
            )
        )

    def _machine_return(self, payment, fee):
        record = self.env["account.payment"].browse(payment.number)
        return record._therapy_return(self._today(), "no funds", fee / 100)[1]

    def _machine_reverse(self, bill):
        """Press core's button for a credit note, reconciled with the bill."""
        move = self.env["account.move"].browse(bill.number)
        move._reverse_moves([{"invoice_date": self._today()}], cancel=True)

    def _machine_estimates(self, session):
        """Return {line: (the insurers' cents, the guarantors')} of a session now."""
        found = {}
        for share in self.env["therapy.session"].browse(session).line_ids.share_ids:
            if share.live:
                cents = list(found.get(share.session_line_id.id, (0, 0)))
                cents[not share.partner_id.is_insurer] += in_cents(share.amount)
                found[share.session_line_id.id] = tuple(cents)
        return found

    def _machine_remit(self, insurer, rows, amount):
        """Post a remittance.

        :param insurer: id of who answers
        :param rows: (session's line, paid, contractual, patient's); below 0 where an
            answer is taken back
        """
        type(self).people += 1
        lines = self.env["therapy.session.line"]
        remittance = self.env["therapy.remittance"].create(
            {
                "partner_id": insurer,
                "trace": f"EFT-{self.people}",
                "date": self._today(),
                "amount": amount / 100,
                "line_ids": [
                    Command.create(
                        {
                            "session_id": lines.browse(line).session_id.id,
                            "session_line_id": line,
                            "charge": (paid + contract + patient) / 100,
                            "paid": paid / 100,
                            "contract_amount": contract / 100,
                            "patient_amount": patient / 100,
                        }
                    )
                    for line, paid, contract, patient in rows
                ],
            }
        )
        remittance.action_post()
        return remittance
