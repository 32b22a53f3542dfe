"""Steps 5 to 7: cards on file in the portal and in the back office, and webhooks."""

import re

from .browser import backend, expect, goto, idle, wait_for
from .cards import DECLINED, GOOD, fill_card
from .steps_share import dollars, open_bills, wait_idle_bill

TWO_PARENTS = """
    SELECT partner.id, partner.email, partner.name, other.id
      FROM therapy_guarantor guarantor
      JOIN res_partner partner ON partner.id = guarantor.partner_id
      JOIN therapy_guarantor second ON second.patient_id = guarantor.patient_id
       AND second.partner_id <> guarantor.partner_id
      JOIN account_move other ON other.partner_id = second.partner_id
       AND other.patient_id = guarantor.patient_id AND other.state = 'posted'
     WHERE EXISTS (
           SELECT 1 FROM account_move move
            WHERE move.partner_id = partner.id AND move.state = 'posted'
              AND move.amount_residual > 10)
  ORDER BY guarantor.id LIMIT 1"""
LEFT = "SELECT ROUND(amount_residual * 100)::bigint FROM account_move WHERE id = %s"


def give_access(browser, email, partner_id):
    """The manager invites a guarantor with Odoo's own action; return the password.

    The link of the invitation is followed from the caught mail.
    """
    page = browser.login(browser.person(), "manager", "manager")
    known = len(browser.mails())
    backend(page, f"res.partner/{partner_id}")
    page.locator(
        ".o_cp_action_menus .dropdown-toggle, .o_cp_action_menus button"
    ).first.click()
    page.get_by_role("menuitem", name=re.compile("grant portal access", re.I)).click()
    page.wait_for_selector(".modal")
    idle(page)
    page.locator(".modal button[name='action_grant_access']").first.click()
    mail = browser.wait_for_mail(email, known=known)
    link = re.search(
        r'href="([^"]*signup[^"]*|[^"]*reset_password[^"]*)"', mail["html"]
    )
    guest = browser.person(phone=True)
    guest.goto(link.group(1).replace("&amp;", "&"))
    guest.fill("input[name=password]", "guarantor-1")
    guest.fill("input[name=confirm_password]", "guarantor-1")
    guest.click(
        "form.oe_signup_form button[type=submit], "
        "form.oe_reset_password_form button[type=submit]"
    )
    guest.wait_for_url(lambda url: not re.search("signup|reset_password", url))
    page.context.close()
    return guest


def step_guarantor(report, browser, ledger):
    """One of two parents saves a card, pays a bill with it, and sees nobody else's."""
    partner_id, email, _name, other_bill = ledger.rows(TWO_PARENTS)[0]
    guest = give_access(browser, email, partner_id)
    guest.goto("/my/payment_method")
    browser.shoot(guest, "my-cards-empty")
    fill_card(guest, GOOD)
    browser.shoot(guest, "my-cards-add")
    guest.click("button[name='o_payment_submit_button']")
    guest.wait_for_url(re.compile(r"/my/payment_method|/payment/status"))
    wait_for(
        lambda: ledger.one(
            "SELECT COUNT(*) FROM payment_token WHERE active AND partner_id = %s",
            partner_id,
        )
    )
    goto(guest, "/my/payment_method")
    browser.shoot(guest, "my-cards")
    report.fact(
        "the card is listed by its last four digits",
        "4242" in guest.locator("main").inner_text(),
    )
    bill_id, cents = ledger.rows(
        "SELECT id, ROUND(amount_residual * 100)::bigint FROM account_move "
        " WHERE partner_id = %s AND state = 'posted' AND amount_residual > 10 "
        " ORDER BY amount_residual DESC LIMIT 1",
        partner_id,
    )[0]
    guest.goto("/my")
    browser.shoot(guest, "my-home")
    guest.goto("/my/therapy")
    browser.shoot(guest, "my-bills")
    own = {
        row[0]
        for row in ledger.rows(
            "SELECT name FROM account_move WHERE partner_id = %s "
            "   AND state = 'posted' AND move_type = 'out_invoice'",
            partner_id,
        )
    }
    listed = set(re.findall(r"INV/\d+/\d+", guest.locator("main").inner_text()))
    report.fact(
        "all own bills are listed, and no other", listed == own, f"{len(listed)} bills"
    )
    guest.goto(f"/my/therapy/bill/{bill_id}")
    browser.shoot(guest, "my-bill")
    guest.fill("#pay_amount", dollars(int(cents)))
    guest.click("form.o_therapy_pay_amount button[type=submit]")
    guest.wait_for_selector("button[name='o_payment_submit_button']")
    browser.shoot(guest, "my-pay")
    saved = guest.locator("input[name=o_payment_radio][data-payment-option-type=token]")
    saved.first.check(force=True)
    guest.click("button[name='o_payment_submit_button']")
    guest.wait_for_selector("#therapy_pay_result", timeout=90_000)
    browser.shoot(guest, "my-pay-done")
    left = guest.locator("#therapy_all_paid").is_visible()
    report.fact("the confirmation says that the bill is paid in full", left)
    wait_for(
        lambda: (
            not ledger.one(
                "SELECT COUNT(*) FROM account_move "
                " WHERE id = %s AND amount_residual > 0",
                bill_id,
            )
        )
    )
    report.equal(
        "the bill is paid with the saved card: cents left",
        ledger.one(
            LEFT,
            bill_id,
        ),
        0,
    )
    refused = []
    heard = len(browser.complaints)
    for path in (f"/my/invoices/{other_bill}", f"/my/therapy/bill/{other_bill}"):
        answer = guest.goto(path)
        refused.append(
            answer.status in (403, 404) or not re.search(r"INV/", guest.content())
            or str(other_bill) not in guest.url
        )  # fmt: skip
    report.fact("the other parent's bill stays closed", all(refused), str(refused))
    del browser.complaints[heard:]  # the browser reports the refusals, as it should


