"""Drive the steps, then audit: ``python -m toolkit.check FOLDER SHOTS INFO``."""

import json
import sys
from pathlib import Path

from .. import expected
from . import steps_billing, steps_cards, steps_daily, steps_payers, steps_share
from .browser import Browser
from .ledger import Ledger, audit
from .office import Office
from .report import Report


def compare_expected(report, folder, wanted):
    """The folder's own ``expected.json`` must say what the input says."""
    path = folder / "expected.json"
    if not path.exists():
        return
    given = json.loads(path.read_text(encoding="utf-8"))
    for key in ("sessions", "patients", "billed_cents", "rejected_rows", "by_type"):
        if key in given:
            report.equal(f"expected.json: {key}", wanted[key], given[key])
    if "by_payer_cents" in given:
        zeroless = {
            key: value for key, value in given["by_payer_cents"].items() if value
        }
        report.fact(
            f"expected.json: {len(zeroless)} payers' totals",
            zeroless == wanted["by_payer_cents"],
        )


def daily(report, browser, ledger, biller):
    """What a practice meets on other days, on a family of the check's own."""
    office = Office(ledger, browser, biller)

    def step(name, function, *arguments):
        return report.step(name, function, report, office, *arguments)

    if not (run := step("9 a 70/30 family", steps_daily.step_split)):
        return
    step("10 a credit", steps_daily.step_credit, run)
    step("11 a run taken back and made again", steps_daily.step_retract, run)
    if run := step("12 an authorization runs out", steps_daily.step_authorization):
        step("13 a remittance of too much", steps_daily.step_remittance, run)
    step("14 a missed appointment", steps_daily.step_absence)
    step("15 a payment link", steps_payers.step_link)
    if guest := step("16 a card authorization", steps_payers.step_consent):
        step("17 a request", steps_payers.step_request, guest)


def main():
    """Run everything and return the exit code."""
    folder, shots, info_file = (Path(argument) for argument in sys.argv[1:4])
    info = json.loads(info_file.read_text())
    ledger, browser = Ledger(info), Browser(info, shots)
    report = Report(browser.shoot_all)
    wanted = expected.compute(folder)
    with browser.open():
        biller = browser.login(browser.person(), "biller", "biller")
        report.step(
            "1 import the practice's files",
            steps_billing.step_import,
            *(report, browser, ledger, biller, folder, wanted),
        )
        report.step(
            "2 one billing run",
            steps_billing.step_bill,
            *(report, browser, ledger, biller, wanted),
        )
        shared = report.step(
            "3 share a bill by e-mail",
            steps_share.step_share,
            *(report, browser, ledger, biller),
        )
        if shared:
            report.step(
                "4 a stranger pays with bill number and code",
                steps_share.step_pay,
                *(report, browser, ledger, biller, shared),
            )
        report.step(
            "5 a guarantor saves a card and pays with it",
            steps_cards.step_guarantor,
            *(report, browser, ledger),
        )
        report.step(
            "6 the biller adds a card and charges it",
            steps_cards.step_biller,
            *(report, browser, ledger, biller),
        )
        report.step(
            "7 signed webhooks confirm",
            steps_cards.step_webhooks,
            *(report, browser, ledger),
        )
        print("8 audit: the ledger in SQL, the processor's own totals", flush=True)
        audit(report, ledger, wanted)
        compare_expected(report, folder, wanted)
        daily(report, browser, ledger, biller)
        report.fact(
            "no error in any browser console",
            not browser.complaints,
            "; ".join(browser.complaints[:5]),
        )
    print("18 audit, again", flush=True)
    steps_daily.audit_daily(report, ledger)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
