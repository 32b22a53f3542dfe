from odoo.tests import HttpCase, new_test_user, tagged

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestTours(TherapyStripeCommon, HttpCase):
    """The card forms in a real browser, with the sandbox's script and frame."""

    def test_biller_adds_a_card(self):
        self.start_tour(
            f"/odoo/res.partner/{self.payer.id}",
            "therapy_stripe_add_card",
            login=self.biller.login,
        )
        self.assertEqual(self.payer.therapy_card_ids.payment_details, "4242")
        validations = self.env["payment.transaction"].search_count(
            [("operation", "=", "validation"), ("partner_id", "=", self.payer.id)]
        )
        self.assertEqual(validations, 1, "an incomplete form starts nothing")

    def test_a_card_added_while_charging_is_chosen_and_charged(self):
        bill = self._create_bill(100.0)
        self._save_card()
        self.start_tour(
            f"/odoo/action-therapy_billing.therapy_bill_action/{bill.id}",
            "therapy_stripe_charge",
            login=self.biller.login,
        )
        self.env.invalidate_all()
        self.assertAlmostEqual(bill.amount_residual, 0.0)
        self.assertEqual(self.sandbox.captured(), 10000)
        tx = self.env["payment.transaction"].search([("invoice_ids", "=", bill.id)])
        self.assertEqual(tx.token_id.payment_details, "4444")

    def test_each_person_who_pays_has_a_tab(self):
        others = self.env["res.partner"].create(
            [{"name": "Alex Parent"}, {"name": "Gran Third"}]
        )
        self.env["therapy.guarantor"].create(
            [
                {"patient_id": self.patient.id, "partner_id": payer.id, "percent": part}
                for payer, part in zip(self.payer | others, (70, 30, 0), strict=True)
            ]
        )
        bill = self._create_bill(100.01)
        self._save_card()
        self.start_tour(
            f"/odoo/action-therapy_billing.therapy_bill_action/{bill.id}",
            "therapy_stripe_charge_people",
            login=self.biller.login,
        )
        self.env.invalidate_all()
        self.assertAlmostEqual(bill.amount_residual, 5.0)
        charges = self.env["payment.transaction"].search(
            [("invoice_ids", "=", bill.id)]
        )
        self.assertEqual(
            {(tx.token_id.payment_details, tx.amount) for tx in charges},
            {("4242", 70.01), ("4444", 20.0), ("4242", 5.0)},
        )

    def test_payer_saves_a_card_in_the_portal(self):
        user = new_test_user(
            self.env, "stripe_payer", groups="base.group_portal", email="p@example.com"
        )
        user.partner_id.zip = "12345"
        demo = self.env["payment.provider"].search([("id", "!=", self.provider.id)])
        demo.state = "disabled"
        self.start_tour(
            "/my/payment_method", "therapy_stripe_portal_card", login=user.login
        )
        self.assertEqual(user.partner_id.therapy_card_ids.payment_details, "4242")
        validations = self.env["payment.transaction"].search_count(
            [("partner_id", "=", user.partner_id.id)]
        )
        self.assertEqual(validations, 1, "an incomplete form starts nothing")
