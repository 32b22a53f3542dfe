from odoo.tests import tagged

from .test_card_authorization import CardAuthorizationCommon


@tagged("post_install", "-at_install")
class TestConsentLanguage(CardAuthorizationCommon):
    """A payer signs words in the payer's own language, where there are some."""

    def setUp(self):
        super().setUp()
        for lang in ("de_DE", "es_ES"):
            self.env["res.lang"]._activate_lang(lang)

    def _words(self, lang):
        self.mother.lang = lang
        return self._request(covers_balance=True).body

    def test_the_words_are_in_the_payers_language_from_the_first_to_the_last(self):
        german, spanish = self._words("de_DE"), self._words("es_ES")
        self.assertIn("Ich, Rosa Ives, erlaube", german)
        self.assertIn("offene Beträge", german)
        self.assertIn("höchstens", german)
        self.assertIn("Yo, Rosa Ives, permito", spanish)
        self.assertIn("saldos pendientes", spanish)
        self.assertNotIn("balances", german + spanish)

    def test_a_language_without_a_text_gets_the_one_for_all(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertIn("I, Rosa Ives, allow", self._words("fr_FR"))

    def test_a_practices_own_words_come_before_ours_in_a_better_language(self):
        text = self.env["therapy.consent.text"].create(
            {
                "name": "Ours",
                "company_id": self.env.company.id,
                "body": "I, {payer}: {covers}, {limit}.",
            }
        )
        self.assertEqual(text.lang, "en_US")
        self.assertIn("open balances, at most", self._words("de_DE"))
        text.copy({"lang": "de_DE", "version": 2, "body": "Ich: {covers}, {limit}."})
        self.assertIn("offene Beträge, höchstens", self._words("de_DE"))
        self.assertIn("open balances, at most", self._words("es_ES"))

    def test_another_payer_gets_other_words_until_they_are_signed(self):
        self.father.lang = "es_ES"
        self.request.write({"partner_id": self.father.id, "patient_ids": [(5,)]})
        self.assertIn("Yo, ", self.request.body)
        signed = self._sign(self._request())
        self.mother.lang = "de_DE"
        self.assertIn("I, Rosa Ives, allow", signed.body)
        again = signed.browse(signed.action_request_again()["res_id"])
        self.assertIn("Ich, Rosa Ives, erlaube", again.body)
