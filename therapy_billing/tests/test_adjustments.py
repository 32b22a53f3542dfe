import base64
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.importers.balances import BalancesImporter

from .common import NOW, TherapyCommon

HEADER = (
    "Reference,Last Name,First Name,DOB,Payer Name,Payer Email,Date,Due Date,Amount\n"
)


@freeze_time(NOW)
@tagged("post_install", "-at_install")
class TestAdjustments(TherapyCommon):
    """Write-offs, discounts, goodwill, opening balances, and their accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill = cls._create_bill(cls.mother, 100.0)

    def _reason(self, kind):
        return self.env["therapy.adjustment.reason"].search(
            [("kind", "=", kind)], limit=1
        )

    def _adjust(self, amount, kind="writeoff", bill=None, user=None, **vals):
        Move = self.env["account.move"].with_user(user or self.env.user)
        bill = self.bill if bill is None and "payer" not in vals else bill
        bill = bill and bill.with_user(user or self.env.user)
        return Move._therapy_adjust(self._reason(kind), amount, bill=bill, **vals)

    def test_a_write_off_is_a_credit_note_on_contra_revenue(self):
        note = self._adjust(30.0, note="3 letters")
        self.assertResidual(self.bill, 70.0)
        self.assertEqual(note.move_type, "out_refund")
        self.assertResidual(note, 0.0)
        self.assertEqual(
            note.invoice_line_ids.account_id, self.practice.therapy_account_writeoff_id
        )
        self.assertEqual(note.patient_id, self.kim)
        self.assertIn("3 letters", note.therapy_reason)
        self.assertFalse(
            self.env["account.payment"].search([("partner_id", "=", self.mother.id)])
        )

    def test_a_bill_written_off_is_not_taken_back(self):
        session = self._create_session(self.kim)
        bill = self._bill().filtered(lambda x: x.partner_id == self.mother)
        self._adjust(bill.amount_total, bill=bill)
        self.assertIn(bill.payment_state, ("paid", "in_payment", "reversed"))
        self.assertFalse(bill.voided_by_move_id)
        self.assertTrue(all(bill.session_share_ids.mapped("live")))
        self.assertEqual(session.billing_state, "billed")

    def _reverse(self, bill):
        """Press core's button: Credit Note."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id, "date": self._today()})
        )
        wizard.refund_moves()
        return wizard.new_move_ids

    def test_what_was_waived_is_not_credited_once_more(self):
        self._adjust(40.0)
        note = self._reverse(self.bill)
        with self.assertRaisesRegex(UserError, r"credit \$.60\.00 at most"):
            note.action_post()
        note.invoice_line_ids.price_unit = 60.0
        note.action_post()
        self.assertResidual(self.bill, 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 0.0)

    def test_a_bill_is_credited_in_full_once_its_waiver_is_cancelled(self):
        waiver = self._adjust(40.0)
        waiver.button_draft()
        waiver.button_cancel()
        self._reverse(self.bill).action_post()
        self.assertResidual(self.bill, 0.0)
        self.assertCents(self.mother.therapy_credit_amount, 0.0)

    def test_each_kind_has_its_account_and_says_nothing_on_paper(self):
        accounts = set()
        for kind in ("writeoff", "discount", "goodwill"):
            note = self._adjust(5.0, kind)
            accounts.add(note.invoice_line_ids.account_id)
            self.assertEqual(note.therapy_credit_cause, kind)
            self.assertNotIn(self._reason(kind).name, note.invoice_line_ids.name)
            self.assertNotIn("Kim", note.invoice_line_ids.name)
        self.assertEqual(len(accounts), 3)

    def test_no_more_than_is_open_less_what_is_reserved(self):
        self._pay(self.bill, 80.0)
        with self.assertRaises(ValidationError):
            self._adjust(20.01)
        self._adjust(20.0)

    def test_goodwill_waits_as_a_credit_until_it_is_used(self):
        note = self._adjust(15.0, "goodwill", payer=self.mother)
        self.assertCents(self.mother.therapy_credit_amount, 15.0)
        self.assertEqual(
            note.invoice_line_ids.account_id, self.practice.therapy_account_goodwill_id
        )
        self.bill._therapy_apply_credits()
        self.assertResidual(self.bill, 85.0)

    def _create_biller(self):
        biller = new_test_user(self.env, "bill", groups="therapy_billing.group_biller")
        biller.write(
            {
                "company_ids": [Command.set(self.practice.ids)],
                "company_id": self.practice.id,
            }
        )
        return biller

    def test_billers_have_a_limit_per_bill_and_managers_none(self):
        self.practice.therapy_adjustment_limit = 20.0
        biller = self._create_biller()
        with self.assertRaisesRegex(UserError, "20.00"):
            self._adjust(20.01, user=biller)
        self._adjust(15.0, user=biller)
        with self.assertRaisesRegex(UserError, "20.00"):
            self._adjust(5.01, user=biller)
        self._adjust(60.0)
        self.assertResidual(self.bill, 25.0)

    def test_goodwill_of_billers_adds_up_per_payer_over_a_month(self):
        self.practice.therapy_adjustment_limit = 50.0
        biller = self._create_biller()

        def give(amount, payer=self.mother, user=biller):
            return self._adjust(amount, "goodwill", user=user, payer=payer)

        first = give(30.0)
        with self.assertRaisesRegex(UserError, "50.00.*30 days"):
            give(20.01)
        give(20.0)
        with self.assertRaisesRegex(UserError, "50.00"):
            give(0.01)
        give(50.0, payer=self.father)
        self._adjust(50.0, user=biller)  # a bill has a limit of its own
        give(10.0, user=self.env.user)
        first.button_draft()
        first.button_cancel()
        with self.assertRaisesRegex(UserError, "50.00"):
            give(20.01)  # 20 and a manager's 10 are left
        give(20.0)
        with freeze_time("2026-12-16 15:00:00"):
            give(50.0)

    def test_the_wizard_discounts_by_percent(self):
        Wizard = self.env["therapy.adjustment.wizard"].with_context(
            active_model="account.move", active_id=self.bill.id
        )
        wizard = Wizard.new(Wizard.default_get(["move_id", "partner_id"]))
        wizard.percent = 12.5
        wizard._onchange_percent()
        self.assertCents(wizard.amount, 12.5)
        Wizard.create(
            {
                "kind": "discount",
                "reason_id": self._reason("discount").id,
                "amount": 12.5,
            }
        ).action_adjust()
        self.assertResidual(self.bill, 87.5)

    # === ACCOUNTS === #

    def test_setting_up_twice_makes_nothing_twice(self):
        self.practice.action_therapy_set_up_accounts()
        counts = [
            self.env[model].search_count([])
            for model in (
                "account.account",
                "account.journal",
                "account.payment.method.line",
            )
        ]
        self.practice.action_therapy_set_up_accounts()
        for model, count in zip(
            ("account.account", "account.journal", "account.payment.method.line"),
            counts,
            strict=True,
        ):
            self.assertEqual(self.env[model].search_count([]), count, model)

    def test_only_managers_set_up_accounts(self):
        for group in ("base.group_portal", "therapy_billing.group_biller"):
            user = new_test_user(self.env, group, groups=group)
            with self.subTest(group=group), self.assertRaises(AccessError):
                self.practice.with_user(user).action_therapy_set_up_accounts()

    def test_accounts_of_the_same_name_are_found_again(self):
        account = self.practice._therapy_get_account("writeoff")
        self.practice.therapy_account_writeoff_id = False
        self.assertEqual(self.practice._therapy_get_account("writeoff"), account)

    def test_a_company_without_a_chart_is_told_so(self):
        company = self.env["res.company"].create({"name": "Bare"})
        with self.assertRaisesRegex(UserError, "chart of accounts"):
            company.action_therapy_set_up_accounts()
        with self.assertRaisesRegex(UserError, "chart of accounts"):
            company._therapy_get_receipt_methods()

    def test_a_company_that_gets_its_chart_later_is_set_up_then(self):
        us = self.env.ref("base.us")
        company = self.env["res.company"].create({"name": "New", "country_id": us.id})
        self.env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
        company.action_therapy_set_up_accounts()
        methods = company._therapy_get_receipt_methods()
        kinds = set(methods.mapped("therapy_kind"))
        self.assertEqual(kinds, {"cash", "check", "terminal", "other"})
        self.assertTrue(all(method.payment_account_id for method in methods))
        self.assertEqual(
            company.therapy_account_undeposited_id.account_type, "asset_current"
        )
        self.assertNotEqual(
            company.therapy_account_undeposited_id,
            self.practice._therapy_get_account("undeposited"),
        )

    # === OPENING BALANCES === #

    def _import(self, *rows, **vals):
        record = self.env["therapy.import"].create(
            {
                "kind": "balances",
                "file": base64.b64encode((HEADER + "\n".join(rows)).encode()),
                "cutover_date": "2026-11-01",
                **vals,
            }
        )
        record.action_import()
        return record

    def test_a_prior_balance_keeps_its_dates_and_is_no_revenue(self):
        record = self._import(
            "A-1,Ives,Kim,03/01/2015,Rosa Ives,rosa@example.com,"
            "08/15/2026,09/14/2026,120.50",
            "A-2,Ives,Kim,03/01/2015,Omar Ives,omar@example.com,10/01/2026,,-40.00",
        )
        self.assertEqual(record.line_ids.mapped("state"), ["imported", "imported"])
        bill = self.env["account.move"].search(
            [("therapy_opening_reference", "=", "A-1")]
        )
        self.assertEqual(str(bill.invoice_date), "2026-08-15")
        self.assertEqual(str(bill.invoice_date_due), "2026-09-14")
        self.assertEqual(str(bill.date), "2026-11-01")
        self.assertEqual(bill.state, "posted")
        self.assertTrue(bill.is_therapy_bill)
        self.assertResidual(bill, 120.5)
        migration = self.practice.therapy_account_migration_id
        self.assertEqual(bill.invoice_line_ids.account_id, migration)
        self.assertEqual(migration.account_type, "equity")
        self.assertCents(self.father.therapy_credit_amount, 40.0)
        other = self._create_bill(self.father, 50.0)
        other._therapy_apply_credits()
        self.assertResidual(other, 10.0)

    def test_importing_balances_again_changes_nothing(self):
        row = "A-1,Ives,Kim,03/01/2015,Rosa Ives,rosa@example.com,08/15/2026,,120.50"
        self._import(row)
        self.assertEqual(
            self._import(row, row).line_ids.mapped("state"), ["unchanged", "unchanged"]
        )
        changed = self._import(row.replace("120.50", "120.51"))
        self.assertEqual(changed.line_ids.state, "rejected")
        moves = self.env["account.move"].search(
            [("therapy_opening_reference", "=", "A-1")]
        )
        self.assertEqual(len(moves), 1)

    def test_a_prior_balance_that_another_import_brings_meanwhile_is_rejected(self):
        row = "A-1,Ives,Kim,03/01/2015,Rosa Ives,rosa@example.com,08/15/2026,,{}"
        self._import(row.format("120.50"))
        # The other import could not be seen yet when this one looked.
        with (
            patch.object(BalancesImporter, "_get_known", lambda importer: {}),
            mute_logger("odoo.sql_db"),
        ):
            again = self._import(
                row.format("120.50"),
                row.format("-120.50"),
                row.replace("A-1", "A-2").format("10.00"),
            )
        self.assertEqual(
            again.line_ids.mapped("state"), ["rejected", "rejected", "imported"]
        )
        self.assertIn("prior balance", again.line_ids[0].reason)
        domain = [("therapy_opening_reference", "=", "A-1")]
        self.assertEqual(self.env["account.move"].search_count(domain), 1)

    def test_a_cancelled_prior_balance_may_be_imported_again(self):
        row = "A-1,Ives,Kim,03/01/2015,Rosa Ives,rosa@example.com,08/15/2026,,120.50"
        domain = [("therapy_opening_reference", "=", "A-1")]
        self._import(row)
        first = self.env["account.move"].search(domain)
        first.button_cancel()
        self.assertEqual(self._import(row).line_ids.state, "imported")
        self.assertEqual(self.env["account.move"].search_count(domain), 2)
        self.assertEqual(self._import(row).line_ids.state, "unchanged")

    def test_rows_that_cannot_be_right_are_rejected_one_by_one(self):
        good = "A-{},Ives,Kim,03/01/2015,Rosa Ives,rosa@example.com,08/15/2026,,10"
        record = self._import(
            good.format(1),
            good.format(2).replace("Kim", "Tim"),
            good.format(3).replace("rosa@", "nobody@"),
            good.format(4).replace("08/15/2026", "12/15/2026"),
            good.format(5).replace(",,10", ",,0"),
            good.format(6).replace(",,10", ",08/01/2026,10"),
            good.format("").replace("A-,", ","),
        )
        self.assertEqual(
            record.line_ids.mapped("state"), ["imported"] + ["rejected"] * 6
        )
