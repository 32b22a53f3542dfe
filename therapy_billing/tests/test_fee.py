from datetime import timedelta

from odoo.exceptions import ValidationError
from odoo.tests import freeze_time, tagged

from .common import NOW, TherapyCommon

CREDIT = {"funding": "credit", "is_benefit_card": False, "brand": "visa"}


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestFee(TherapyCommon):
    """The fee on credit cards: off, limited, shown, and booked on its own account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.texas = cls.env.ref("base.state_us_44")
        cls._allow_fee()
        cls.rules = cls.env["therapy.fee.rule"]
        cls.bill = cls._create_bill(cls.mother, 100.0)

    def fee(self, base=50.0, **card):
        return self.rules._get_fee(
            base, self.usd, self.practice, self.mother, **{**CREDIT, **card}
        )

    def pay_with_fee(self, base, fee=None, **vals):
        fee = fee or self.fee(base)
        tx_vals = self.env["payment.transaction"]._therapy_prepare_fee_vals(
            fee, **{"funding": "credit", "brand": "visa"}
        )
        tx_vals.pop("amount", None)
        return self._pay(self.bill, fee.total, **{**tx_vals, **vals})

    def prepay_with_fee(self, fee_amount, **vals):
        fee = self.fee(50.0)
        tx_vals = self.env["payment.transaction"]._therapy_prepare_fee_vals(
            fee, **{"funding": "credit", "brand": "visa"}
        )
        return self.env["payment.transaction"].create(
            {
                **tx_vals,
                "provider_id": self.provider.id,
                "payment_method_id": self.payment_method_id,
                "amount": 50.0 + fee_amount,
                "fee_amount": fee_amount,
                "currency_id": self.usd.id,
                "partner_id": self.mother.id,
                "operation": "online_direct",
                "reference": "prepaid",
                "therapy_is_prepayment": True,
                **vals,
            }
        )

    # === WHETHER THERE IS A FEE === #

    def test_a_new_practice_takes_no_fee(self):
        company = self.env["res.company"].create({"name": "New Practice"})
        self.assertFalse(company.therapy_fee_enabled)
        fee = self.rules._get_fee(50.0, self.usd, company, self.mother, **CREDIT)
        self.assertEqual((fee.amount, fee.total), (0.0, 50.0))
        self.assertIn("no card fee", fee.problem)

    def test_only_credit_cards_have_a_fee(self):
        self.assertCents(self.fee().amount, 1.50)
        self.assertCents(self.fee().total, 51.50)
        for funding in ("debit", "prepaid", "unknown", "", False):
            with self.subTest(funding=funding):
                fee = self.fee(funding=funding)
                self.assertEqual(fee.amount, 0.0)
                self.assertTrue(fee.problem)
                self.assertFalse(fee.text)

    def test_a_card_of_a_health_account_has_no_fee(self):
        self.assertEqual(self.fee(is_benefit_card=True).amount, 0.0)

    def test_no_fee_before_the_networks_were_told_for_30_days(self):
        self.practice.therapy_fee_told_on = self._today() - timedelta(days=29)
        self.assertIn("30 days", self.fee().problem)
        self.practice.therapy_fee_told_on = False
        self.assertEqual(self.fee().amount, 0.0)

    def test_no_fee_where_a_state_forbids_it(self):
        self.practice.partner_id.state_id = self.env.ref("base.state_us_7")
        self.assertIn("Connecticut", self.fee().problem)

    def test_the_stricter_of_the_practices_and_the_payers_state_counts(self):
        self.mother.state_id = self.env.ref("base.state_us_6")
        self.assertCents(self.fee().amount, 1.00)
        self.mother.state_id = self.env.ref("base.state_us_34")
        self.assertEqual(self.fee().amount, 0.0)

    def test_no_fee_when_the_practices_state_is_not_known(self):
        self.practice.partner_id.state_id = False
        self.assertIn("not known", self.fee().problem)

    def test_no_fee_for_a_payer_abroad(self):
        self.mother.country_id = self.env.ref("base.de")
        self.assertEqual(self.fee().amount, 0.0)

    def test_no_fee_when_the_cost_is_not_known(self):
        self.rules.search([("kind", "=", "cost")]).active = False
        self.assertIn("costs", self.fee().problem)

    def test_no_fee_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        fee = self.rules._get_fee(50.0, euro, self.practice, self.mother, **CREDIT)
        self.assertEqual(fee.amount, 0.0)

    # === HOW MUCH === #

    def test_the_fee_is_rounded_down(self):
        self.assertCents(self.fee(33.33).amount, 0.99)

    def test_above_300_dollars_the_cost_is_the_limit(self):
        self.assertCents(self.fee(1000.0).amount, 29.30)

    def test_the_networks_limit_counts_when_the_practice_wants_more(self):
        self.practice.therapy_fee_percent = 4.0
        self.assertCents(self.fee(100.0).amount, 3.00)

    def test_a_limit_of_one_brand_counts_for_that_brand(self):
        self.rules.create(
            {"name": "Amex", "kind": "network", "brand": "amex", "percent": 1.0}
        )
        self.assertCents(self.fee(100.0).amount, 3.00)
        self.assertCents(self.fee(100.0, brand="amex").amount, 1.00)
        self.assertCents(self.fee(100.0, brand="").amount, 1.00)

    def test_a_limit_counts_in_its_time_only(self):
        rule = self.rules.create(
            {
                "name": "Texas",
                "state_id": self.texas.id,
                "percent": 1.0,
                "date_from": self._today() + timedelta(days=1),
            }
        )
        self.assertCents(self.fee(100.0).amount, 3.00)
        rule.date_from = self._today()
        self.assertCents(self.fee(100.0).amount, 1.00)
        rule.date_to = self._today()
        self.assertCents(self.fee(100.0).amount, 1.00)

    def test_each_limit_that_is_shipped_names_its_source_and_its_date(self):
        shipped = self.rules.with_context(active_test=False).search([])
        self.assertGreaterEqual(len(shipped), 10)
        self.assertFalse(shipped.filtered(lambda rule: not rule.source))
        self.assertFalse(shipped.filtered(lambda rule: not rule.source_date))

    def test_an_impossible_setting_or_limit_is_refused(self):
        with self.assertRaises(ValidationError):
            self.practice.therapy_fee_percent = 5.0
        with self.assertRaises(ValidationError):
            self.rules.create({"name": "No state", "kind": "state", "percent": 1.0})
        with self.assertRaises(ValidationError):
            self.rules.create({"name": "Nothing", "kind": "network"})

    # === WHAT THE PAYER IS TOLD === #

    def test_amount_fee_and_total_are_shown_and_kept(self):
        text = self.fee().text
        for part in ("$\xa01.50", "$\xa050.00", "$\xa051.50", "HSA"):
            self.assertIn(part, text)
        self.practice.therapy_fee_text = "Ask us about paying by check."
        self.assertIn("Ask us about paying by check.", self.fee().text)
        tx = self.pay_with_fee(50.0)
        self.assertIn("51.50", tx.fee_text)
        self.assertTrue(tx.fee_accepted_at)
        self.assertEqual(tx.fee_accepted_user_id, self.env.user)

    def test_a_fee_that_nobody_was_shown_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "fee"):
            self.pay_with_fee(50.0, fee_text=False)
        with self.assertRaisesRegex(ValidationError, "fee"):
            self.pay_with_fee(50.0, fee_accepted_at=False)

    def test_a_fee_above_what_is_allowed_now_is_refused(self):
        fee = self.fee()
        self.env.ref("therapy_billing.fee_rule_network").percent = 2.0
        with self.assertRaisesRegex(ValidationError, "look at the total again"):
            self.pay_with_fee(50.0, fee)

    def test_a_fee_on_a_debit_card_is_refused_at_the_gate(self):
        with self.assertRaisesRegex(ValidationError, "fee"):
            self.pay_with_fee(50.0, fee_funding="debit")

    def test_a_saved_card_of_unknown_kind_has_no_fee(self):
        token = self._create_token(partner_id=self.mother.id)
        card = token._therapy_get_fee_card()
        self.assertEqual(self.fee(**card).amount, 0.0)
        with self.assertRaisesRegex(ValidationError, "fee"):
            self.pay_with_fee(50.0, token_id=token.id, operation="offline")

    # === THE LEDGER === #

    def test_the_fee_is_a_line_of_the_payments_entry(self):
        tx = self.pay_with_fee(50.0)
        self.assertCents(tx.base_amount, 50.0)
        payment = self._succeed(tx)
        self.assertResidual(self.bill, 50.0)
        self.assertCents(payment.amount, 51.5)
        lines = payment.move_id.line_ids
        income = lines.filtered(
            lambda x: x.account_id == self.practice.therapy_account_cardfee_id
        )
        receivable = payment._therapy_receivable_lines()
        self.assertCents(income.balance, -1.5)
        self.assertEqual(income.account_id.account_type, "income_other")
        self.assertCents(receivable.balance, -50.0)
        self.assertCents((lines - income - receivable).balance, 51.5)
        self.assertTrue(receivable.reconciled)
        self.assertEqual(payment.move_id.state, "posted")

    def test_two_bills_and_a_fee_are_paid_by_one_charge(self):
        other = self._create_bill(self.mother, 30.0)
        fee = self.fee(80.0)
        tx = self._pay(
            self.bill | other,
            fee.total,
            parts=[(self.bill, 50.0), (other, 30.0)],
            **{
                name: value
                for name, value in self.env["payment.transaction"]
                ._therapy_prepare_fee_vals(fee, "credit", "visa")
                .items()
                if name != "amount"
            },
        )
        payment = self._succeed(tx)
        self.assertResidual(self.bill, 50.0)
        self.assertResidual(other, 0.0)
        self.assertCents(payment.amount, 82.4)
        self.assertFalse(
            payment._therapy_receivable_lines().filtered(lambda x: not x.reconciled)
        )

    def test_the_receipt_shows_amount_fee_and_total(self):
        payment = self._succeed(self.pay_with_fee(50.0))
        self.assertCents(payment.therapy_fee_amount, 1.5)
        self.assertCents(payment.therapy_base_amount, 50.0)
        html = str(
            self.env["ir.actions.report"]._render_qweb_html(
                "account.action_report_payment_receipt", payment.ids
            )[0]
        )
        for part in ("Paid on bills", "50.00", "Credit card fee", "1.50", "51.50"):
            self.assertIn(part, html)

    def test_a_receipt_without_a_fee_is_as_before(self):
        payment = self._succeed(self._pay(self.bill, 50.0))
        html = str(
            self.env["ir.actions.report"]._render_qweb_html(
                "account.action_report_payment_receipt", payment.ids
            )[0]
        )
        self.assertNotIn("Credit card fee", html)

    # === PREPAYMENTS === #

    def test_a_prepayment_takes_no_fee_that_is_not_allowed_or_was_not_shown(self):
        for vals in (
            {"fee_amount": 4.0},
            {"fee_amount": 1.5, "fee_accepted_at": False},
            {"fee_amount": 1.5, "fee_funding": "debit"},
        ):
            with self.subTest(vals=vals), self.assertRaises(ValidationError):
                self.prepay_with_fee(**vals)
        self.assertCents(self.prepay_with_fee(1.5).fee_amount, 1.5)

    def test_the_fee_of_a_prepayment_is_no_credit_of_the_payer(self):
        tx = self.prepay_with_fee(1.5)
        self.assertCents(tx.base_amount, 50.0)
        tx._set_done()
        tx._post_process()
        self.assertCents(self.mother.therapy_credit_amount, 50.0)
        account = self.practice.therapy_account_cardfee_id
        lines = tx.payment_id.move_id.line_ids
        fee_line = lines.filtered(lambda line: line.account_id == account)
        self.assertCents(fee_line.balance, -1.5)
        self.assertCents(tx.payment_id.therapy_base_amount, 50.0)
