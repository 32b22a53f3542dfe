from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import TherapyPortalHttpCommon


@tagged("post_install", "-at_install")
class TestFamily(TherapyPortalHttpCommon):
    """The family view and the list of bills."""

    def setUp(self):
        super().setUp()
        self.bill = self._make_bill(amount=60, total=200, others=[(self.father, 40)])
        self.fathers = self.env["account.move"].search(
            [("partner_id", "=", self.father.id)]
        )
        self.authenticate("ada", "ada")

    def _pay_by_hand(self, bill, amount, **vals):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create(
                {
                    "amount": amount,
                    "journal_id": self.company_data["default_journal_bank"].id,
                    **vals,
                }
            )
        )
        return wizard._create_payments()

    # === FAMILY === #

    def test_a_patient_without_open_bills_says_so_and_links_to_the_past_ones(self):
        self._pay_by_hand(self.bill, 60)
        html = self._get("/my/therapy").text
        self.assertIn("Everything is paid.", html)
        self.assertIn(f"filterby=paid&amp;patient={self.patient.id}", html)
        self.assertNotIn(self.bill.name, html)

    def test_overdue_bills_ask_for_attention(self):
        self.bill.invoice_date_due = "2026-11-01"
        with self._now("2026-11-20 15:00:00"):
            html = self._get("/my/therapy").text
        self.assertIn("1 bill is overdue.", html)

    def test_a_failed_payment_asks_for_attention_until_the_bill_is_paid(self):
        bad = self._make_card(self.mother, "0002", state="error")
        page = self._get(f"/my/therapy/bill/{self.bill.id}/pay?amount=60").text
        self._pay(page, flow="token", token_id=bad.id)
        self.assertIn("did not go through", self._get("/my/therapy").text)
        self._pay_by_hand(self.bill, 60)
        self.assertNotIn("did not go through", self._get("/my/therapy").text)

    def test_what_is_being_processed_is_said_beside_what_is_due(self):
        pending = self._make_card(self.mother, "0003", state="pending")
        page = self._get(f"/my/therapy/bill/{self.bill.id}/pay?amount=25").text
        self._pay(page, flow="token", token_id=pending.id)
        html = self._get("/my/therapy").text
        self.assertIn("therapy_family_pending", html)
        own = (self.company, self.currency)
        self.assertEqual(self.mother._therapy_get_portal_pending(), {own: 25})
        self.assertFalse(self.father._therapy_get_portal_pending())

    def test_the_family_takes_the_same_queries_for_one_bill_and_for_forty(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            family = self.mother._therapy_get_portal_family()
            self.assertTrue(family[0]["patient"].name)
            return self.env.cr.sql_log_count - start

        few = count()
        for _index in range(40):
            self._make_bill(amount=60, total=100)
        family = self.mother._therapy_get_portal_family()
        self.assertEqual(family[0]["open_count"], 41)
        self.assertEqual(len(family[0]["bills"]), 5, "the others are in the list")
        [due] = family[0]["due"].values()
        self.assertAmounts(due, 41 * 60)
        self.assertLessEqual(count(), few)

    def test_a_payer_without_bills_gets_a_friendly_page(self):
        self.env["therapy.guarantor"].search([]).unlink()
        new_test_user(self.env, "una", "base.group_portal", partner_id=self.aunt.id)
        self.authenticate("una", "una")
        html = self._get("/my/therapy").text
        self.assertIn("There are no bills for you yet.", html)

    # === LIST === #

    def test_the_list_shows_own_bills_only_whatever_is_asked(self):
        claim = self._make_bill(self.insurer, 150)
        draft = self._make_bill(post=False)
        for query in ("filterby=all", "filterby=all&search=I", "filterby=open"):
            html = self._get(f"/my/therapy/bills?{query}").text
            self.assertIn(self.bill.name, html)
            for other in (self.fathers, claim):
                self.assertNotIn(other.name, html)
            self.assertNotIn(f"/my/therapy/bill/{draft.id}", html)

    def test_filters_split_open_overdue_and_paid(self):
        paid = self._make_bill(amount=80)
        self._pay_by_hand(paid, 80)
        late = self._make_bill(amount=30)
        late.invoice_date_due = "2026-11-01"
        self.bill.invoice_date_due = "2026-12-31"
        expected = {
            "open": {self.bill, late},
            "overdue": {late},
            "paid": {paid},
            "all": {self.bill, late, paid},
        }
        with self._now("2026-11-20 15:00:00"):
            for key, bills in expected.items():
                html = self._get(f"/my/therapy/bills?filterby={key}").text
                for bill in (self.bill, late, paid):
                    link = f'"/my/therapy/bill/{bill.id}"'
                    self.assertEqual(link in html, bill in bills, (key, bill.name))

    def test_bills_are_found_by_number_and_patient(self):
        sister = self.env["res.partner"].create(
            {"name": "Willa Fitzroy", "is_patient": True}
        )
        self.env["therapy.guarantor"].create(
            {
                "patient_id": sister.id,
                "partner_id": self.mother.id,
                "percent": 100,
            }
        )
        hers = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.mother.id,
                "patient_id": sister.id,
                "invoice_date": "2026-10-31",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "x", "price_unit": 5, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        hers.action_post()
        for query, here, gone in (
            (f"patient={sister.id}", hers, self.bill),
            (f"search={self.bill.name[-4:]}", self.bill, hers),
        ):
            html = self._get(f"/my/therapy/bills?{query}").text
            self.assertIn(f'"/my/therapy/bill/{here.id}"', html)
            self.assertNotIn(f'"/my/therapy/bill/{gone.id}"', html)
        html = self._get("/my/therapy/bills?search=nothing").text
        self.assertIn("No bill fits.", html)

    def test_long_lists_have_pages(self):
        for _index in range(24):
            self._make_bill(amount=1, total=1)
        first = self._get("/my/therapy/bills?sortby=name").text
        self.assertIn("Page 1 of 2", " ".join(first.split()))
        second = self._get("/my/therapy/bills/page/2?sortby=name").text
        self.assertNotIn(self.bill.name, first)
        self.assertIn(self.bill.name, second)

    def test_nonsense_in_the_address_shows_the_list(self):
        for query in (
            "filterby=x&sortby=y&patient=z",
            "patient=-1&search=%25%27%3B--",
            f"patient={self.father.id}",
        ):
            answer = self._get(f"/my/therapy/bills?{query}")
            self.assertEqual(answer.status_code, 200, query)
        self.assertEqual(self._get("/my/therapy/bills/page/999").status_code, 200)

    def test_the_lists_need_a_login(self):
        self.authenticate(None, None)
        for path in ("/my/therapy/bills", "/my/therapy/payments"):
            self.assertIn("/web/login", self._get(path).url)
