"""Steps 15 to 17: a payment link, a card authorization and a request of a payer.

They go on with the family of the daily steps: the father gets a link, the mother signs
for a card, takes her word back, and asks the practice for something.
"""

import hashlib
import re

from .browser import backend, button, expect, idle, wait_for
from .cards import GOOD, fill_card
from .office import FATHER, MOTHER, PATIENT
from .steps_share import check_neutral, dollars, pay_amount, pdf_text, shown

OPEN = """
    SELECT move.id, move.name, ROUND(move.amount_residual * 100)::int
      FROM account_move move JOIN res_partner partner ON partner.id = move.partner_id
     WHERE partner.name = %s AND move.move_type = 'out_invoice'
       AND move.state = 'posted' AND move.amount_residual > 0
  ORDER BY move.id DESC"""
LINK = re.compile(r"/pay/[\w-]{43}\b")
PASSWORD = "nora-quill-1"  # noqa: S105 - of a person who lives for minutes


def open_bills(office, name):
    """Return the open bills of one of the family, the newest first."""
    keys = ("id", "name", "cents")
    rows = office.ledger.rows(OPEN, name)
    return [dict(zip(keys, row, strict=True)) | {"payer": name} for row in rows]


def open_in_office(office, bill):
    """Open a bill in the back office."""
    backend(office.page, f"customer-invoices/{bill['id']}")
    expect(office.page.locator(".o_form_view")).to_contain_text(bill["name"])


# === 15 A LINK === #


def step_link(report, office):
    """The father pays by a link; it serves once, and another one ends by its time."""
    browser, page = office.browser, office.page
    bill = open_bills(office, FATHER)[0]
    open_in_office(office, bill)
    known = len(browser.mails())
    button(page, "action_therapy_send_link")
    page.wait_for_selector(".modal .o_therapy_share")
    idle(page)
    browser.shoot(page, "link-preview")
    page.locator(".modal footer button[name='action_send']").click()
    notice = page.locator(".o_notification").first
    expect(notice).to_be_visible()
    browser.shoot(page, "link-sent")
    report.fact("a notice says where the link went", "elias" in notice.inner_text())
    mail = browser.wait_for_mail("elias@quill.example.com", known=known)
    text = mail["html"] or mail["plain"]
    report.equal(
        "the subject is the practice's name", mail["subject"], "Northside Group"
    )
    report.fact("the sender is the biller", "biller@" in mail["from"], mail["from"])
    check_neutral(report, office.ledger, bill, {"mail with the link": text})
    link = LINK.search(text).group()
    pay_by_link(report, office, bill, link)
    expire_link(report, office, open_bills(office, MOTHER)[0])


def pay_by_link(report, office, bill, link):
    """Open the link on a phone, pay all, and try it once more."""
    browser = office.browser
    guest = browser.person(phone=True)
    guest.goto(link)
    browser.shoot(guest, "link-opened")
    report.fact(
        "it opens the bill, and the address shows no secret",
        shown(bill["cents"]) in guest.locator("#therapy_amount_due").inner_text()
        and link not in guest.url,
        guest.url,
    )
    page_text = guest.locator("main").inner_text()
    report.fact("the page does not name the patient", PATIENT not in page_text)
    pay_amount(browser, guest, dollars(bill["cents"]), GOOD, "link")
    browser.shoot(guest, "link-paid")
    report.fact("the bill is paid", guest.locator("#therapy_all_paid").is_visible())
    wait_for(lambda: office.residual(bill["id"]) == 0, seconds=100)
    again = browser.person(phone=True)
    again.goto(link)
    browser.shoot(again, "link-used")
    report.fact(
        "the link opens nothing any more",
        again.locator("#therapy_pay_expired").is_visible()
        and bill["name"] not in again.content(),
    )


