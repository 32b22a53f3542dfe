"""Steps 3 and 4: a bill leaves by e-mail; a stranger pays it with number and code."""

import re
import subprocess
import tempfile

from .. import demo
from .browser import PHONE, backend, button, expect, idle, wait_for
from .cards import GOOD, fill_card

OPEN_BILLS = """
    SELECT move.id, move.name, partner.id, partner.email,
           ROUND(move.amount_residual * 100)::bigint, patient.name, partner.name
      FROM account_move move
      JOIN res_partner partner ON partner.id = move.partner_id
      JOIN res_partner patient ON patient.id = move.patient_id
     WHERE move.move_type = 'out_invoice' AND move.state = 'posted'
       AND NOT COALESCE(partner.is_insurer, false) AND partner.email IS NOT NULL
       AND move.amount_residual > %s
  ORDER BY move.amount_residual DESC, move.id LIMIT %s"""


def open_bills(ledger, least=40, number=1):
    """Return guarantors' unpaid bills as dicts, the largest first."""
    keys = ("id", "name", "partner_id", "email", "cents", "patient", "payer")
    rows = ledger.rows(OPEN_BILLS, least, number)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def dollars(cents):
    """Return cents as people type them."""
    return f"{cents // 100}.{cents % 100:02d}"


def shown(cents):
    """Return cents as the pages show them."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def wait_idle_bill(page, bill):
    """Open a bill in the back office."""
    backend(page, f"customer-invoices/{bill['id']}")
    expect(page.locator(".o_form_view")).to_contain_text(bill["name"])


def step_share(report, browser, ledger, page):
    """Share the largest bill; return what a stranger needs, read from the mail."""
    bill = open_bills(ledger)[0]
    known = len(browser.mails())
    wait_idle_bill(page, bill)
    browser.shoot(page, "bill")
    page.locator("button[name='action_therapy_share']:visible").first.click()
    page.wait_for_selector(".modal .o_therapy_share")
    idle(page)
    browser.shoot(page, "share-preview")
    page.locator(".modal footer button[name='action_send']").click()
    expect(page.locator(".o_notification").first).to_be_visible()
    browser.shoot(page, "share-sent")
    mail = browser.wait_for_mail(bill["email"], known=known)
    text = mail["html"] or mail["plain"]
    codes = re.findall(
        r"(?<![\d/#;&])\b(\d{6})\b(?!\s*px)",
        re.sub(r"<style.*?</style>|style=\"[^\"]*\"", "", text, flags=re.S),
    )
    links = re.findall(r"href=\"([^\"]*/pay[^\"]*)\"", text)
    codes = [code for code in codes if code in re.sub(r"<[^>]+>", " ", text)]
    report.fact("the mail holds the bill's number", bill["name"] in text)
    page.wait_for_timeout(1500)
    sent = [f"{one['to']}: {one['subject']}" for one in browser.mails()[known:]]
    report.fact("one mail was sent", len(sent) == 1, "; ".join(sent))
    report.fact(
        "a 6-digit access code", len(set(codes)) == 1, f"{len(set(codes))} found"
    )
    report.fact("and the link to the payment page", bool(links), str(links[:1]))
    report.fact("the link holds no code", not any(code in links[0] for code in codes))
    pdf = browser.attachment(mail)
    report.fact("the PDF is attached", pdf[:5] == b"%PDF-", str(mail["attachments"]))
    check_neutral(report, ledger, bill, {"mail": text, "PDF": pdf_text(pdf)})
    reader = browser.person()
    reader.goto(f"{browser.info['mail']}/{mail['id']}")
    browser.shoot(reader, "mail")
    return bill | {"code": codes[0], "link": links[0]}


def pdf_text(content):
    """Return the text of a PDF."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(
            ["pdftotext", "-layout", file.name, "-"], capture_output=True, text=True
        )
    return done.stdout


def check_neutral(report, ledger, bill, texts):
    """What leaves names no service, code, clinician or patient (rule P1)."""
    words = {
        word
        for row in ledger.rows(
            "SELECT DISTINCT template.name ->> 'en_US', template.therapy_code, "
            "       provider.name, patient.name "
            "  FROM therapy_session_share share "
            "  JOIN therapy_session_line line ON line.id = share.session_line_id "
            "  JOIN therapy_session session ON session.id = line.session_id "
            "  JOIN product_product product ON product.id = line.product_id "
            "  JOIN product_template template ON template.id = product.product_tmpl_id "
            "  JOIN res_partner provider ON provider.id = session.provider_id "
            "  JOIN res_partner patient ON patient.id = session.patient_id "
            " WHERE share.move_id = %s",
            bill["id"],
        )
        for word in row
        if word and word != bill["payer"]
    }
    for name, text in texts.items():
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).casefold()
        found = sorted(word for word in words if word.casefold() in plain)
        report.fact(
            f"the {name} tells nothing of the care",
            bool(plain) and not found,
            ", ".join(found),
        )


def look_up(page, number, code):
    """Type number and code into the public page."""
    page.goto("/pay")
    page.fill("#bill_number", number)
    page.fill("#access_code", code)
    page.click("form.o_therapy_pay_lookup button[type=submit]")
    page.wait_for_selector("#therapy_pay_failed, #therapy_amount_due")


