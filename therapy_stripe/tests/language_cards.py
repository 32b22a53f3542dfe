from odoo.http import Request
from odoo.tests import HttpCase, new_test_user

from odoo.addons.therapy_billing.tests.languages import find_english, load_language

from .common import TherapyStripeCommon

# Brands, names, languages of the menu; "Home" is what core's Spanish says, too, and
# core's logo is called a logo in every language.
DATA = (
    "Visa visa Mastercard Amex Stripe Portal Payer My Company HSA FSA SM Demo",
    "English US Home Logo",
)


class CardLanguages(TherapyStripeCommon, HttpCase):
    """A payer's page of cards, and why a charge failed, in another language."""

    lang = None
    allow_inherited_tests_method = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_language(cls.env, cls.lang)

    def setUp(self):
        super().setUp()
        self.payer = new_test_user(
            self.env, "cards_payer", groups="base.group_portal", name="Portal Payer"
        ).partner_id
        self.payer.lang = self.lang
        self.found = []

    def _read(self, text, place):
        self.found += [
            f"{place}: {word}" for word in find_english(text, self.lang, DATA)
        ]

    def _do(self, card, what, **form):
        answer = self.url_open(
            f"/my/therapy/card/{card.id}/{what}",
            data={"csrf_token": Request.csrf_token(self), **form},
        )
        self.assertIn('role="status"', answer.text, what)
        self.env.invalidate_all()
        self._read(answer.text, what)
        return answer.text

    def _judge(self):
        self.assertFalse(self.found, "\n".join(sorted(set(self.found))))

    def test_the_page_of_cards(self):
        card, other = (self._save_card(partner=self.payer) for _number in range(2))
        states = (
            {"is_benefit_card": True, "nickname": "Portal"},
            {"exp_year": 2020},
            {"is_verified": False, "method_kind": "us_bank_account"},
            {"last_result": "declined", "last_result_text": ""},
            {"last_result": "needs_action", "last_result_text": ""},
        )
        cards = [self._save_card(partner=self.payer) for _state in states]
        for token, values in zip(cards, states, strict=True):
            token.sudo().write(values)
        self.authenticate("cards_payer", "cards_payer")
        self.opener.cookies["frontend_lang"] = self.lang
        page = self.url_open("/my/payment_method").text
        self.assertIn({"de_DE": "Bereit", "es_ES": "Lista"}[self.lang], page)
        self.assertIn("/verify", page)
        self._read(page, "cards")
        self._do(card, "default")
        self._do(other, "backup")
        self._do(other, "name", nickname="Portal")
        self._do(card, "verify", code="SM0000")
        self._do(cards[2], "verify")
        self._do(other, "remove")
        self._judge()

    def test_why_a_charge_failed_is_said_in_the_language_of_who_reads_it(self):
        bill = self._create_bill(partner=self.payer)
        card = self._save_card("pm_card_chargeCustomerFail", partner=self.payer)
        tx = self._charge(bill, card)
        self.assertEqual(tx.state, "error")
        self.assertIn("card", tx.state_message, "written for who charged it")
        reason = tx.with_context(lang=self.lang)._therapy_get_payer_reason()
        self._read(reason, "reason")
        self._read(
            card.with_context(lang=self.lang)._therapy_get_payer_reason(), "card"
        )
        for code in ("expired_card", "insufficient_funds", "processing_error", "x"):
            tx.therapy_stripe_decline_code = code
            own = tx.with_context(lang=self.lang)._therapy_get_payer_reason()
            self._read(own, code)
        self._judge()
        self.assertEqual(tx._therapy_get_payer_reason(), tx._therapy_stripe_explain())
