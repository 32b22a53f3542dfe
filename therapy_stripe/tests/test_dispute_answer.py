from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .money import MoneyCommon

#: A signature: one black point.
SIGNATURE = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJ"
    b"RU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestDisputeAnswer(MoneyCommon):
    """Evidence about a disputed payment: neutral, and sent once."""

    def setUp(self):
        super().setUp()
        self.tx, self.data = self.disputed()
        self.dispute = self.follow(self.data)

    def answer(self, **vals):
        """Open the dialog as the biller does; return it."""
        action = self.dispute.with_user(self.biller).action_therapy_stripe_answer()
        answer = self.env[action["res_model"]].with_user(self.biller)
        answer = answer.browse(action["res_id"])
        answer.write(vals)
        return answer

    def at_stripe(self):
        """Return the dispute as Stripe has it."""
        adapter = self.provider._therapy_stripe_get_adapter()
        return adapter.retrieve_dispute(self.data["id"])

    def sent(self):
        """Return the requests that sent evidence."""
        found = self.sandbox.requests(method="POST")
        return [row for row in found if row["path"].startswith("/v1/disputes/")]

    def test_what_is_proposed_says_how_it_was_paid_and_nothing_else(self):
        self.tx.token_id.consent_date = "2026-01-02 15:00:00"
        answer = self.answer()
        for fact in ("$ 100.00", self.tx.payment_id.name, self.bill.name, "January 02"):
            self.assertIn(fact, answer.facts)
        for word in (self.payer.name, *self.bill._therapy_get_private_words()):
            self.assertNotIn(word, answer.facts)

    def sign(self, token, day):
        """Let the payer sign an authorization for a card on a day; return it."""
        request = self.env["therapy.card.authorization"].create(
            {"partner_id": self.payer.id, "max_amount": 200.0}
        )
        with freeze_time(f"{day} 15:00:00"):
            request._therapy_sign(SIGNATURE, "Dana Payer", token, "in_person", "Desk")
        return request

    def test_only_the_authorization_in_force_for_this_card_is_told(self):
        card, other = self.tx.token_id, self._save_card("pm_card_mastercard")
        first = self.sign(card, "2026-01-02")
        self.assertIn(first.name, self.answer().facts)
        second = self.sign(other, "2026-01-03")
        facts = self.answer().facts
        self.assertNotIn(first.name, facts, "replaced")
        self.assertNotIn(second.name, facts, "another card")
        third = self.sign(card, "2026-01-04")
        with self._later(days=1):
            third._therapy_revoke()
        self.assertIn(third.name, self.answer().facts, "revoked afterwards")
        fourth = self.sign(card, "2026-01-05")
        with freeze_time("2026-01-06"):
            fourth._therapy_revoke()
        self.assertNotIn(fourth.name, self.answer().facts)

    def test_evidence_is_sent_once_and_kept_on_the_dispute(self):
        answer = self.answer(refund_policy="Refunds within 30 days.")
        answer.action_send()
        self.assertEqual(self.dispute.state, "under_review")
        self.assertTrue(self.dispute.evidence_sent_at)
        self.assertFalse(self.dispute.activity_ids)
        evidence = self.at_stripe()["evidence"]
        self.assertEqual(evidence["uncategorized_text"], answer.facts)
        self.assertEqual(
            evidence["refund_policy_disclosure"], "Refunds within 30 days."
        )
        self.assertIn("Charged:", self.dispute.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "was sent"):
            answer.action_send()
        [request] = self.sent()
        self.assertRegex(request["idempotency_key"], r"^tde1:du_\w+:[0-9a-f]{32}$")

    def test_the_refund_policy_is_proposed_the_next_time(self):
        self.answer(refund_policy="Refunds within 30 days.").action_send()
        self.dispute.state = "needs_response"
        self.assertEqual(self.answer().refund_policy, "Refunds within 30 days.")

    def test_winning_evidence_brings_the_money_back(self):
        self.answer(facts="winning_evidence").action_send()
        self.sandbox.control("POST", "clock/advance", {"seconds": 120})
        self.follow(self.data, "closed")
        self.assertEqual(self.dispute.state, "won")
        self.assertEqual(self.bill.amount_residual, 0.0)

    def test_a_lost_answer_is_asked_again_with_the_same_key(self):
        answer = self.answer()
        self.sandbox.fault("drop_after", path_regex="/v1/disputes/", times=9)
        with self.assertRaisesRegex(UserError, "did not answer"):
            answer.action_send()
        self.sandbox.heal()
        self.assertEqual(self.dispute.state, "needs_response")
        answer.action_send()
        self.assertEqual(self.dispute.state, "under_review")
        self.assertEqual(self.at_stripe()["evidence_details"]["submission_count"], 1)
        self.assertEqual(len({row["idempotency_key"] for row in self.sent()}), 1)

    def test_a_text_that_names_patient_provider_or_service_is_refused(self):
        words = self.bill._therapy_get_private_words()
        self.assertTrue(words)
        for word in words:
            with self.subTest(word=word), self.assertRaisesRegex(UserError, "tells"):
                self.answer(facts=f"It was for {word}.").action_send()
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.answer(facts="Card 4242 4242 4242 4242")
        self.assertFalse(self.sent())

    def test_only_billers_answer(self):
        manager = self.new_manager()
        self.assertTrue(self.dispute.with_user(manager).action_therapy_stripe_answer())
        answer = self.answer()
        with self.assertRaises(AccessError):
            answer.with_user(manager).action_send()
        auditor = new_test_user(
            self.env, "stripe_auditor", groups="therapy_billing.group_auditor"
        )
        with self.assertRaisesRegex(UserError, "Only billers"):
            self.dispute.with_user(auditor).action_therapy_stripe_answer()

    def test_the_dispute_opens_at_stripe_in_test_mode(self):
        action = self.dispute.with_user(self.biller).action_therapy_stripe_dashboard()
        self.assertEqual(
            action["url"],
            f"https://dashboard.stripe.com/test/disputes/{self.data['id']}",
        )
