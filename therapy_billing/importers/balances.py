"""balances.csv: what was open when the practice moved to this system."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo import Command

from odoo.addons.therapy_billing.tools import rows as rows_tool

from .base import Importer, Rejected, Result
from .payers_rows import parse_birthdate
from .people import People, patient_key

REFERENCE = "Reference"
LAST = "Last Name"
FIRST = "First Name"
DOB = "DOB"
PAYER = "Payer Name"
EMAIL = "Payer Email"
DATE = "Date"
DUE = "Due Date"
AMOUNT = "Amount"


def parse_balance(text: str) -> Decimal:
    """Return an amount that is not 0, with at most two decimals.

    >>> parse_balance("25.25"), parse_balance("-40")
    (Decimal('25.25'), Decimal('-40'))
    >>> parse_balance("0")
    Traceback (most recent call last):
    ...
    ValueError: 0

    :param str text: the cell; negative = the payer has money to the good
    :return: the exact amount
    :rtype: Decimal
    :raise ValueError: if it is 0, too fine or not a number
    """
    number = rows_tool.parse_number(text)
    if not number or number != number.quantize(Decimal("0.01")):
        raise ValueError(text)
    return number


@dataclass
class Balance:
    """A parsed row."""

    result: Result
    reference: str
    patient: object
    payer: object
    day: date
    due: date
    amount: Decimal

    @property
    def content(self):
        """Return what two rows of one reference must share to be the same."""
        return (self.payer, self.amount)


class BalancesImporter(Importer):
    """Reads prior balances: a bill for what is owed, an entry for a credit.

    Both stand against the migration account: old revenue is not counted twice. The
    bill keeps its real dates, so that its age is right; the ledger has it on the day
    of the change.
    """

    columns = (REFERENCE, LAST, FIRST, DOB, PAYER, EMAIL, DATE, AMOUNT)
    optional = (DUE,)

    def read_rows(self, rows):
        """Read the balances. See :meth:`Importer.read_rows`."""
        self.people = People(self.env, self.company)
        self.payers = self.people.search_by_email(
            {rows_tool.clean(row.cells[EMAIL]).lower() for row in rows}
        )
        self.cutover = self.env.context.get("therapy_cutover") or (
            self.company._therapy_local_date()
        )
        self.known = self._get_known()
        self.account = self.company._therapy_get_account("migration")
        results, owed, credits = [], [], []
        for row in rows:
            result = Result(row, key=row.cells[REFERENCE])
            results.append(result)
            try:
                balance = self._parse_row(result)
            except Rejected as rejected:
                result.reject(str(rejected))
                continue
            if not self._is_known(balance):
                (owed if balance.amount > 0 else credits).append(balance)
        bills = self._create_moves(owed, self._prepare_bill_vals)
        entries = self._create_moves(credits, self._prepare_entry_vals)
        for move in bills + entries:
            move.action_post()
        return results

    def _create_moves(self, balances, prepare):
        """Create the entries of balances.

        :param list balances: the balances
        :param prepare: method that returns the values of one
        :return: the `account.move`, one by one
        :rtype: list
        """
        prepared = [(prepare(balance), [balance.result]) for balance in balances]
        return [m for m in self.create_records("account.move", prepared) if m]

    def _get_known(self):
        """Return the prior balances that were imported already.

        :return: `account.move` by reference
        :rtype: dict
        """
        moves = self.env["account.move"].search(
            [
                ("therapy_opening_reference", "!=", False),
                ("company_id", "=", self.company.id),
                ("state", "!=", "cancel"),
            ]
        )
        return {move.therapy_opening_reference: move for move in moves}

    def _is_known(self, balance) -> bool:
        """Judge a row whose reference came before, in the file or an earlier one.

        :param Balance balance: the row
        :return: whether it is known
        :rtype: bool
        """
        first = self.known.setdefault(balance.reference, balance)
        if first is balance:
            return False
        if isinstance(first, Balance):
            same = first.content == balance.content
        else:
            amount = float(abs(balance.amount))
            same = first.partner_id == balance.payer and not (
                self.company.currency_id.compare_amounts(first.amount_total, amount)
            )
        if same:
            balance.result.unchanged()
        else:
            balance.result.reject(
                self._("The reference is there already with other content.")
            )
        return True

    def _parse_row(self, result):
        """Return a row's content.

        :param Result result: the result of the row
        :return: the content
        :rtype: Balance
        :raise Rejected: if the row cannot be right
        """
        row, cells = result.row, result.row.cells
        if not cells[REFERENCE]:
            raise Rejected(self._("No reference."))
        day = self.parse(rows_tool.parse_date, row, DATE, self._("Impossible date:"))
        due = day
        if cells.get(DUE):
            due = self.parse(rows_tool.parse_date, row, DUE, self._("Impossible date:"))
        if day > self.cutover or due < day:
            raise Rejected(self._("The dates are not in order."))
        amount = self.parse(parse_balance, row, AMOUNT, self._("Impossible amount:"))
        birthdate = self.parse(
            parse_birthdate, row, DOB, self._("Impossible date of birth:")
        )
        key = patient_key(cells[LAST], cells[FIRST], birthdate)
        patient = self.people.patients.get(key)
        if not patient:
            raise Rejected(self._("The patient is not known."))
        payer = self._find_payer(cells)
        return Balance(result, cells[REFERENCE], patient, payer, day, due, amount)

    def _find_payer(self, cells):
        """Return the payer: a guarantor by e-mail, an insurer by name.

        :param dict cells: the cells
        :return: the `res.partner`
        :rtype: recordset of `res.partner`
        :raise Rejected: if there is none, or it is not clear who it is
        """
        address = cells[EMAIL].lower()
        if not address:
            insurer = self.people.insurers.get(rows_tool.fold(cells[PAYER]))
            if not insurer:
                raise Rejected(self._("The insurer is not known."))
            return insurer
        found = self.payers.get(address, [])
        named = [
            partner
            for partner in found
            if rows_tool.fold(partner.name) == rows_tool.fold(cells[PAYER])
        ]
        if len(named or found) != 1:
            raise Rejected(self._("No payer, or several, have this e-mail address."))
        return (named or found)[0]

    def _prepare_bill_vals(self, balance) -> dict:
        """Return the values of the bill for what is owed.

        :param Balance balance: the row
        :return: values of an `account.move`
        :rtype: dict
        """
        line = {
            "name": self._("Prior balance"),
            "price_unit": float(balance.amount),
            "account_id": self.account.id,
            "tax_ids": [Command.clear()],
        }
        journal = self.env["account.move"]._therapy_get_journal(self.company)
        return {
            "move_type": "out_invoice",
            "partner_id": balance.payer.id,
            "patient_id": balance.patient.id,
            "company_id": self.company.id,
            "journal_id": journal.id,
            "date": self.company._therapy_get_open_date(self.cutover, journal),
            "invoice_date": balance.day,
            "invoice_payment_term_id": False,
            "invoice_date_due": balance.due,
            "ref": balance.reference,
            "therapy_opening_reference": balance.reference,
            "invoice_line_ids": [Command.create(line)],
        }

    def _prepare_entry_vals(self, balance) -> dict:
        """Return the values of the entry for a payer's credit.

        :param Balance balance: the row, with a negative amount
        :return: values of an `account.move`
        :rtype: dict
        """
        journal = self.env["account.move"]._therapy_get_journal(self.company, "general")
        payer = balance.payer.with_company(self.company)
        amount = float(-balance.amount)
        common = {"name": self._("Prior balance"), "partner_id": payer.id}
        receivable = payer.property_account_receivable_id
        return {
            "move_type": "entry",
            "patient_id": balance.patient.id,
            "partner_id": payer.id,
            "company_id": self.company.id,
            "journal_id": journal.id,
            "date": self.company._therapy_get_open_date(self.cutover, journal),
            "ref": balance.reference,
            "therapy_opening_reference": balance.reference,
            "therapy_credit_cause": "opening",
            "line_ids": [
                Command.create(
                    {**common, "account_id": self.account.id, "debit": amount}
                ),
                Command.create(
                    {
                        **common,
                        "account_id": receivable.id,
                        "credit": amount,
                        # Its age is real, as the age of a bill is.
                        "date_maturity": balance.day,
                    }
                ),
            ],
        }
