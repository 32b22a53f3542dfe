from odoo.tests import tagged

from .language_out import WhatLeaves


@tagged("post_install", "-at_install")
class TestWhatLeavesInGerman(WhatLeaves):
    lang = "de_DE"


@tagged("post_install", "-at_install")
class TestWhatLeavesInSpanish(WhatLeaves):
    lang = "es_ES"