def expire_link(report, office, bill):
    """A link whose time is over opens nothing; its reader may ask for another one."""
    browser, ledger = office.browser, office.ledger
    known = len(browser.mails())
    action = office.biller("account.move", "action_therapy_send_link", [bill["id"]])
    office.biller(action["res_model"], "action_send", [action["res_id"]])
    mail = browser.wait_for_mail("nora@quill.example.com", known=known)
    link = LINK.search(mail["html"] or mail["plain"]).group()
    guest = browser.person(phone=True)
    guest.goto(link)
    opened = guest.locator("#therapy_amount_due").is_visible()
    # Nobody can wait for a day: the link is made a day older.
    ledger.rows(
        "UPDATE therapy_pay_link SET expires_at = expires_at - interval '25 hours', "
        "       sent_at = sent_at - interval '25 hours' "
        " WHERE move_id = %s RETURNING id",
        bill["id"],
    )
    guest.reload()
    report.fact(
        "a link that was open ends with its time",
        opened and guest.locator("#therapy_pay_expired").is_visible(),
    )
    guest.goto(link)
    guest.click("form[action='/pay/ask'] button")
    browser.shoot(guest, "link-asked")
    report.fact(
        "a new one is asked for", guest.locator("#therapy_pay_asked").is_visible()
    )
    report.equal(
        "and whoever sent it is told: activities on the bill",
        ledger.one(
            "SELECT COUNT(*) FROM mail_activity activity "
            "  JOIN res_users staff ON staff.id = activity.user_id "
            " WHERE activity.res_model = 'account.move' AND activity.res_id = %s "
            "   AND staff.login = 'biller'",
            bill["id"],
        ),
        1,
    )


# === 16 A CONSENT === #


def step_consent(report, office):
    """The mother is asked for a card, signs, is charged, and takes her word back."""
    browser, page = office.browser, office.page
    backend(page, f"therapy-patients/{office.people[PATIENT]}")
    button(page, "action_request_authorization")
    known = len(browser.mails())
    button(page, "action_send_request")
    expect(page.locator(".o_notification").first).to_be_visible()
    browser.shoot(page, "consent-asked")
    mail = browser.wait_for_mail("nora@quill.example.com", known=known)
    bill = open_bills(office, MOTHER)[0]
    check_neutral(report, office.ledger, bill, {"mail that asks": mail["html"]})
    guest = sign_up(browser, mail)
    number = int(re.search(r"/my/therapy/authorization/(\d+)", guest.url).group(1))
    sign(report, browser, guest, number)
    check_document(report, office, guest, number)
    charge(office, bill)
    report.equal("the card she signed for is charged", office.residual(bill["id"]), 0)
    revoke(report, office, guest, number)
    return guest


def sign_up(browser, mail):
    """Follow the link of a mail to a password and on to the page it is about."""
    link = re.search(r'href="([^"]*/web/signup[^"]*)"', mail["html"]).group(1)
    guest = browser.person(phone=True)
    guest.goto(link.replace("&amp;", "&"))
    guest.fill("input[name=password]", PASSWORD)
    guest.fill("input[name=confirm_password]", PASSWORD)
    guest.click("form.oe_signup_form button[type=submit]")
    guest.wait_for_url(re.compile(r"/my/therapy/authorization/\d+"))
    return guest


def sign(report, browser, guest, number):
    """Save a card and sign for it with the finger."""
    browser.shoot(guest, "consent-words")
    report.fact(
        "without a card nothing can be signed",
        not guest.locator(".o_portal_sign_submit").count(),
    )
    fill_card(guest, GOOD)
    browser.shoot(guest, "consent-card")
    guest.click("button[name='o_payment_submit_button']")
    guest.wait_for_selector(f"a[href*='/authorization/{number}?card=']")
    guest.locator(".list-group a[href*='?card=']", has_text="4242").click()
    guest.locator(".o_web_sign_draw_button").click()
    canvas = guest.locator("canvas.o_web_sign_signature, .o_web_sign_signature canvas")
    canvas.first.scroll_into_view_if_needed()
    box = canvas.first.bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    guest.mouse.move(x, y)
    guest.mouse.down()
    for step in range(1, 12):
        guest.mouse.move(x + step * box["width"] / 24, y + (-1) ** step * 15)
    guest.mouse.up()
    browser.shoot(guest, "consent-signature")
    guest.click(".o_portal_sign_submit")
    guest.wait_for_selector("#therapy_signed")
    browser.shoot(guest, "consent-signed")


