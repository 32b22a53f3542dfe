from odoo.tests import tagged

from .language_cards import CardLanguages


@tagged("post_install", "-at_install")
class TestCardsInGerman(CardLanguages):
    lang = "de_DE"


@tagged("post_install", "-at_install")
class TestCardsInSpanish(CardLanguages):
    lang = "es_ES"
