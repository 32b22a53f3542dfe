from odoo import Command
from odoo.http import Request

from .common import TherapyPortalHttpCommon
from .link_common import LinkCommon

# The smallest picture there is.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


class PageCommon(LinkCommon, TherapyPortalHttpCommon):
    """A mother with a bit of everything that a page can show, and an aunt with nothing.

    Bills: 0 open (with the code 012345), 1 of another child and overdue, 2 paid, 3 with
    a part under way, 4 with a declined try, 5 open.
    """

    @classmethod
    def _set_up_pages(cls):
        Partner = cls.env["res.partner"]
        brother = Partner.create({"name": "Max Fitzroy", "is_patient": True})
        cls.env["therapy.guarantor"].create(
            {"patient_id": brother.id, "partner_id": cls.mother.id, "percent": 100}
        )
        cls.bills = cls.env["account.move"].union(*(cls._make_bill() for _ in range(6)))
        cls.bills[1].patient_id = brother
        cls.bills[0].invoice_date_due = "2030-01-01"
        cls._pay_with(cls.bills[2], cls.card, 120.0)
        cls._pay_with(cls.bills[3], cls._make_card(cls.mother, "3", "pending"), 30.0)
        cls._pay_with(cls.bills[4], cls._make_card(cls.mother, "2", "error"), 20.0)
        cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": cls.mother.id,
                "amount": 45.0,
                "journal_id": cls.company_data["default_journal_bank"].id,
            }
        ).action_post()
        cls.requests = cls.env["therapy.change.request"].create(
            [
                {"partner_id": cls.mother.id, "kind": kind, "text": "Three parts?"}
                for kind in ("plan", "refund", "other", "split")
            ]
        )
        cls.requests[0].answer = "Yes, from next month."
        cls.requests[0].action_done()
        cls.asked = cls._ask_to_sign()
        cls.bills[0]._therapy_rotate_access_code("012345")

    @classmethod
    def _ask_to_sign(cls, **values):
        """Return a request for a card authorization, as the biller makes it."""
        authorization = cls.env["therapy.card.authorization"].with_user(cls.biller)
        return authorization.create(
            {
                "partner_id": cls.mother.id,
                "patient_ids": cls.patient.ids,
                "covers_visits": True,
                "max_amount": 150,
                **values,
            }
        )

    @classmethod
    def _pay_with(cls, bill, card, amount):
        tx = cls.env["payment.transaction"].sudo()
        tx = tx.create(
            {
                "provider_id": cls.demo.id,
                "payment_method_id": cls.method.id,
                "reference": f"paid {bill.name}",
                "amount": amount,
                "currency_id": cls.currency.id,
                "partner_id": cls.mother.id,
                "paid_by_id": cls.mother.id,
                "token_id": card.id,
                "operation": "online_token",
                "invoice_ids": [Command.set(bill.ids)],
            }
        )
        tx._charge_with_token()
        tx._post_process()

    def _sign(self, record, card=None):
        """Sign in the portal, as the payer who is logged in."""
        card = self.card if card is None else card
        return self.make_jsonrpc_request(
            f"/my/therapy/authorization/{record.id}/sign/{card.id}",
            {"name": "Ada Fitz", "signature": SIGNATURE},
        )

    def _post(self, path, **data):
        """Send a form and return the page that follows."""
        return self.url_open(
            path, data={**data, "csrf_token": Request.csrf_token(self)}
        )

    def _confirm_token(self):
        """Ask for another billing e-mail; return the secret of the link."""
        self.env["therapy.contact.change"].sudo()._therapy_start(
            self.mother, "new@example.com"
        )
        body = str(self._mail().body_html)
        return body.split("/my/contact/confirm/")[1].split('"')[0]

    def _receipt_token(self, email="tax@example.com"):
        """Add an address for receipts; return the secret of the link sent there."""
        Address = self.env["therapy.receipt.address"].with_user(self.biller)
        Address.create({"partner_id": self.mother.id, "email": email})
        body = str(self._mail(email).body_html)
        return body.split("/pay/receipts/")[1].split('"')[0]
