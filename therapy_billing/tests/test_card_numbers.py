import base64
import contextlib
import logging

from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.card_numbers import (
    has_card_number,
    mask_card_numbers,
)

from .common import TherapyCommon

CARD = "4242 4242 4242 4242"


class _Listener(logging.Handler):
    """Keeps every record that reaches the root logger."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@tagged("post_install", "-at_install")
class TestCardNumbers(TherapyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.biller = new_test_user(
            cls.env, "numbers_biller", groups="therapy_billing.group_biller"
        )

    # === WHAT COUNTS === #

    def test_numbers_of_all_networks_are_found_however_they_are_typed(self):
        for text in (
            "4242424242424242",
            "card 4242-4242-4242-4242, cvc 123, 04/28",
            "Amex 3782 822463 10005",
            "3782.822463.10005",
            "Diners 3056 9300 0902 0004",
            "Discover 6011\u00a01111\u00a01111\u00a01117",
            "MC 2223 0031 2200 3222",
            "JCB 3566 0020 2036 0505",
            "old Visa of 13 digits 4222222222222",
            "UnionPay of 19 digits 6205500000000000004",
            "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
            "4242/4242/4242/4242",
            "4242\u20114242\u20114242\u20114242",
            "４２４２ ４２４２ ４２４２ ４２４２",
            "4242\u200b4242\u200b4242\u200b4242",
            "<p>4242&nbsp;4242</p><p>4242 4242</p>",
            "call 555 0100, then 5555555555554444",
        ):
            self.assertTrue(has_card_number(text), text)

    def test_numbers_that_are_none_pass(self):
        for text in (
            "",
            "4242 4242 4242 4241",
            "4242 4242",
            "NPI 1234567893 (808401234567893)",
            "phone +1 (555) 010-0123, fax +44 20 7946 0958",
            "2026-11-22 14:30:55, run 20261122143055",
            "EFT trace 021000021234567",
            "30 45 60 60 45 30 60 45 30 minutes",
            "120.00 + 4,500.00 + 60.00 = 4,680.00",
            "session 6f1c4242424242424242ab",
            "https://example.com/x/4242424242424242?a=1",
            '<img src="data:4242424242424242">',
        ):
            self.assertFalse(has_card_number(text), text)

    def test_masked_mail_keeps_the_rest(self):
        text = f"<p>Hello</p><p>use {CARD} please</p>"
        masked = mask_card_numbers(text)
        self.assertEqual(masked, "<p>Hello</p><p>use [card number removed] please</p>")
        self.assertFalse(has_card_number(mask_card_numbers("4242<b>4242</b>42424242")))

    # === WHERE IT IS REFUSED === #

    def _texts(self):
        """Yield (model, field) of every text that is guarded."""
        for name in self.env.registry:
            for field in getattr(self.env[name], "_therapy_guarded", ()):
                yield name, field

    def test_the_guarded_texts_exist(self):
        found = set(self._texts())
        self.assertLessEqual(
            {
                ("mail.message", "body"),
                ("mail.activity", "note"),
                ("res.partner", "comment"),
                ("account.move", "narration"),
                ("calendar.event", "description"),
                ("payment.token", "nickname"),
                ("therapy.payment.wizard", "note"),
                ("therapy.refund.wizard", "reason"),
                ("therapy.remittance.undo.wizard", "reason"),
                ("therapy.authorization", "note"),
            },
            found,
        )
        for name, field in found:
            self.assertIn(field, self.env[name]._fields, name)

    def test_references_are_left_alone(self):
        guarded = set(self._texts())
        for text in (
            ("account.payment", "memo"),
            ("account.move", "ref"),
            ("therapy.payment.wizard", "reference"),
            ("therapy.coverage", "member_number"),
        ):
            self.assertNotIn(text, guarded)
        self.ann.coverage_ids.create(
            {
                "patient_id": self.ann.id,
                "insurer_id": self.insurer.id,
                "member_number": "4242424242424242",
            }
        )

    def test_chatter_refuses_and_keeps_nothing(self):
        listener = _Listener()
        logging.getLogger().addHandler(listener)
        self.addCleanup(logging.getLogger().removeHandler, listener)
        before = self.ann.message_ids
        with self.assertRaisesRegex(ValidationError, "card number") as caught:
            self.ann.message_post(body=f"please charge {CARD}", message_type="comment")
        self.assertNotIn("4242", str(caught.exception))
        self.env.invalidate_all()
        self.assertEqual(self.ann.message_ids, before)
        self.assertFalse([line for line in listener.lines if "4242 4242" in line])

    def test_what_code_writes_is_never_refused(self):
        """It quotes references, and a false alarm would undo what it reports."""
        self.ann._message_log(body="EFT 4242424242424242 applied")
        self.ann.message_post(body="EFT 4242424242424242 applied")
        self.ann.sudo().activity_schedule(
            "mail.mail_activity_data_todo", note="EFT 4242424242424242"
        )
        self.assertFalse(self.env["therapy.card.refusal"].search([]))

    def test_references_of_transactions_are_no_cards(self):
        for second in range(60):
            for suffix in ("", "-1", "-42"):
                text = f"payment tx-202611221501{second:02d}{suffix} was made"
                self.assertFalse(has_card_number(text), text)

    def test_changing_a_message_refuses_too(self):
        message = self.ann.message_post(body="fine", message_type="comment")
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.ann._message_update_content(message, body=f"no: {CARD}")

    def test_notes_names_and_activities_refuse(self):
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.ann.comment = f"<p>{CARD}</p>"
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.env["res.partner"].create({"name": f"Visa {CARD}"})
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.ann.with_user(self.biller).activity_schedule(
                "mail.mail_activity_data_todo", note=f"call about {CARD}"
            )
        with self.assertRaisesRegex(ValidationError, "card number"):
            self.env["calendar.event"].create(
                {
                    "name": "Visit",
                    "description": CARD,
                    "start": "2026-01-01 10:00:00",
                    "stop": "2026-01-01 11:00:00",
                }
            )

    def test_a_form_loses_nothing_else(self):
        with self.assertRaisesRegex(ValidationError, "card number"):
            with Form(self.ann) as form:
                form.comment = f"<p>{CARD}</p>"
                form.city = "Springfield"
        self.ann.city = "Springfield"
        self.assertEqual(self.ann.city, "Springfield")

    def test_incoming_mail_is_masked_because_nobody_can_be_told(self):
        mail = (
            "From: dana@example.com\nTo: x@example.com\nSubject: my card\n"
            "Message-Id: <a@example.com>\nContent-Type: text/plain\n\n"
            f"Take {CARD} please\n"
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(
                "res.partner", mail, thread_id=self.ann.id
            )
        body = self.ann.message_ids[:1].body
        self.assertIn("Take [card number removed] please", body)

    # === WHAT IS KEPT OF A REFUSAL === #

    def test_a_refusal_is_counted_without_the_number(self):
        refusals = self.env["therapy.card.refusal"]
        before = refusals.search_count([])
        # Not assertRaises: it rolls back, and in tests that takes the row with it.
        with contextlib.suppress(ValidationError):
            self.ann.with_user(self.biller).message_post(
                body=CARD, message_type="comment"
            )
        rows = refusals.search([])
        self.assertEqual(len(rows), before + 1)
        self.assertEqual(rows[0].model_name, "mail.message")
        self.assertEqual(rows[0].user_name, self.biller.name)
        self.assertNotIn("4242", str(rows.read()))

    def test_files_are_not_searched(self):
        """Odoo keeps them as they are; the readme says so."""
        self.ann.message_post(
            body="scan", attachments=[("x.txt", base64.b64encode(CARD.encode()))]
        )
