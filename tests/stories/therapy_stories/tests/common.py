import base64
import re

from odoo.tests import HttpCase, new_test_user

from odoo.addons.therapy_stripe.tests.common import TherapyStripeCommon

from .books import Books
from .browser import Browser

SERVICES = """\
Service Code,Name,Minutes,Minutes Per Unit,Rate Per Unit
90837,"Psychotherapy, long",55,,175.25
97153,Skills practice,120,15,17.33
"""
PAYERS = """\
Last Name,First Name,DOB,Payer Name,Payer Email,Role,Percent,Copay Per Session
Fitzroy,Zelda,03/01/2015,Ada Marsh,ada@example.com,guardian,70,
Fitzroy,Zelda,03/01/2015,Bob Tully,bob@example.com,guardian,30,
Oberlin,Quentin,05/05/1980,Quentin Oberlin,quentin@example.com,self,100,
Oberlin,Quentin,05/05/1980,Summit Mutual,,insurer,,30.00
"""
SCHEDULE_HEADER = (
    "Session ID,Date,Start Time,Type,Appointment Type,Billing Method,Clinician Name,"
    "Clinician Type,Clinician NPI,Last Name,First Name,DOB,Member ID,"
    "Primary Insurer Name,In Network,Service Code,Units,Minutes,POS,Modifiers\n"
)
CLINICIAN = 'Therapy Session,Self-Pay,"Hartmann, Quill",BCBA,1234567893'
ZELDA = "Fitzroy,Zelda,03/01/2015,,,"
QUENTIN = "Oberlin,Quentin,05/05/1980,M1,Summit Mutual,Yes"
SESSIONS = (
    ("ZF-2026-1", "01/12/2026", "Appointment", ZELDA, "90837,1,55"),
    ("ZF-2026-1", "01/12/2026", "Appointment", ZELDA, "97153,8,120"),
    ("ZF-2026-2", "01/19/2026", "Appointment", ZELDA, "90837,1,55"),
    ("ZF-2026-3", "01/26/2026", "Missed Appointment", ZELDA, "90837,1,55"),
    ("QO-2026-1", "01/20/2026", "Appointment", QUENTIN, "90837,1,55"),
)

# 313.89 and 175.25 divided 70:30; half a cent goes to who is listed first.
MOTHERS, FATHERS = 342.40, 146.74


def write_schedule(rows):
    """Return a schedule.csv as the import takes it.

    :param rows: session, date, type, patient, "service,units,minutes"
    """
    lines = [
        f"{session},{date},04:00 PM,{kind},{CLINICIAN},{patient},{service},11,"
        for session, date, kind, patient, service in rows
    ]
    return encode(SCHEDULE_HEADER + "\n".join(lines) + "\n")


def encode(text):
    """Return a text as a binary field takes it."""
    return base64.b64encode(text.encode())


