from odoo.tests import tagged

from odoo.addons.therapy_portal.tests.page_common import PageCommon

from .pages import Pages

SUBMIT = "button[type=submit]"
UNKNOWN = "x" * 43


@tagged("post_install", "-at_install")
class TestAccessibility(PageCommon):
    """Every page of a payer, for those who do not see it well or use no mouse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_pages()
        cls.stripe_cards = cls._make_stripe_cards()

    @classmethod
    def _make_stripe_cards(cls):
        """Return cards at Stripe in the states that show other words."""
        provider = cls.env.ref("payment.payment_provider_stripe")
        stripe = provider.sudo()  # sudo: system administrators' only
        if stripe.company_id != cls.company:
            stripe = stripe.copy({"company_id": cls.company.id})
        stripe.write(
            {
                "stripe_secret_key": "sk_test_x",
                "stripe_publishable_key": "pk_test_x",
                "state": "test",
                "is_published": False,
            }
        )
        states = (
            {"is_default": True, "exp_year": 2035, "exp_month": 5},
            {"exp_year": 2020, "exp_month": 5},
            {"last_result": "declined", "last_result_text": "No money."},
            {"is_verified": False, "method_kind": "us_bank_account"},
        )
        values = {
            "provider_id": stripe.id,
            "payment_method_id": cls.env.ref("payment.payment_method_card").id,
            "partner_id": cls.mother.id,
        }
        return (
            cls.env["payment.token"]
            .sudo()  # sudo: as a provider saves cards
            .create(
                [
                    {
                        **values,
                        **state,
                        "provider_ref": f"x{n}",
                        "payment_details": "1234",
                    }
                    for n, state in enumerate(states)
                ]
            )
        )

    def _sign_three(self):
        """Return authorizations that are replaced, in force and revoked."""
        made = []
        for _number in range(2):
            made.append(self._ask_to_sign())
            self._sign(made[-1])
        made.append(self._ask_to_sign())
        self._post(f"/my/therapy/authorization/{made[-1].id}/revoke")
        return made

    def _end(self, state):
        """Pay 10 of the last bill in the browser's session, up to its end."""
        form = self._get(f"/my/therapy/bill/{self.bills[5].id}/pay?amount=10").text
        self._finish(self._pay(form), state)

    def test_no_page_of_a_payer_breaks_wcag_a_or_aa_at_either_width(self):
        self._send_link(self.bills[0])
        link, secret = self._token(), self._confirm_token()
        receipts = self._receipt_token()
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
            pages.check(f"/my/therapy/requests/{self.requests[0].id}")
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
            pages.check(f"/pay/receipts/{receipts}", f"main {SUBMIT}")
            pages.page.click(f"main {SUBMIT}")
            pages.check(has=".fa-check-circle")
            pages.check(f"/my/contact/confirm/{secret}", "main form")
            pages.check(f"/my/contact/confirm/{UNKNOWN}", "#therapy_contact_gone")

    def test_no_end_of_a_payment_breaks_them_either(self):
        self.env.flush_all()
        self.authenticate("ada", "ada")
        for state in ("error", "done", "pending"):
            self._end(state)
            pages = Pages(self)
            with pages.open():
                pages.login()
                pages.check("/my/therapy/done", f"[data-state={state}]")

    def test_cards_receipts_and_authorizations_break_them_no_more_than_others(self):
        receipt = self.bills[2]._therapy_get_portal_payments()[0]["receipt"]
        self.assertTrue(receipt)
        self.env.flush_all()
        self.authenticate("ada", "ada")
        replaced, signed, revoked = self._sign_three()
        receipt = self._get(f"/my/therapy/receipt/{receipt}").text
        pages = Pages(self)
        with pages.open():
            pages.login()
            pages.check(f"/my/therapy/authorization/{signed.id}", "#therapy_signed")
            pages.check(f"/my/therapy/authorization/{revoked.id}", "#therapy_revoked")
            pages.check(f"/my/therapy/authorization/{replaced.id}", ".alert-info")
            pages.check("/my/therapy/authorization", "#ended_title")
            pages.check("/my/payment_method", ".o_therapy_cards")
            pages.check_text(receipt, "receipt")

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
