from odoo.tests import tagged

from .common import MOTHERS
from .pages import Pages
from .test_card_fee import FeeStory

CREDIT, DEBIT = "4242424242424242", "4000056655665556"
PAY = "button[name=o_payment_submit_button]"
DONE = "#therapy_pay_result[data-state=done]"
ACCEPT, REFUSE = ".modal footer .btn-primary", ".modal footer .btn-secondary"


@tagged("post_install", "-at_install")
class TestCardFeePage(FeeStory):
    """A payer types a card; a real browser, the processor's own card form."""

    def start(self, pages, card):
        """Type a card and press the button."""
        pages.page.wait_for_selector("#therapy_pay_now")
        pages.type_card(card)
        pages.page.click(PAY)

    def test_a_typed_credit_card_is_charged_what_its_payer_saw_and_accepted(self):
        self.authenticate("ada@example.com", "ada@example.com")
        pages = Pages(self)
        with pages.open():
            page = pages.page
            pages.login()
            page.goto(self.url)
            self.start(pages, CREDIT)
            page.wait_for_selector(ACCEPT)
            shown = page.locator(".modal").inner_text().replace("\xa0", " ")
            pages.shoot("card-fee-1280")
            page.set_viewport_size({"width": 390, "height": 844})
            pages.shoot("card-fee-390")
            page.click(REFUSE)
            page.wait_for_selector(".modal", state="detached")
            before = self.sandbox.captured(), self.sandbox.intents()
            page.click(PAY)
            page.click(ACCEPT)
            pages.check(has=DONE)
        self.assertIn("$ 3.00", shown)
        self.assertIn("$ 103.00", shown)
        self.assertEqual(before, (0, []), "nothing is made before it is accepted")
        self.assertEqual(self.sandbox.captured(), 10300)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertBooks()

    def test_a_typed_debit_card_shows_no_fee_and_is_charged_none(self):
        _mail, code = self.share(self.mothers)
        self.env.flush_all()
        pages = Pages(self)
        with pages.open():
            page = pages.page
            page.goto("/pay")
            page.fill("#bill_number", self.mothers.name)
            page.fill("#access_code", code)
            page.click(".o_therapy_pay_lookup button[type=submit]")
            page.fill("#pay_amount", "100")
            page.click(".o_therapy_pay_amount button[type=submit]")
            self.start(pages, DEBIT)
            page.wait_for_selector(f"{DONE}, .modal")
            asked = page.locator(".modal").count()
            pages.shoot("debit-no-fee-1280")
        self.assertFalse(asked)
        self.assertEqual(self.sandbox.captured(), 10000)
        self.assertDue(self.mothers, MOTHERS - 100)
        self.assertBooks()