class Story(Books, TherapyStripeCommon, HttpCase):
    """A practice with a child of divorced parents, an adult patient, and all addons.

    January's sessions are imported and billed; what follows is the story.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(
            "account_payment.enable_portal_payment", "True"
        )
        cls.company.write({"name": "Maple Street Group", "email": "desk@maple.example"})
        providers = cls.env["payment.provider"].search([("id", "!=", cls.provider.id)])
        providers.state = "disabled"
        cls.provider.allow_tokenization = True
        cls.biller = new_test_user(
            cls.env,
            "desk",
            groups="base.group_user,therapy_billing.group_biller",
            name="Morgan Bell",
            email="morgan@maple.example",
            context={"no_reset_password": True},
        )
        cls._import("services", encode(SERVICES))
        cls._import("payers", encode(PAYERS))
        cls._import("schedule", write_schedule(SESSIONS))
        cls.mother = cls._find_partner("ada@example.com")
        cls.father = cls._find_partner("bob@example.com")
        cls.quentin = cls._find_partner("quentin@example.com")
        for partner in (cls.mother, cls.father, cls.quentin):
            new_test_user(
                cls.env,
                partner.email,
                groups="base.group_portal",
                partner_id=partner.id,
                name=partner.name,
                email=partner.email,
                context={"no_reset_password": True},
            )
        run = cls.env["therapy.billing.run"].with_user(cls.biller)
        run = run.create({"date_from": "2026-01-01", "date_to": "2026-01-31"})
        run.action_generate()
        cls.bills = run.with_env(cls.env).move_ids
        cls.mothers = cls.bill_of(cls.mother)
        cls.fathers = cls.bill_of(cls.father)

    def setUp(self):
        super().setUp()
        self.assertEqual(self.currency.name, "USD")
        self.desk = self.open_browser("desk")

    # === THE PRACTICE === #

    @classmethod
    def _import(cls, kind, content):
        """Import one file; every row of it is taken."""
        job = cls.env["therapy.import"].create({"kind": kind, "file": content})
        job.action_import()
        bad = job.line_ids.filtered(lambda line: line.state != "imported")
        assert not bad, bad.mapped("reason")

    @classmethod
    def _find_partner(cls, email):
        return cls.env["res.partner"].search([("email", "=", email)]).ensure_one()

    def run_billing(self, date_from, date_to):
        """Bill the sessions of some days as the desk does; return the bills."""
        days = {"date_from": date_from, "date_to": date_to}
        [run_id] = self.desk.model("therapy.billing.run", "create", [days])
        self.desk.model("therapy.billing.run", "action_preview", [run_id])
        self.desk.model("therapy.billing.run", "action_generate", [run_id])
        return self.env["therapy.billing.run"].browse(run_id).move_ids

    @classmethod
    def bill_of(cls, partner):
        """Return the one bill of a payer."""
        return cls.bills.filtered(lambda bill: bill.partner_id == partner).ensure_one()

    def add_card(self, payer, card="pm_card_visa"):
        """Keep a payer's card at the desk; return it."""
        desk = self.desk
        [number] = desk.model("therapy.add.card", "create", [{"partner_id": payer.id}])
        desk.model("therapy.add.card", "action_start", [number], "phone", "Agreed")
        tx = self.env["therapy.add.card"].browse(number).transaction_id
        self._confirm(tx, card)
        result = desk.model("therapy.add.card", "action_finish", [number])
        self.assertTrue(result["saved"], result["message"])
        self.assertEqual(tx.token_id.partner_id, payer)
        return tx.token_id

    def open_charge(self, bill, card=None, amount=None, payer=None):
        """Open the desk's dialog that charges a card; return it."""
        action = self.desk.model("account.move", "action_therapy_charge_card", bill.ids)
        vals = {
            **({"partner_id": payer.id} if payer else {}),
            **({"token_id": card.id} if card else {}),
            **({"amount": amount} if amount else {}),
        }
        if vals:
            self.desk.model("therapy.charge.wizard", "write", [action["res_id"]], vals)
        return self.env["therapy.charge.wizard"].browse(action["res_id"])

    def charge(self, bill, card=None, amount=None, payer=None):
        """Charge a card at the desk; return the dialog with its result."""
        wizard = self.open_charge(bill, card, amount, payer)
        self.press_charge(wizard)
        return wizard

    def press_charge(self, wizard):
        """Press the button of the desk's dialog."""
        self.desk.model("therapy.charge.wizard", "action_charge", wizard.ids)

    def share(self, bill):
        """Share a bill from the desk; return its mail and the code in it."""
        before = self.env["mail.mail"].search([])
        action = self.desk.model("account.move", "action_therapy_share", bill.ids)
        # In tests Odoo makes PDF files only when told to.
        self.desk.model(
            "therapy.share.wizard",
            "action_send",
            [action["res_id"]],
            context={"force_report_rendering": True},
        )
        mail = (self.env["mail.mail"].search([]) - before).ensure_one()
        text = re.sub(r"<[^>]+>|\s+", " ", mail.body_html)
        return mail, re.search(r"Access code\s+(\d{6})\b", text).group(1)

    # === PEOPLE === #

    def open_browser(self, login=None):
        """Open another browser: of somebody who logs in, or of a visitor."""
        return Browser(self, login)

    def find_transaction(self, started):
        """Return the transaction that an answer of a transaction route is about."""
        return self.env["payment.transaction"].search(
            [("reference", "=", started["reference"])]
        )

    def send_card_requests(self):
        """Return the requests that could charge or save a card."""
        return [
            row
            for row in self.sandbox.requests(method="POST")
            if "_intents" in row["path"]
        ]

    # === TIME === #

    def resolve(self, **later):
        """Run the jobs of some time later."""
        with self._later(**later):
            self.env["payment.transaction"]._cron_therapy_stripe_resolve()
            self.env["payment.transaction"]._cron_post_process()
        self.env.invalidate_all()

    # === AMOUNTS === #

    def assertDue(self, bill, amount):
        """Compare what is left to pay of a bill, in whole cents."""
        bill.invalidate_recordset(["amount_residual"])
        self.assertEqual(round(bill.amount_residual * 100), round(amount * 100))
