"""Steps 9 to 14: what a practice meets on other days, on a family of the check's own.

Each step's figures are counted here and compared with the ledger in SQL.
"""

from .browser import backend, button, expect, idle
from .office import ABA, FATHER, INSURER, MOTHER, PATIENT, STATE, TALK

IDENTITY = """
    SELECT COALESCE(SUM(ABS(difference)), 0) FROM (
        SELECT line.partner_id,
               SUM(ROUND(line.balance * 100) - ROUND(line.amount_residual * 100))
               - COALESCE(SUM(ROUND(paid.cents * 100)), 0) AS difference
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
          LEFT JOIN LATERAL (
               SELECT SUM(CASE WHEN debit_move_id = line.id THEN amount
                               ELSE -amount END) AS cents
                 FROM account_partial_reconcile
                WHERE line.id IN (debit_move_id, credit_move_id)) paid ON true
         WHERE account.account_type = 'asset_receivable'
           AND line.parent_state = 'posted'
      GROUP BY 1) by_payer"""

CONTRACTUAL = """
    SELECT SUM(ROUND(line.balance * 100))
      FROM account_move_line line
      JOIN account_move move ON move.id = line.move_id AND move.state = 'posted'
      JOIN res_company company
        ON company.therapy_account_contractual_id = line.account_id
     WHERE move.therapy_remittance_id = %s"""


def step_split(report, office):
    """A family of two homes: 70 and 30 percent, the odd cent to the first."""
    office.open_family()
    page = office.page
    backend(page, f"therapy-patients/{office.people[PATIENT]}")
    office.browser.shoot(page, "family")
    office.session(TALK, 1, "scheduled", office.now.strftime("%Y-%m-%d %H:%M:00"))
    backend(page, "therapy-today")
    office.browser.shoot(page, "today")
    row = page.locator(".o_data_row", has_text=PATIENT)
    row.locator("button[name='action_set_held']").click()
    idle(page)
    report.fact(
        "held with one click in the day's list", "Held" in row.first.inner_text()
    )
    run = office.run("family-run-preview")
    report.equal(
        "175.25 between two homes, 70 and 30 percent",
        *(office.bills(run), {MOTHER: 12268, FATHER: 5257}),
    )
    report.equal("open", office.open(), {MOTHER: 12268, FATHER: 5257})
    return run


def step_credit(report, office, run):
    """Money in advance and a part in cash; the credit pays what it can, no more."""
    office.record(5000, payer=MOTHER)
    report.equal("a prepayment lowers what is owed", office.open()[MOTHER], 7268)
    bill = office.bill_of(run, MOTHER)
    report.equal("but no bill before it is applied", office.residual(bill), 12268)
    backend(office.page, f"customer-invoices/{bill}")
    office.browser.shoot(office.page, "bill-with-credit")
    button(office.page, "action_therapy_apply_credits")
    report.equal("applied on the bill's form", office.residual(bill), 7268)
    office.browser.shoot(office.page, "bill-credit-applied")
    words = office.refused(
        lambda: office.record(5258, bill=office.bill_of(run, FATHER))
    )
    report.fact("a cent more than is open is refused", "52.57" in words, words)
    report.equal("open", office.open(), {MOTHER: 7268, FATHER: 5257})


def step_retract(report, office, run):
    """The run is taken back and made again: the credit is the payer's meanwhile."""
    backend(office.page, f"therapy-billing-runs/{run}")
    button(office.page, "action_retract")
    office.page.locator(".modal footer .btn-primary").first.click()
    idle(office.page)
    office.browser.shoot(office.page, "run-taken-back")
    report.equal(
        "nothing is billed, the credit is free", office.open(), {MOTHER: -5000}
    )
    again = office.run()
    report.equal(
        "billed again, to the same cents",
        *(office.bills(again), {MOTHER: 12268, FATHER: 5257}),
    )
    report.equal(
        "shares on two live bills", office.ledger.figure("shares billed twice"), 0
    )
    return again


