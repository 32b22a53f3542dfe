"""Steps 1 and 2: the files go in, the bills come out."""

import re

from .browser import backend, button, expect, fill_field, idle, select

STATE = ".o_statusbar_status .o_arrow_button_current"
KINDS = (("services", "Services"), ("payers", "Payers"), ("schedule", "Schedule"))


def import_file(page, label, path):
    """Import one file through the import screen; return its result lines."""
    backend(page, "therapy-imports/new")
    select(page, "kind", label)
    page.set_input_files(".o_field_widget[name='file'] input[type=file]", path)
    idle(page)
    button(page, "action_import")
    expect(page.locator(STATE)).to_have_text("Imported", timeout=120_000)
    idle(page)


def step_import(report, browser, ledger, page, folder, wanted):
    """Import all three files, then the schedule again with a wrong row added.

    Services carry the rates, so the manager brings them in.
    """
    manager = browser.login(browser.person(), "manager", "manager")
    for kind, label in KINDS:
        who = manager if kind == "services" else page
        import_file(who, label, folder / f"{kind}.csv")
        browser.shoot(who, f"import-{kind}")
    report.equal("sessions imported", ledger.figure("sessions"), wanted["sessions"])
    rejected = ledger.one(
        "SELECT rejected_count FROM therapy_import ORDER BY id DESC LIMIT 1"
    )
    report.equal("rows rejected", rejected, wanted["rejected_rows"])
    before = snapshot(ledger)
    lines = (folder / "schedule.csv").read_text(encoding="utf-8-sig").splitlines()
    wrong = re.sub(r"^[^,]*", "WRONG-1", lines[1])
    wrong = re.sub(r",\d+/\d+/\d+,", ",13/45/2026,", wrong, count=1)
    again = browser.shots / "schedule-again.csv"
    again.write_text("\n".join([*lines, wrong, ""]), encoding="utf-8")
    import_file(page, "Schedule", again)
    browser.shoot(page, "import-again")
    report.fact("importing it again changes nothing", snapshot(ledger) == before)
    reason = ledger.rows(
        "SELECT row_number, reason FROM therapy_import_line line "
        " WHERE import_id = (SELECT MAX(id) FROM therapy_import)"
        "   AND state = 'rejected' ORDER BY row_number DESC LIMIT 1"
    )
    report.fact(
        "a wrong row is refused with its number and a reason",
        bool(reason)
        and reason[0][0] == len(lines) + 1
        and "13/45/2026" in reason[0][1],
        str(reason),
    )
    shown = page.locator(".o_form_view").inner_text()
    report.fact("and the screen says so", "13/45/2026" in shown)


def snapshot(ledger):
    """Return everything the schedule can change, as plain data."""
    return ledger.rows(
        "SELECT session.external_id, session.state, session.start, line.units, "
        "       line.amount, line.product_id, line.minutes "
        "  FROM therapy_session session "
        "  JOIN therapy_session_line line ON line.session_id = session.id "
        " ORDER BY 1, 6"
    )


def step_bill(report, browser, ledger, page, wanted):
    """Make one billing run over all sessions."""
    first, last = ledger.rows("SELECT MIN(date), MAX(date) FROM therapy_session")[0]
    backend(page, "therapy-billing-runs/new")
    fill_field(page, "date_from", first.strftime("%m/%d/%Y"))
    fill_field(page, "date_to", last.strftime("%m/%d/%Y"))
    button(page, "action_preview")
    expect(page.locator(STATE)).to_have_text("Previewed")
    idle(page)
    browser.shoot(page, "run-preview")
    button(page, "action_generate")
    expect(page.locator(".o_list_view .o_data_row").first).to_be_visible(
        timeout=120_000
    )
    browser.shoot(page, "run-bills")
    page.locator(".o_back_button, .breadcrumb-item a").last.click()
    expect(page.locator(STATE)).to_have_text("Done")
    idle(page)
    browser.shoot(page, "run-done")
    report.equal("billed, in cents", ledger.figure("billed"), wanted["billed_cents"])
    report.equal(
        "one bill per guarantor and patient: bills too many",
        ledger.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM account_move move "
            "  JOIN res_partner partner ON partner.id = move.partner_id "
            " WHERE move.state = 'posted' AND move_type = 'out_invoice' "
            "   AND NOT COALESCE(partner.is_insurer, false) "
            " GROUP BY move.partner_id, move.patient_id HAVING COUNT(*) > 1) twice"
        ),
        0,
    )
    report.equal(
        "one claim per insurer, patient and session: claims too many or mixed",
        ledger.one(
            "SELECT COUNT(*) FROM (SELECT move.id FROM account_move move "
            "  JOIN res_partner partner ON partner.id = move.partner_id "
            "  JOIN therapy_session_share share ON share.move_id = move.id "
            "  JOIN therapy_session_line line ON line.id = share.session_line_id "
            " WHERE move.state = 'posted' AND partner.is_insurer "
            " GROUP BY move.id HAVING COUNT(DISTINCT line.session_id) > 1) mixed"
        ),
        0,
    )
