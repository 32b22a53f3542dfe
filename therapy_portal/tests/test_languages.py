from odoo.tests import BaseCase, tagged
from odoo.tools.translate import code_translations

from odoo.addons.therapy_billing.tests.languages import find_english

from .language_pages import PayerPages


@tagged("post_install", "-at_install")
class TestEnglishIsFound(BaseCase):
    """The tests below see what they look for."""

    def test_english_words_are_found(self):
        for text in (
            "<p>Your bill is overdue.</p>",
            "<td>Rechnung vom 31.10.2026, paid</td>",
            '<input placeholder="Bill number">',
            '<i aria-label="Download as PDF"></i>',
            '<input type="submit" value="Send">',
            "Overdue",
        ):
            for lang in ("de_DE", "es_ES"):
                self.assertTrue(find_english(text, lang), (text, lang))

    def test_other_words_and_data_are_not(self):
        for text in (
            "<p>Ihre Rechnung ist überfällig.</p>",
            "<p>INV/2026/00042, due@example.com, https://example.com/pay</p>",
            "<script>const paid = 'Your bill';</script>",
            "Bill Paid",
        ):
            self.assertFalse(find_english(text, "de_DE", ["Bill Paid"]), text)

    def test_scripts_speak_the_languages_too(self):
        for addon, words in (
            ("therapy_portal", "Choose another handwriting"),
            ("therapy_portal", "Type an amount like %s."),
            ("therapy_stripe", "A fee for credit cards"),
        ):
            for lang in ("de_DE", "es_ES"):
                found = code_translations.get_web_translations(addon, lang)
                texts = {row["id"]: row["string"] for row in found["messages"]}
                self.assertNotIn(texts[words], ("", words), (addon, lang))


@tagged("post_install", "-at_install")
class TestPayerPagesInGerman(PayerPages):
    lang = "de_DE"


@tagged("post_install", "-at_install")
class TestPayerPagesInSpanish(PayerPages):
    lang = "es_ES"
