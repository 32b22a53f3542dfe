from unittest.mock import patch

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import TherapyCommon


@tagged("post_install", "-at_install")
class TestBillingRun(TherapyCommon):
    def _shares(self, session):
        return {
            (share.partner_id, share.session_line_id.product_id): share.amount
            for share in session.share_ids
        }

    def test_each_guarantor_gets_one_bill_per_patient(self):
        self._create_session(self.kim)
        self._create_session(self.kim, start="2026-11-12 19:00:00")
        bills = self._bill()
        self.assertEqual(len(bills), 2)
        self.assertEqual(set(bills.mapped("state")), {"posted"})
        self.assertEqual(bills.patient_id, self.kim)
        by_payer = {bill.partner_id: bill.amount_total for bill in bills}
        self.assertCents(by_payer[self.mother], 2 * 122.68)
        self.assertCents(by_payer[self.father], 2 * 52.57)

    def test_an_insurer_gets_one_bill_per_session(self):
        first = self._create_session(self.ann)
        second = self._create_session(self.ann, start="2026-11-12 19:00:00")
        bills = self._bill()
        claims = bills.filtered(lambda bill: bill.partner_id == self.insurer)
        self.assertEqual(claims.claim_session_id, first | second)
        self.assertEqual(len(claims), 2)
        for claim in claims:
            self.assertCents(claim.amount_total, 145.25)
        own = bills - claims
        self.assertEqual(own.partner_id, self.ann)
        self.assertCents(own.amount_total, 60.0)

    def test_a_copay_is_at_most_the_session(self):
        self.talk.list_price = 20.0
        self._create_session(self.ann)
        bills = self._bill()
        self.assertEqual(bills.partner_id, self.ann)
        self.assertCents(bills.amount_total, 20.0)

    def test_the_odd_cent_goes_to_the_payer_listed_first(self):
        self.kim.guarantor_ids.percent = 50
        session = self._create_session(self.kim)
        self._bill()
        shares = self._shares(session)
        self.assertCents(shares[self.mother, self.talk], 87.63)
        self.assertCents(shares[self.father, self.talk], 87.62)

    def test_shares_add_up_per_service_and_per_payer(self):
        third = self.env["res.partner"].create({"name": "Third payer"})
        self.kim.guarantor_ids.percent = 33.33
        self._add_guarantor(self.kim, third, 33.34)
        session = self._create_session(
            self.kim, [(self.talk, 1), (self.aba, 7), (self.aba, 1)]
        )
        bills = self._bill()
        self.assertCents(sum(bills.mapped("amount_total")), session.amount_total)
        for line in session.line_ids:
            self.assertCents(sum(line.share_ids.mapped("amount")), line.amount)

    def test_a_whole_service_shows_units_and_rate_and_a_part_its_amount(self):
        self.coverage.unlink()
        self._create_session(self.ann, [(self.aba, 8)])
        line = self._bill().invoice_line_ids
        self.assertAlmostEqual(line.quantity, 8)
        self.assertAlmostEqual(line.price_unit, 17.33)
        self._create_session(self.kim, [(self.aba, 8)])
        for line in self._bill().invoice_line_ids:
            self.assertAlmostEqual(line.quantity, 1)

    def test_a_guarantors_bill_names_no_service_and_no_patient(self):
        session = self._create_session(self.kim, [(self.talk, 1), (self.aba, 8)])
        session.provider_id = self.clinician
        for bill in self._bill():
            texts = [
                *bill.invoice_line_ids.mapped("name"),
                bill.ref,
                bill.invoice_origin,
                bill.payment_reference,
                bill.narration,
            ]
            text = " ".join(str(part) for part in texts if part)
            self.assertIn("Services on 11/10/2026", text)
            for word in ("Service 9", "90837", "97153", "June", "Blake", "Kim", "TS0"):
                self.assertNotIn(word, text)
            self.assertFalse(bill.invoice_line_ids.product_id)

    def test_an_insurers_bill_names_service_and_modifier(self):
        session = self._create_session(self.ann)
        session.line_ids.modifiers = "95"
        claim = self._bill().filtered("claim_session_id")
        self.assertIn("90837 95", claim.invoice_line_ids.name)
        self.assertEqual(claim.invoice_line_ids.product_id, self.talk)

    def test_a_bill_has_the_income_account_of_the_service_and_no_other_tax(self):
        account = self.company_data["default_account_revenue"].copy()
        self.talk.property_account_income_id = account
        self._create_session(self.kim)
        lines = self._bill().invoice_line_ids
        self.assertEqual(lines.account_id, account)
        self.assertFalse(lines.tax_ids)

    def test_lines_with_a_tax_are_taxed_and_those_without_are_the_share(self):
        self.talk.list_price = 33.35
        self._create_session(self.kim)
        self._create_session(self.ann)
        for line in self._bill().invoice_line_ids:
            self.assertCents(line.price_subtotal, -line.balance)
            self.assertCents(line.amount_currency, line.balance)
        self.talk.taxes_id = self.tax_sale_a
        rate = 1 + self.tax_sale_a.amount / 100
        shares = self._create_session(self.kim, start="2026-11-12 19:00:00")
        for bill in self._bill():
            share = shares.share_ids.filtered(lambda x, b=bill: x.move_id == b)
            self.assertTrue(bill.line_ids.tax_line_id)
            self.assertCents(bill.amount_untaxed, share.amount)
            self.assertCents(bill.amount_total, self.usd.round(share.amount * rate))

    def test_a_tax_that_is_in_the_price_leaves_the_bill_at_the_share(self):
        self.talk.taxes_id = self.tax_sale_a.copy(
            {"name": "Included", "price_include_override": "tax_included"}
        )
        session = self._create_session(self.kim)
        bills = self._bill()
        self.assertEqual(session.billing_state, "billed")
        self.assertEqual(len(bills), 2)
        for bill in bills:
            self.assertTrue(bill.line_ids.tax_line_id)
            shares = bill.session_share_ids
            self.assertCents(bill.amount_total, sum(shares.mapped("amount")))
        self.assertCents(sum(bills.mapped("amount_total")), session.amount_total)

    def test_bills_have_the_dates_of_the_run(self):
        self._create_session(self.kim)
        run = self._create_run(invoice_date="2026-11-20")
        run.action_generate()
        self.assertEqual(str(run.move_ids[0].invoice_date), "2026-11-20")
        self.assertEqual(str(run.move_ids[0].invoice_date_due), "2026-12-20")
        self.assertFalse(run.move_ids.invoice_payment_term_id)

    def test_a_new_run_starts_with_the_oldest_session_to_bill(self):
        self._create_session(self.kim, start="2026-10-05 19:00:00")
        run = self.env["therapy.billing.run"].create({})
        self.assertEqual(str(run.date_from), "2026-10-05")
        self.assertEqual(str(run.date_to), "2026-11-16")

    @freeze_time("2026-11-17 03:00:00")
    def test_the_bill_date_is_today_in_the_practice(self):
        self.assertEqual(str(self._create_run().invoice_date), "2026-11-16")

    def test_only_sessions_of_the_days_and_patients_are_billed(self):
        before = self._create_session(self.kim, start="2026-10-31 19:00:00")
        other = self._create_session(self.ann)
        inside = self._create_session(self.kim)
        missed = self._create_session(self.kim, start="2026-11-11 19:00:00")
        missed.state = "missed"
        run = self._create_run(patient_ids=[(6, 0, self.kim.ids)])
        run.action_generate()
        self.assertEqual(run.move_ids.session_share_ids.session_id, inside)
        self.assertEqual(before.billing_state, "unbilled")
        self.assertEqual(other.billing_state, "unbilled")
        self.assertEqual(missed.billing_state, "nothing")

    def test_a_preview_says_what_the_run_will_do(self):
        self._create_session(self.kim)
        self._create_session(self.ann)
        run = self._create_run()
        run.action_preview()
        preview = (run.session_count, run.bill_count, run.amount_total)
        self.assertEqual(preview[:2], (2, 4))
        self.assertCents(run.amount_insurers, 145.25)
        self.assertCents(run.amount_guarantors, 205.25)
        self.assertFalse(run.move_ids)
        run.action_generate()
        self.assertEqual((run.session_count, run.bill_count), preview[:2])
        self.assertCents(run.amount_total, preview[2])
        self.assertCents(run.amount_insurers, 145.25)

    def test_sessions_that_cannot_be_billed_are_listed_and_the_others_billed(self):
        self.kim.guarantor_ids[0].percent = 60
        bad = self._create_session(self.kim)
        good = self._create_session(self.ann)
        run = self._create_run()
        run.action_preview()
        self.assertEqual(run.problem_ids.session_id, bad)
        run.action_generate()
        self.assertEqual(run.problem_ids.session_id, bad)
        self.assertIn("90", run.problem_ids.reason)
        self.assertEqual(good.billing_state, "billed")
        self.assertEqual(bad.billing_state, "unbilled")

    def test_running_again_bills_nothing_twice(self):
        session = self._create_session(self.kim)
        run = self._create_run()
        run.action_generate()
        total = run.amount_total
        run.action_generate()
        self.assertCents(run.amount_total, total)
        self.assertEqual(len(session.share_ids), 2)
        with self.assertRaises(UserError):
            self._create_run().action_generate()

    def test_the_database_refuses_a_second_live_share(self):
        session = self._create_session(self.kim)
        bill = self._bill()[0]
        share = bill.session_share_ids
        values = {
            "session_line_id": session.line_ids.id,
            "partner_id": share.partner_id.id,
            "amount": 1.0,
            "move_id": bill.id,
        }
        Share = self.env["therapy.session.share"].sudo()
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            Share.create(values)
        Share.create({**values, "kind": "supplement"})

    def test_one_patient_that_fails_does_not_stop_the_others(self):
        bad = self._create_session(self.kim)
        good = self._create_session(self.ann)
        run = self._create_run()
        prepare = type(run)._prepare_bill_vals

        def fail(self, key, shares, accounts):
            if key[1].name == "Kim Ives":
                raise UserError("No account.")
            return prepare(self, key, shares, accounts)

        with patch.object(type(run), "_prepare_bill_vals", fail):
            run.action_generate()
        self.assertEqual(good.billing_state, "billed")
        self.assertEqual(bad.billing_state, "unbilled")
        self.assertEqual(run.problem_ids.session_id, bad)
        self.assertEqual(run.problem_ids.reason, "No account.")
        self.assertEqual(run.move_ids.patient_id, self.ann)

    def test_the_missing_part_of_a_session_is_billed(self):
        session = self._create_session(self.kim)
        bills = self._bill()
        own = bills.filtered(lambda bill: bill.partner_id == self.mother)
        own.button_cancel()
        self.assertEqual(session.billing_state, "partial")
        again = self._bill()
        self.assertEqual(again.partner_id, self.mother)
        self.assertCents(again.amount_total, 122.68)
        self.assertEqual(session.billing_state, "billed")

    def test_a_part_is_not_billed_when_the_shares_changed(self):
        session = self._create_session(self.kim)
        bills = self._bill()
        bills.filtered(lambda bill: bill.partner_id == self.mother).button_cancel()
        self.kim.guarantor_ids[0].percent = 50
        self.kim.guarantor_ids[1].percent = 50
        run = self._create_run()
        run.action_preview()
        self.assertEqual(run.problem_ids.session_id, session)
        self.assertIn("other shares", run.problem_ids.reason)

    def test_a_free_session_makes_no_bill(self):
        self.talk.list_price = 0.0
        session = self._create_session(self.kim)
        self.assertEqual(session.billing_state, "nothing")

    def test_a_run_takes_few_queries_per_session(self):
        for day in range(1, 6):
            self._create_session(self.kim, start=f"2026-11-0{day} 19:00:00")
        self._create_run(date_to="2026-11-05").action_generate()

        def count(days):
            for day in range(days):
                self._create_session(self.kim, start=f"2026-11-{10 + day} 19:00:00")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._create_run().action_generate()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few, many = count(2), count(12)
        self.assertLess(many - few, 60, "ten more sessions on the same two bills")

    def test_a_run_with_bills_cannot_be_deleted(self):
        self._create_session(self.kim)
        run = self._create_run()
        run.action_generate()
        with self.assertRaises(UserError):
            run.unlink()
        self._create_run().unlink()
