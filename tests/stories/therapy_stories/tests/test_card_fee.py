from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.therapy_stripe.calls import one_time_key

from .common import MOTHERS, Story


class FeeStory(Story):
    """The practice takes 3 percent on credit cards; the mother pays 100.00."""

    def setUp(self):
        super().setUp()
        self.company.partner_id.write(
            {
                "state_id": self.env.ref("base.state_us_44").id,
                "country_id": self.env.ref("base.us").id,
            }
        )
        self.company.write(
            {
                "therapy_fee_enabled": True,
                "therapy_fee_told_on": self._today() - timedelta(days=60),
            }
        )
        self.ada = self.open_browser("ada@example.com")
        self.url = f"/my/therapy/bill/{self.mothers.id}/pay?amount=100"
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestCardFee(FeeStory):
    """What the server does with the fee, whatever a browser sends."""

    # === HELPERS: WHAT THE FORM'S SCRIPT DOES === #

    def type_card(self, card):
        """Type a card into the form; return what stands for it."""
        adapter = self.provider._therapy_stripe_get_adapter()
        return adapter.raw(
            "POST",
            "test_helpers/confirmation_tokens",
            {"payment_method": card},
            one_time_key("ctoken"),
        )["id"]

    def ask(self, **params):
        return self.ada.call(
            "/pay/fee",
            provider_id=self.provider.id,
            amount=100.0,
            transaction_route="/my/therapy/",
            **params,
        )

    def confirm(self, started, confirmation):
        tx = self.find_transaction(started)
        adapter = self.provider._therapy_stripe_get_adapter()
        intent = adapter.raw(
            "POST",
            f"payment_intents/{tx.provider_reference}/confirm",
            {"confirmation_token": confirmation, "return_url": "http://127.0.0.1/back"},
            one_time_key("confirm"),
        )
        self.ada.come_back(started, intent)
        self.env.invalidate_all()
        return tx

    # === A CARD TYPED NOW === #

    def test_a_credit_card_is_shown_its_fee_and_charged_the_total(self):
        form = self.ada.open_form(self.url)
        token = self.type_card("pm_card_visa")
        fee = self.ask(confirmation=token)
        self.assertEqual((fee["fee"], fee["total"]), (3.0, 103.0))
        self.assertIn("$\xa03.00", fee["text"])
        self.assertTrue(self.ada.call("/pay/fee/accept"))
        tx = self.confirm(form.submit(), token)
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.sandbox.captured(), 10300)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertEqual(tx.fee_text, fee["text"])
        self.assertEqual(tx.fee_accepted_user_id.login, "ada@example.com")
        self.assertEqual(tx.payment_id.therapy_fee_amount, 3.0)
        self.assertBooks()

    def test_other_cards_have_no_fee(self):
        for card in ("visa_debit", "hsaPrepaid", "fundingUnknown"):
            with self.subTest(card=card):
                token = self.type_card(f"pm_card_{card}")
                self.assertEqual(self.ask(confirmation=token), {"fee": 0.0})
        self.assertEqual(self.ask(confirmation="ctoken_nothing"), {"fee": 0.0})
        self.assertEqual(self.ask(), {"fee": 0.0})

    def test_a_fee_that_was_not_accepted_is_not_charged(self):
        form = self.ada.open_form(self.url)
        token = self.type_card("pm_card_visa")
        self.ask(confirmation=token)
        self.confirm(form.submit(), token)
        self.assertEqual(self.sandbox.captured(), 10000)
        self.assertBooks()

    def test_another_amount_than_shown_is_refused(self):
        form = self.ada.open_form(self.url)
        self.ask(confirmation=self.type_card("pm_card_visa"))
        self.ada.call("/pay/fee/accept")
        words = self.ada.refusal(form.submit, amount=50.0)
        self.assertIn("look at the total again", words)
        self.assertFalse(self.send_card_requests())

    def test_a_fee_cannot_be_sent_by_a_browser(self):
        form = self.ada.open_form(self.url)
        self.ada.refusal(form.submit, fee_amount=-50.0)
        self.assertFalse(self.send_card_requests())

    def test_a_debit_card_instead_of_the_credit_card_shown_gets_its_fee_back(self):
        form = self.ada.open_form(self.url)
        self.ask(confirmation=self.type_card("pm_card_visa"))
        self.ada.call("/pay/fee/accept")
        tx = self.confirm(form.submit(), self.type_card("pm_card_visa_debit"))
        self.assertEqual(self.sandbox.captured(), 10300)
        tx._cron_therapy_return_fees()
        self.env.invalidate_all()
        totals = self.sandbox.control("GET", "totals")["currencies"]["usd"]
        self.assertEqual(totals["refunded"], 300)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertBooks()

    # === A SAVED CARD, AND A VISITOR === #

    def test_a_saved_credit_card_is_shown_its_fee_too(self):
        card = self.add_card(self.mother)
        form = self.ada.open_form(self.url)
        fee = self.ask(token_id=card.id)
        self.assertEqual(fee["fee"], 3.0)
        self.ada.call("/pay/fee/accept")
        form.submit(card=card)
        self.ada.wait()
        self.assertEqual(self.sandbox.captured(), 10300)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertBooks()

    def test_somebody_elses_card_is_not_looked_at(self):
        card = self.add_card(self.father)
        self.assertEqual(self.ask(token_id=card.id), {"fee": 0.0})

    def test_a_visitor_sees_the_fee_of_the_bills_payer(self):
        _mail, code = self.share(self.mothers)
        visitor = self.open_browser()
        visitor.look_up(self.mothers.name, code)
        token = self.type_card("pm_card_visa")
        params = {
            "provider_id": self.provider.id,
            "amount": 100.0,
            "confirmation": token,
            "transaction_route": "/pay/transaction",
        }
        self.assertEqual(visitor.call("/pay/fee", **params)["fee"], 3.0)
        self.mother.state_id = self.env.ref("base.state_us_7")
        self.env.flush_all()
        self.assertEqual(visitor.call("/pay/fee", **params), {"fee": 0.0})

    # === BACK === #

    def test_the_fee_goes_back_with_its_payment_and_the_books_are_right(self):
        form = self.ada.open_form(self.url)
        token = self.type_card("pm_card_visa")
        self.ask(confirmation=token)
        self.ada.call("/pay/fee/accept")
        tx = self.confirm(form.submit(), token)
        for amount in (33.33, 66.67):
            tx.browse(tx._therapy_refund(amount, "reopen"))
            self.env.invalidate_all()
            self.assertBooks()
        totals = self.sandbox.control("GET", "totals")["currencies"]["usd"]
        self.assertEqual(totals["refunded"], 10300)
        self.assertDue(self.mothers, MOTHERS)