def step_biller(report, browser, ledger, page):
    """The biller adds a card for a payer, is declined with one, charges another."""
    bill = open_bills(ledger)[0]
    backend(page, f"res.partner/{bill['partner_id']}")
    for number in (GOOD,):
        add_card(browser, page, number)
    browser.shoot(page, "payer-cards")
    report.equal(
        "the payer's cards on file",
        ledger.one(
            "SELECT COUNT(*) FROM payment_token WHERE active AND partner_id = %s",
            bill["partner_id"],
        ),
        1,
    )
    wait_idle_bill(page, bill)
    page.locator("button[name='action_therapy_charge_card']:visible").first.click()
    page.wait_for_selector(".modal button[name='action_charge']")
    idle(page)
    browser.shoot(page, "charge")
    page.locator(".modal button[name='action_charge']").click()
    page.wait_for_selector(
        ".modal .alert-success, .modal .alert-danger", timeout=90_000
    )
    browser.shoot(page, "charge-done")
    report.equal(
        "the bill is charged off-session and paid: cents left",
        ledger.one(
            LEFT,
            bill["id"],
        ),
        0,
    )
    found = ledger.rows(
        "SELECT table_name, column_name FROM information_schema.columns "
        " WHERE table_schema = 'public' AND data_type IN "
        "       ('character varying', 'text', 'jsonb')"
    )
    hits = [
        f"{table}.{column}"
        for table, column in found
        if ledger.one(
            f'SELECT EXISTS (SELECT 1 FROM "{table}" '
            f"WHERE \"{column}\"::text ~ '4242 ?4242 ?4242 ?4242')"
        )
    ]
    report.fact("no card number in any text of the database", not hits, ", ".join(hits))


def add_card(browser, page, number):
    """Save a card through the dialog on the payer's form."""
    tab = page.get_by_role("tab", name=re.compile("card", re.I))
    if tab.count():
        tab.first.click()
    page.locator("button[name='action_therapy_add_card']:visible").first.click()
    fill_card(page, number)
    page.locator("#o_therapy_channel").select_option(index=1)
    browser.shoot(page, "add-card")
    page.locator(".o_therapy_add_card_save").click()
    page.wait_for_selector(".o_therapy_add_card", state="detached", timeout=90_000)
    idle(page)


def step_webhooks(report, browser, ledger):
    """Every event the processor sent was received with its signature and processed."""
    intents = [
        intent
        for intent in ledger.processor()["payment_intents"]
        if intent["status"] == "succeeded"
    ]
    wait_for(lambda: not ledger.figure("webhook events not processed"), seconds=90)
    received = ledger.one(
        "SELECT COUNT(DISTINCT object_ref) FROM therapy_stripe_event "
        " WHERE event_type = 'payment_intent.succeeded'"
    )
    report.equal("signed events of succeeded payments", received, len(intents))
    report.equal(
        "payments posted",
        ledger.one("SELECT COUNT(*) FROM account_payment WHERE state = 'paid'"),
        len(intents),
    )


__all__ = ["DECLINED", "expect", "step_biller", "step_guarantor", "step_webhooks"]
