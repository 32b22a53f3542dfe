from unittest.mock import patch

from .common import TherapyCommon


class RefundCommon(TherapyCommon):
    """A bill paid by card, at a processor that gives money back when asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payment_method.support_refund = "partial"
        cls.bill = cls._create_bill(cls.mother, 100.0)
        cls.reason = cls.env.ref("therapy_billing.adjustment_reason_our_mistake")

    def setUp(self):
        super().setUp()

        def refund(tx):
            self.asked.append(tx.id)
            tx._set_done()

        def support(providers):
            providers.update(
                {
                    "support_refund": "partial",
                    "support_express_checkout": False,
                    "support_manual_capture": False,
                    "support_tokenization": False,
                }
            )

        self.asked = []
        provider = self.env.registry["payment.provider"]
        transaction = self.env.registry["payment.transaction"]
        for model, name, func in (
            (provider, "_compute_feature_support_fields", support),
            (transaction, "_send_refund_request", refund),
        ):
            self.startPatcher(patch.object(model, name, func))

    def paid(self, amount=100.0, **vals):
        tx = self._pay(self.bill, amount, **vals)
        self._succeed(tx)
        return tx

    def prepaid(self, amount=100.0):
        none = self.env["account.move"]
        tx = self._pay(none, amount, payer=self.mother, therapy_is_prepayment=True)
        self._succeed(tx)
        self.env.invalidate_all()
        return tx

    def give_back(self, tx, amount, mode="reopen", **vals):
        refund = tx.browse(tx._therapy_refund(amount, mode, **vals))
        self.env.invalidate_all()
        return refund

    def open_wizard(self, payment, **vals):
        action = payment.action_refund_wizard()
        self.assertEqual(action["res_model"], "therapy.refund.wizard")
        wizard = payment.env["therapy.refund.wizard"].browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def receivable(self, partner):
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        return sum(lines.mapped("balance")), sum(lines.mapped("amount_residual"))

    def assertReceivable(self, partner, expected):
        for amount in self.receivable(partner):
            self.assertCents(amount, expected)

    def assertReconciled(self, payment):
        for line in payment._therapy_receivable_lines():
            self.assertCents(line.amount_residual, 0)

    def paid_with_fee(self, base=50.0):
        if not self.practice.therapy_fee_enabled:
            self._allow_fee()
        fee = self.env["therapy.fee.rule"]._get_fee(
            base, self.usd, self.practice, self.mother, "credit"
        )
        vals = self.env["payment.transaction"]._therapy_prepare_fee_vals(fee)
        return self.paid(vals.pop("amount"), **vals)

    def income(self):
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.practice.therapy_account_cardfee_id.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return -sum(lines.mapped("balance"))