def pay_amount(browser, page, amount, card, shot):
    """On the bill's page: choose an amount, type a card, pay; end on the result."""
    page.fill("#pay_amount", amount)
    page.click("form.o_therapy_pay_amount button[type=submit]")
    page.wait_for_selector("button[name='o_payment_submit_button']")
    fill_card(page, card)
    browser.shoot(page, f"{shot}-card")
    page.click("button[name='o_payment_submit_button']")
    page.wait_for_selector("#therapy_pay_result", timeout=90_000)


def step_pay(report, browser, ledger, biller, bill):
    """Pay a part, then the rest, on a phone; then try what must be refused."""
    page = browser.person(phone=True)
    page.goto(bill["link"].replace("&amp;", "&"))
    report.fact(
        "the link fills in the number", page.input_value("#bill_number") == bill["name"]
    )
    browser.shoot(page, "pay-lookup")
    wrong = "000000" if bill["code"] != "000000" else "000001"
    look_up(page, bill["name"], wrong)
    refusal = page.locator("#therapy_pay_failed").inner_text()
    browser.shoot(page, "pay-wrong-code")
    report.fact("a wrong code is refused", bool(refusal))
    look_up(page, bill["name"], bill["code"])
    browser.shoot(page, "pay-bill")
    report.fact(
        "the page shows the amount due",
        shown(bill["cents"]) in page.locator("#therapy_amount_due").inner_text(),
    )
    text = page.locator("main").inner_text()
    report.fact(
        "and not the patient",
        bill["patient"] == bill["payer"] or bill["patient"] not in text,
    )
    refuse_too_much(report, browser, page, bill)
    part = bill["cents"] // 3
    pay_amount(browser, page, dollars(part), GOOD, "pay")
    browser.shoot(page, "pay-part-done")
    report.fact(
        "a part is paid",
        page.get_attribute("#therapy_pay_result", "data-state") == "done"
        and shown(bill["cents"] - part) in page.locator("#therapy_left").inner_text(),
    )
    page.click("#therapy_pay_again")
    pay_amount(browser, page, dollars(bill["cents"] - part), GOOD, "pay-rest")
    browser.shoot(page, "pay-rest-done")
    report.fact("then the rest", page.locator("#therapy_all_paid").is_visible())
    # Booked by the page, or by the job within a minute or so.
    wait_for(
        lambda: (
            not ledger.one(
                "SELECT amount_residual > 0 FROM account_move WHERE id = %s", bill["id"]
            )
        ),
        seconds=100,
    )
    stranger = browser.person(phone=True)
    look_up(stranger, bill["name"], bill["code"])
    paid = stranger.locator("#therapy_pay_failed").inner_text()
    report.fact("a paid bill opens no more, with the same words", paid == refusal)
    # The tries made so far count against the address: they are forgotten first.
    call = demo.connect(browser.info, "biller", "biller")
    call("account.move", "action_therapy_unlock", [bill["id"]])
    lock_out(report, browser, ledger, biller, refusal)


def refuse_too_much(report, browser, page, bill):
    """A cent more than is due is refused, on the page and behind it."""
    page.fill("#pay_amount", dollars(bill["cents"] + 1))
    page.locator("form.o_therapy_pay_amount").evaluate("form => form.submit()")
    page.wait_for_selector("#therapy_pay_error")
    browser.shoot(page, "pay-too-much")
    report.fact(
        "a cent too much is refused", page.locator("#therapy_pay_error").is_visible()
    )


def lock_out(report, browser, ledger, biller, refusal):
    """Five wrong codes close a bill: the right one fails too, with the same words."""
    bill = next(
        one for one in open_bills(ledger, number=9) if one["email"]
    )  # fmt: skip
    known = len(browser.mails())
    wait_idle_bill(biller, bill)
    biller.locator("button[name='action_therapy_share']:visible").first.click()
    biller.locator(".modal footer button[name='action_send']").click()
    mail = browser.wait_for_mail(bill["email"], known=known)
    plain = re.sub(r"<style.*?</style>|<[^>]+>", " ", mail["html"], flags=re.S)
    code = re.search(r"\b(\d{6})\b", plain).group(1)
    page = browser.person(phone=True)
    wrong = [
        text
        for text in ("111111", "222222", "333333", "444444", "555555", "666666")
        if text != code
    ]
    for attempt in wrong[:5]:
        look_up(page, bill["name"], attempt)
    look_up(page, bill["name"], code)
    browser.shoot(page, "pay-locked")
    locked = page.locator("#therapy_pay_failed")
    report.fact(
        "the sixth try is refused, though the code is right",
        locked.count() == 1 and locked.inner_text() == refusal,
    )
    wait_idle_bill(biller, bill)
    button(biller, "action_therapy_unlock")
    look_up(page, bill["name"], code)
    report.fact(
        "the biller unlocks it, and the right code opens it",
        page.locator("#therapy_amount_due").is_visible(),
    )


__all__ = ["PHONE", "open_bills", "step_pay", "step_share"]
