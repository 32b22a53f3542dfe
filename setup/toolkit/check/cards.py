"""Typing a card into the processor's own frame, as people do."""

GOOD = "4242424242424242"
DECLINED = "4000000000000002"
FRAME = 'iframe[title="Secure payment input frame"]'


def fill_card(page, number):
    """Type a card; the frame belongs to the processor, not to Odoo."""
    radio = page.locator("input[name=o_payment_radio][data-payment-method-code=card]")
    if radio.count() and radio.first.is_visible():
        radio.first.check(force=True)  # its label lies above it
    frame = page.locator(FRAME).first
    frame.wait_for(state="visible", timeout=30_000)
    form = page.frame_locator(FRAME).first
    form.locator("input[name=number]").fill(number)
    form.locator("input[name=expiry]").fill("12 / 34")
    form.locator("input[name=cvc]").fill("123")
    postal = form.locator("input[name=postal]")
    if postal.count() and postal.is_visible():
        postal.fill("12207")
