from odoo import http
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import TherapyStripeCommon


@tagged("post_install", "-at_install")
class TestPortalCards(TherapyStripeCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env, "cards_payer", groups="base.group_portal", name="Portal Payer"
        )
        self.payer = self.user.partner_id
        self.card = self._save_card(partner=self.payer)
        self.other = self._save_card("pm_card_mastercard", partner=self.payer)
        self.authenticate("cards_payer", "cards_payer")

    def _do(self, card, what, **form):
        answer = self.url_open(
            f"/my/therapy/card/{card.id}/{what}",
            data={"csrf_token": http.Request.csrf_token(self), **form},
        )
        self.env.invalidate_all()
        return answer

    def test_the_list_shows_status_default_and_expiry_in_plain_words(self):
        self.other.write({"last_result": "declined", "last_result_text": "No money."})
        page = self.url_open("/my/payment_method").text
        for words in ("Visa", "4242", "Ready", "Default", "Declined", "No money."):
            self.assertIn(words, page)
        self.assertIn(self.card.expiry, page)
        self.assertNotIn(self.card.stripe_payment_method, page)

    def test_a_payer_chooses_default_and_backup(self):
        answer = self._do(self.other, "default")
        self.assertTrue(self.other.is_default)
        self.assertIn("is your default now", answer.text)
        self._do(self.card, "backup")
        self.assertTrue(self.card.is_backup)

    def test_a_payer_names_a_card_but_not_by_its_number(self):
        self._do(self.card, "name", nickname="Joint card")
        self.assertEqual(self.card.nickname, "Joint card")
        answer = self._do(self.card, "name", nickname="4242 4242 4242 4242")
        self.assertIn("looks like a card number", answer.text)
        self.assertEqual(self.card.nickname, "Joint card")

    def test_a_payer_removes_a_card(self):
        answer = self._do(self.card, "remove")
        self.assertIn("was removed", answer.text)
        self.assertFalse(self.card.active)
        self.assertEqual(len(self.sandbox.requests("/detach", "POST")), 1)
        self.assertTrue(self.other.is_default)

    def test_nonsense_typed_as_cents_is_answered_in_words(self):
        self.card.is_verified = False
        for text in ("9" * 5000, "-3", "x"):
            answer = self._do(self.card, "verify", amount_1=text, amount_2="3")
            self.assertEqual(answer.status_code, 200)
            self.assertIn("both amounts", answer.text)

    def test_a_card_in_use_is_kept_and_the_reason_is_said(self):
        bill = self._create_bill(partner=self.payer)
        self.sandbox.fault("drop_after")
        self._charge(bill, self.card)
        self.sandbox.heal()
        answer = self._do(self.card, "remove")
        self.assertIn("under way", answer.text)
        self.assertTrue(self.card.active)

    def test_cards_of_others_are_not_found(self):
        stranger = self._save_card(
            partner=self.env["res.partner"].create({"name": "Stranger"})
        )
        for what in ("default", "backup", "name", "remove", "verify", "nothing"):
            answer = self._do(stranger, what)
            self.assertEqual(answer.status_code, 404, what)
        self.assertEqual(self._do(self.card, "nothing").status_code, 404)
        self.assertTrue(stranger.active)

    def test_a_request_without_csrf_token_does_nothing(self):
        with mute_logger("odoo.http"):
            answer = self.url_open(
                f"/my/therapy/card/{self.card.id}/remove", data={"x": 1}
            )
        self.assertEqual(answer.status_code, 400)
        self.assertTrue(self.card.active)

    def test_cores_own_delete_route_detaches_too(self):
        self.make_jsonrpc_request("/payment/archive_token", {"token_id": self.card.id})
        self.env.invalidate_all()
        self.assertFalse(self.card.active)
        self.assertEqual(len(self.sandbox.requests("/detach", "POST")), 1)
