from odoo import Command
from odoo.tests import tagged

from odoo.addons.therapy_portal.tests.common import TherapyPortalHttpCommon
from odoo.addons.therapy_portal.tests.link_common import LinkCommon

from .pages import Pages

SUBMIT = "button[type=submit]"
UNKNOWN = "x" * 43


@tagged("post_install", "-at_install")
class TestAccessibility(LinkCommon, TherapyPortalHttpCommon):
    """Every page of a payer, for those who do not see it well or use no mouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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
        requests = cls.env["therapy.change.request"].create(
            [
                {"partner_id": cls.mother.id, "kind": kind, "text": "Three parts?"}
                for kind in ("plan", "refund", "other", "split")
            ]
        )
        requests[0].answer = "Yes, from next month."
        requests[0].action_done()
        cls.request = requests[0]
        authorization = cls.env["therapy.card.authorization"].with_user(cls.biller)
        cls.asked = authorization.create(
            {
                "partner_id": cls.mother.id,
                "patient_ids": cls.patient.ids,
                "covers_visits": True,
                "max_amount": 150,
            }
        )
        cls.bills[0]._therapy_rotate_access_code("012345")

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

    def _confirm_token(self):
        """Ask for another billing e-mail; return the secret of the link."""
        self.env["therapy.contact.change"].sudo()._therapy_start(
            self.mother, "new@example.com"
        )
        body = str(self._mail().body_html)
        return body.split("/my/contact/confirm/")[1].split('"')[0]

    def test_no_page_of_a_payer_breaks_wcag_a_or_aa_at_either_width(self):
        receipt = self.bills[2]._therapy_get_portal_payments()[0]["receipt"]
        self.assertTrue(receipt)
        self._send_link(self.bills[0])
        link, secret = self._token(), self._confirm_token()
        self.env.flush_all()
        self.authenticate("ada", "ada")
        first, partly, paid = self.bills[0].id, self.bills[3].id, self.bills[2].id
        pages = Pages(self)
        with pages.open():
            pages.login()
            pages.check("/my", "#therapy_home_card")
            pages.check("/my/therapy", "#therapy_family_due")
            for query in ("", "?filterby=paid", "?filterby=all&search=none"):
                pages.check(f"/my/therapy/bills{query}")
            for bill in (first, partly, paid):
                pages.check(f"/my/therapy/bill/{bill}", "#therapy_amount_due")
            pages.check(f"/my/therapy/bill/{first}/pay?amount=x", "#therapy_pay_error")
            pages.check(f"/my/therapy/bill/{first}/pay?amount=20", "#therapy_pay_now")
            pages.check("/my/therapy/pay", ".o_therapy_pay_many")
            pages.check("/my/therapy/pay/card", "#therapy_pay_error")
            many = f"bill={first}&bill={self.bills[1].id}"
            pages.check(f"/my/therapy/pay/card?{many}", "#therapy_pay_now")
            pages.check("/my/therapy/prepay")
            pages.check("/my/therapy/prepay/card?amount=25", "#therapy_pay_now")
            pages.check("/my/therapy/payments", "#therapy_history")
            pages.check("/my/therapy/requests")
            pages.check(f"/my/therapy/requests/{self.request.id}")
            pages.check("/my/therapy/requests/new")
            pages.check("/my/therapy/contact", "#contact_email")
            pages.check("/my/therapy/authorization", "#waiting_title")
            asked = f"/my/therapy/authorization/{self.asked.id}"
            pages.check(f"{asked}?card={self.card.id}", "#sign")
            pages.check(f"{asked}?card=new", "form")
            pages.logout()
            pages.check("/pay?bill=INV", "#access_code")
            pages.page.fill("#access_code", "999999")
            pages.page.click(f".o_therapy_pay_lookup {SUBMIT}")
            pages.check(has="#therapy_pay_failed")
            pages.check(f"/pay/{link}", "#therapy_amount_due")
            pages.check(f"/pay/{UNKNOWN}", "#therapy_pay_expired")
            pages.page.click(f"#therapy_pay_expired {SUBMIT}")
            pages.check(has="#therapy_pay_asked")
            pages.check(f"/pay/receipts/{UNKNOWN}")
            pages.check(f"/my/contact/confirm/{secret}", "main form")
            pages.check(f"/my/contact/confirm/{UNKNOWN}", "#therapy_contact_gone")

    def test_a_bill_is_paid_with_the_keyboard_alone(self):
        bill = self.bills[0]
        self.env.flush_all()
        pages = Pages(self)
        with pages.open():
            pages.check("/pay", "#access_code")
            pages.type("#bill_number", bill.name)
            pages.type("#access_code", "012345")
            pages.enter(f".o_therapy_pay_lookup {SUBMIT}")
            pages.check(has="#therapy_amount_due")
            pages.type("#pay_amount", "50")
            pages.enter(f".o_therapy_pay_amount {SUBMIT}")
            pages.check(has="#therapy_pay_now")
            pages.type("#customer_input", "4242")
            pages.enter("button[name=o_payment_submit_button]")
            pages.check(has="#therapy_pay_result[data-state=done]")
            pages.enter("#therapy_pay_again")
            pages.check(has="#therapy_amount_due")
        bill.invalidate_recordset()
        self.assertAmounts(bill.amount_residual, 70)