def check_document(report, office, guest, number):
    """The PDF that the payer gets is the one whose hash was kept."""
    state, kept = office.ledger.rows(
        "SELECT state, document_hash FROM therapy_card_authorization WHERE id = %s",
        number,
    )[0]
    report.equal("the authorization is signed", state, "signed")
    answer = guest.request.get(f"/my/therapy/authorization/{number}/pdf")
    content = answer.body()
    report.equal("the PDF has the hash that was kept", sha256(content), kept)
    text = pdf_text(content)
    report.fact("it names card and signer", "4242" in text and MOTHER in text)
    words = office.refused(
        lambda: office.manager(
            *("therapy.card.authorization", "write", [number]), {"max_amount": 9999}
        )
    )
    report.fact(
        "nobody can change what was signed", "cannot be changed" in words, words
    )


def sha256(content):
    """Return the hash of a file as the product writes it."""
    return hashlib.sha256(content).hexdigest()


def charge(office, bill):
    """Charge a bill through the dialog; return what the screen says."""
    page = office.page
    open_in_office(office, bill)
    button(page, "action_therapy_charge_card")
    page.wait_for_selector(".modal button[name='action_charge']")
    idle(page)
    page.locator(".modal button[name='action_charge']").click()
    result = page.locator(
        ".modal .alert-success, .modal .alert-danger, .o_error_dialog, "
        ".modal:has-text('withdrawn')"
    )
    expect(result.first).to_be_visible(timeout=90_000)
    idle(page)
    return page.locator(".modal").last.inner_text()


def revoke(report, office, guest, number):
    """The payer revokes; from then on the card is refused and nobody is asked."""
    browser = office.browser
    guest.goto(f"/my/therapy/authorization/{number}")
    guest.fill("#reason", "Another bank")
    guest.click("form[action$='/revoke'] button[type=submit]")
    guest.wait_for_selector("#therapy_revoked")
    browser.shoot(guest, "consent-revoked")
    intents = len(office.ledger.processor()["payment_intents"])
    bill = open_bills(office, MOTHER)[0]
    words = charge(office, bill)
    browser.shoot(office.page, "consent-charge-refused")
    report.fact("a charge is refused from then on", "withdrawn" in words, words[:160])
    report.equal("the bill stays open", office.residual(bill["id"]), bill["cents"])
    report.equal(
        "and the processor was not asked",
        *(len(office.ledger.processor()["payment_intents"]), intents),
    )


# === 17 A REQUEST === #


def step_request(report, office, guest):
    """The mother asks for a plan; staff answer; she reads it after login."""
    browser, page, ledger = office.browser, office.page, office.ledger
    guest.goto("/my/therapy/requests/new")
    guest.select_option("#request_kind", label="A payment plan")
    guest.fill("#request_text", "Could I pay this in three parts?")
    browser.shoot(guest, "request-new")
    guest.click("form[action='/my/therapy/requests/create'] button[type=submit]")
    guest.wait_for_selector("#therapy_request_sent")
    number, name = ledger.rows(
        "SELECT id, name FROM therapy_change_request ORDER BY id DESC LIMIT 1"
    )[0]
    activities = (
        "SELECT COUNT(*) FROM mail_activity "
        " WHERE res_model = 'therapy.change.request' AND res_id = %s AND active"
    )
    report.equal("staff have one activity", ledger.one(activities, number), 1)
    backend(page, "therapy-requests")
    page.locator(".o_data_row", has_text=name).locator("td[name='name']").click()
    idle(page)
    button(page, "action_review")
    page.locator(".o_field_widget[name='answer'] textarea").fill(
        "Yes: three parts, on the first of each month."
    )
    known = len(browser.mails())
    button(page, "action_done")
    browser.shoot(page, "request-answered")
    report.equal(
        "it is off the list of things to do", ledger.one(activities, number), 0
    )
    mail = browser.wait_for_mail("nora@quill.example.com", known=known)
    report.fact(
        "the mail says that there is an answer, and not which",
        name in mail["html"] and "three parts" not in mail["html"],
    )
    link = re.search(r'href="([^"]*/my/therapy/requests/\d+)"', mail["html"]).group(1)
    guest.goto(link)
    browser.shoot(guest, "request-read")
    text = guest.locator("main").inner_text()
    report.fact("she reads the answer", "Yes: three parts" in text and "Done" in text)


__all__ = ["step_consent", "step_link", "step_request"]