def step_authorization(report, office):
    """Ten units are approved: eight warn, the eleventh is refused, a cancelled one
    gives its units back."""
    office.cover(copay=2000)
    # A setting, as the administrator saves it.
    office.admin("res.company", "write", [1], {"therapy_authorization_policy": "block"})
    vals = {
        "name": "AUTH-CHECK",
        "patient_id": office.people[PATIENT],
        "payer_id": office.people[INSURER],
        "date_from": str(office.day.replace(day=1)),
        "date_to": str(office.day),
        "line_ids": [[0, 0, {"product_id": office.services[ABA], "units": 10}]],
    }
    [number] = office.manager("therapy.authorization", "create", [vals])
    session = office.session(ABA, 8)
    used = (
        "SELECT COALESCE(SUM(line.units), 0)::int FROM therapy_session_line line "
        "  JOIN therapy_authorization_line approved "
        "    ON approved.id = line.authorization_line_id "
        "  JOIN therapy_session session ON session.id = line.session_id "
        " WHERE approved.authorization_id = %s "
        "   AND session.state IN ('scheduled', 'held')"
    )
    report.equal(
        "units counted on the authorization", office.ledger.one(used, number), 8
    )
    backend(office.page, f"therapy-sessions/{session}")
    warning = office.page.locator(".alert-warning").first.inner_text()
    office.browser.shoot(office.page, "session-authorization-low")
    report.fact("the session warns that it is running out", bool(warning), warning)
    words = office.refused(lambda: office.session(ABA, 3))
    report.fact("three units more are refused", "it would be 11" in words, words)
    office.biller("therapy.session", "write", [session], {"state": "scheduled"})
    office.biller("therapy.session", "action_set_cancelled", [session])
    report.equal(
        "a cancelled session gives its units back", office.ledger.one(used, number), 0
    )
    office.session(ABA, 10)
    run = office.run()
    # 10 x 17.33 = 173.30, copay 20.00: 14.00 and 6.00, the insurer the rest.
    report.equal(
        "the copay is split, the insurer owes the rest",
        *(office.bills(run), {MOTHER: 1400, FATHER: 600, INSURER: 15330}),
    )
    backend(office.page, f"therapy-authorizations/{number}")
    office.browser.shoot(office.page, "authorization-used-up")
    return run


def step_remittance(report, office, run):
    """The insurer pays 120.00 of 173.30, cuts 43.30, leaves 10.00; 30.00 are too much.

    The guarantors were asked for 20.00: 7.00 and 3.00 go back to them.
    """
    before, page = office.open(), office.page
    session = office.ledger.one(
        "SELECT claim_session_id FROM account_move WHERE id = %s",
        office.bill_of(run, INSURER),
    )
    answer = {
        "session_id": session,
        "charge": 173.30,
        "allowed": 130.00,
        "paid": 120.00,
        "contract_amount": 43.30,
        "patient_amount": 10.00,
    }
    vals = {
        "partner_id": office.people[INSURER],
        "trace": "EFT-CHECK-1",
        "amount": 150.00,
        "line_ids": [[0, 0, answer]],
    }
    [number] = office.biller("therapy.remittance", "create", [vals])
    backend(page, f"therapy-remittances/{number}")
    office.browser.shoot(page, "remittance")
    button(page, "action_post")
    page.locator(".modal footer .btn-primary").first.click()
    expect(page.locator(STATE)).to_have_text("Posted")
    idle(page)
    office.browser.shoot(page, "remittance-posted")
    change = {
        name: office.open().get(name, 0) - before.get(name, 0)
        for name in (MOTHER, FATHER, INSURER)
    }
    report.equal(
        "the claim is settled, 30.00 are credit; the guarantors get 10.00 back",
        *(change, {MOTHER: -700, FATHER: -300, INSURER: -15330 - 3000}),
    )
    report.equal(
        "43.30 lower revenue on an account of their own",
        int(office.ledger.one(CONTRACTUAL, number)),
        4330,
    )
    again = {**vals, "trace": "eft-check-1"}
    words = office.refused(
        lambda: office.biller("therapy.remittance", "create", [again])
    )
    report.fact("the same trace number is refused", "trace number" in words, words)


def step_absence(report, office):
    """A missed session costs its fee: guarantors only, on an account of its own."""
    [product] = office.manager(
        *("product.product", "create"),
        [{"name": "Missed appointment", "type": "service", "taxes_id": [[5]]}],
    )
    vals = {"name": "Missed", "amount": 60.0, "fee_product_id": product}
    office.manager("therapy.absence.fee", "create", [vals])
    session = office.session(TALK, 1, "scheduled")
    backend(office.page, f"therapy-sessions/{session}")
    button(office.page, "action_set_missed")
    expect(
        office.page.locator(".o_field_widget[name='line_ids'] .o_data_row")
    ).to_have_count(2)
    idle(office.page)
    office.browser.shoot(office.page, "session-missed")
    run = office.run()
    report.equal(
        "60.00 for a missed session, nothing from the insurer",
        *(office.bills(run), {MOTHER: 4200, FATHER: 1800}),
    )


def audit_daily(report, ledger):
    """Look at the whole ledger once more, after all of it."""
    for name in (
        "held sessions not billed",
        "shares billed twice",
        "payments without an entry",
        "bills overpaid",
        "done but not posted",
        "entries out of balance",
        "trial balance",
    ):
        report.equal(name, ledger.figure(name), 0)
    report.equal(
        "receivable less (open bills - credit notes - unapplied money), in cents",
        int(ledger.one(IDENTITY)),
        0,
    )
