"""A small family of the check's own, and the calls that screens make for staff."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .. import demo
from ..console import Stop
from .browser import backend, button, expect, fill_field, idle, pick

STATE = ".o_statusbar_status .o_arrow_button_current"
PATIENT = "Dana Quill"
MOTHER, FATHER = "Nora Quill", "Elias Quill"
INSURER = "Harbor Benefit Plan"
TALK, ABA = "CHECK-TALK", "CHECK-ABA"
RATES = {TALK: 17525, ABA: 1733}

BILLS = """
    SELECT partner.name, SUM(ROUND(move.amount_total * 100))::bigint
      FROM account_move move JOIN res_partner partner ON partner.id = move.partner_id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
       AND move.therapy_run_id = %s GROUP BY 1"""
OPEN = """
    SELECT partner.name, SUM(ROUND(line.amount_residual * 100))::bigint
      FROM account_move_line line
      JOIN account_account account ON account.id = line.account_id
      JOIN res_partner partner ON partner.id = line.partner_id
     WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
       AND partner.name = ANY(%s) GROUP BY 1 HAVING SUM(line.amount_residual) <> 0"""


class Office:
    """Staff at work on one family: by calls where the screens were shown before."""

    def __init__(self, ledger, browser, page):
        self.ledger, self.browser, self.page = ledger, browser, page
        self.biller = demo.connect(browser.info, "biller", "biller")
        self.manager = demo.connect(browser.info, "manager", "manager")
        self.admin = demo.connect(browser.info)
        self.now = datetime.now(UTC)
        self.today = self.now.astimezone(ZoneInfo("America/New_York")).date()
        self.day = self.today - timedelta(days=2)
        self.hour = 8
        self.services, self.people = {}, {}

    def partner(self, name, **vals):
        """Create a contact and return its id."""
        vals = {"name": name, **vals}
        [self.people[name]] = self.biller("res.partner", "create", [vals])
        return self.people[name]

    def open_family(self):
        """Create the services, the patient and who pays: 70 and 30 percent."""
        for code, per_unit, minutes in ((TALK, 0, 55), (ABA, 15, 60)):
            [self.services[code]] = self.manager(
                *("product.product", "create"),
                [
                    {
                        "name": f"Service {code}",
                        "type": "service",
                        "therapy_code": code,
                        "therapy_minutes": minutes,
                        "therapy_minutes_per_unit": per_unit,
                        "list_price": RATES[code] / 100,
                        "taxes_id": [[5]],
                    }
                ],
            )
        patient = self.partner(
            PATIENT,
            is_patient=True,
            therapy_first_name="Dana",
            therapy_last_name="Quill",
            birthdate="2016-04-02",
        )
        self.partner("Casey Moss", is_provider=True)
        self.partner(INSURER, is_insurer=True, is_company=True)
        for number, (name, percent) in enumerate(((MOTHER, 70), (FATHER, 30))):
            email = f"{name.split()[0].lower()}@quill.example.com"
            row = {
                "patient_id": patient,
                "partner_id": self.partner(name, email=email),
                "role": "guardian",
                "percent": percent,
                "sequence": number,
            }
            self.biller("therapy.guarantor", "create", [row])

    def cover(self, copay):
        """Give the patient an insurer from today on the check's days."""
        vals = {
            "patient_id": self.people[PATIENT],
            "insurer_id": self.people[INSURER],
            "member_number": "HB-4410",
            "copay": copay / 100,
        }
        [number] = self.biller("therapy.coverage", "create", [vals])
        return number

    def session(self, code, units, state="held", start=None):
        """Enter a session; each begins an hour after the one before."""
        self.hour += start is None
        vals = {
            "patient_id": self.people[PATIENT],
            "provider_id": self.people["Casey Moss"],
            "start": start or f"{self.day} {self.hour + 4:02d}:00:00",
            "state": state,
            "line_ids": [
                [0, 0, {"product_id": self.services[code], "units": units}],
            ],
        }
        [number] = self.biller("therapy.session", "create", [vals])
        return number

    def refused(self, call):
        """Return the words of a refusal, empty if the call went through."""
        try:
            call()
        except Stop as error:
            return str(error).strip().splitlines()[-1]
        return ""

    def run(self, shot=""):
        """Bill the family through the screen of the run; return the run's id."""
        page = self.page
        backend(page, "therapy-billing-runs/new")
        fill_field(page, "date_from", self.day.strftime("%m/%d/%Y"))
        fill_field(page, "date_to", self.today.strftime("%m/%d/%Y"))
        pick(page, "patient_ids", PATIENT)
        button(page, "action_preview")
        expect(page.locator(STATE)).to_have_text("Previewed")
        idle(page)
        if shot:
            self.browser.shoot(page, shot)
        button(page, "action_generate")
        expect(page.locator(".o_list_view .o_data_row").first).to_be_visible()
        idle(page)
        return self.ledger.one("SELECT MAX(id) FROM therapy_billing_run")

    def bills(self, run):
        """Return what a run asks of each payer: {name: cents}."""
        return {name: int(cents) for name, cents in self.ledger.rows(BILLS, run)}

    def open(self):
        """Return what each payer of the family owes: {name: cents} without zeros."""
        names = [MOTHER, FATHER, INSURER]
        return {name: int(cents) for name, cents in self.ledger.rows(OPEN, names)}

    def bill_of(self, run, name):
        """Return the id of the bill of a run to a payer."""
        return self.ledger.one(
            "SELECT MAX(move.id) FROM account_move move "
            "  JOIN res_partner partner ON partner.id = move.partner_id "
            " WHERE move.therapy_run_id = %s AND partner.name = %s",
            *(run, name),
        )

    def residual(self, bill):
        """Return what is open on a bill, in cents."""
        return self.ledger.one(
            "SELECT ROUND(amount_residual * 100)::int FROM account_move WHERE id = %s",
            bill,
        )

    def record(self, amount, *, bill=None, payer=None):
        """Record a check in the dialog of a bill or of a payer, by its calls."""
        model = "account.move" if bill else "res.partner"
        context = {"active_model": model, "active_id": bill or self.people[payer]}
        vals = {"amount": amount / 100, "reference": str(70000 + amount)}
        wizards = self.biller(
            "therapy.payment.wizard", "create", [vals], context=context
        )
        self.biller("therapy.payment.wizard", "action_record", wizards, context=context)
