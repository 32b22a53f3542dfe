import base64
import hashlib

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import NOW, TherapyCommon

#: A signature: one black point.
SIGNATURE = (
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJ"
    b"RU5ErkJggg=="
)


class CardAuthorizationCommon(TherapyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Authorization = cls.env["therapy.card.authorization"]

    def setUp(self):
        super().setUp()
        self.card = self._create_token(partner_id=self.mother.id)
        self.request = self._request()

    def _request(self, **vals):
        return self.Authorization.create(
            {"partner_id": self.mother.id, "max_amount": 200.0, **vals}
        )

    def _sign(self, request, **vals):
        values = {
            "signature": SIGNATURE,
            "name": "Rosa Ives",
            "token": self.card,
            "channel": "portal",
            "address": "192.0.2.7",
            **vals,
        }
        request._therapy_sign(**values)
        return request

    def _sign_on(self, day, *patients):
        with freeze_time(f"{day} 15:00:00"):
            numbers = [patient.id for patient in patients]
            return self._sign(self._request(patient_ids=numbers))

    def _find(self, scope="visits", amount=100.0, patient=None):
        return self.Authorization._therapy_find_valid(
            self.mother, scope, amount, patient or self.kim
        )


@tagged("post_install", "-at_install")
class TestCardAuthorization(CardAuthorizationCommon):
    def test_a_request_says_in_words_what_will_be_charged(self):
        self.assertIn("Rosa Ives", self.request.body)
        self.assertIn("at most $\xa0200.00", self.request.body)
        self.assertNotIn("missed", self.request.body)
        self.request.covers_absences = True
        self.assertIn("missed", self.request.body)
        self.assertNotIn("{", self.request.body)

    def test_a_signature_keeps_who_when_where_words_card_and_pdf(self):
        self._sign(self.request)
        request = self.request
        self.assertEqual(request.state, "signed")
        self.assertEqual(str(request.signed_at), NOW)
        self.assertEqual(request.signed_address, "192.0.2.7")
        self.assertEqual(request.signed_user_id, self.env.user)
        self.assertEqual(request.card_name, self.card.display_name)
        digest = hashlib.sha256(request.body.encode()).hexdigest()
        self.assertEqual(request.body_hash, digest)
        content = base64.b64decode(request.document)
        self.assertEqual(hashlib.sha256(content).hexdigest(), request.document_hash)
        self.assertTrue(request._therapy_document_is_intact())

    def test_a_document_that_was_exchanged_is_noticed(self):
        self._sign(self.request)
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", self.request._name),
                ("res_field", "=", "document"),
                ("res_id", "=", self.request.id),
            ]
        )
        attachment.raw = b"%PDF-1.4 another"
        self.request.invalidate_recordset()
        self.assertFalse(self.request._therapy_document_is_intact())

    def test_the_pdf_names_no_patient(self):
        self.request.patient_ids = self.kim
        self._sign(self.request)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "therapy_billing.action_report_card_authorization", self.request.ids
        )[0]
        self.assertIn(b"Rosa Ives", html)
        self.assertNotIn(b"Kim", html)

    def test_both_a_card_and_a_signature_or_nothing(self):
        for wrong in (
            {"token": self.env["payment.token"]},
            {"token": self._create_token(partner_id=self.father.id)},
            {"signature": False},
            {"signature": b"bm8gaW1hZ2U="},
            {"name": "  "},
        ):
            with self.assertRaises(ValidationError, msg=wrong):
                self._sign(self.request, **wrong)
            self.assertEqual(self.request.state, "requested")
            self.assertFalse(self.request.signed_at or self.request.token_id)
        with (
            self.assertRaises(psycopg2.errors.CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.request.sudo().state = "signed"  # sudo: not even then
            self.env.flush_all()

    def test_a_card_that_was_removed_is_not_signed_for(self):
        self.card.active = False
        with self.assertRaises(ValidationError):
            self._sign(self.request)

    def test_what_was_signed_cannot_be_changed_or_deleted_by_anybody(self):
        self._sign(self.request)
        for vals in (
            {"max_amount": 5000.0},
            {"covers_absences": True},
            {"patient_ids": [(6, 0, self.kim.ids)]},
            {"signed_name": "Somebody"},
            {"document": False},
            {"token_id": self._create_token(partner_id=self.mother.id).id},
        ):
            with self.assertRaises(UserError, msg=vals):
                self.request.sudo().write(vals)  # sudo: not even then
        with self.assertRaises(UserError):
            self.request.write({"state": "requested"})
        with self.assertRaises(UserError):
            self.request.unlink()
        self._request().unlink()

    def test_nobody_signs_by_writing(self):
        with self.assertRaises(UserError):
            self.request.write({"state": "signed"})
        with self.assertRaises(UserError):
            self._request(state="signed")
        with self.assertRaises(UserError):
            self._request(signed_name="Rosa Ives")

    def test_words_in_use_stay_and_a_new_version_replaces_them(self):
        text = self.request.text_id
        with self.assertRaises(UserError):
            text.body = "{covers} {limit} and more"
        with self.assertRaises(UserError):
            text.unlink()
        action = text.action_new_version()
        newer = text.browse(action["res_id"])
        self.assertEqual(newer.version, text.version + 1)
        newer.body = "I, {payer}: {covers}, {limit}."
        self.assertNotEqual(newer.text_hash, text.text_hash)
        self.assertEqual(self._request().text_id, newer)
        self.assertEqual(self.request.text_id, text)

    def test_words_must_say_what_is_charged(self):
        Text = self.env["therapy.consent.text"]
        for body in ("{payer} {limit}", "{covers}", "{covers} {limit} {other}", "{}"):
            with self.assertRaises(ValidationError, msg=body):
                Text.create({"name": "Other", "body": body})

    def test_a_charge_finds_the_consent_that_allows_it(self):
        self.assertFalse(self._find())
        self.request.covers_absences = True
        self._sign(self.request)
        self.assertEqual(self._find(), self.request)
        self.assertEqual(self._find("absences", 200.0), self.request)
        self.assertFalse(self._find("balance"))
        self.assertFalse(self._find(amount=200.01))
        self.assertFalse(
            self.Authorization._therapy_find_valid(self.father, "visits", 1.0, self.kim)
        )
        self.card.active = False
        self.assertFalse(self._find())

    def test_the_reason_is_given_in_words(self):
        problem = self.Authorization._therapy_get_problem
        words = problem(self.mother, "visits", 100.0, self.kim)
        self.assertIn("has not signed", words)
        self._sign(self.request)
        self.assertIn("Balance", problem(self.mother, "balance", 1.0, self.kim))
        self.assertIn("200.00", problem(self.mother, "visits", 201.0, self.kim))
        self.assertFalse(problem(self.mother, "visits", 200.0, self.kim))
        with self.assertRaises(ValueError):
            problem(self.mother, "everything", 1.0, self.kim)

    def test_a_consent_for_one_child_is_none_for_the_other(self):
        self._add_guarantor(self.ann, self.mother, 0)
        self.request.patient_ids = self.kim
        self._sign(self.request)
        self.assertTrue(self._find())
        self.assertFalse(self._find(patient=self.ann))
        self.assertFalse(
            self.Authorization._therapy_find_valid(self.mother, "visits", 1.0)
        )

    def test_the_newest_word_of_a_payer_counts(self):
        self._sign(self.request)
        action = self.request.action_request_again()
        again = self.Authorization.browse(action["res_id"])
        again.max_amount = 50.0
        self.assertEqual(self._find(), self.request, "valid until the next is signed")
        self._sign(again)
        self.assertEqual(self.request.state, "replaced")
        self.assertEqual(self.request.replaced_by_id, again)
        self.assertFalse(self._find(amount=100.0))
        self.assertEqual(self._find(amount=50.0), again)

    def test_a_narrower_consent_leaves_the_family_s_one_for_the_others(self):
        self._add_guarantor(self.ann, self.mother, 0)
        self._sign(self.request)
        for_kim = self._sign(self._request(patient_ids=self.kim.ids, max_amount=20.0))
        self.assertEqual(self.request.state, "signed")
        self.assertFalse(self._find(amount=21.0))
        self.assertEqual(self._find(amount=20.0), for_kim)
        self.assertEqual(self._find(patient=self.ann), self.request)

    def test_a_revoked_consent_allows_nothing(self):
        self._sign(self.request)
        self.request._therapy_revoke("I pay by hand")
        self.assertEqual(self.request.state, "revoked")
        self.assertEqual(self.request.revoked_user_id, self.env.user)
        self.assertFalse(self._find())
        with self.assertRaises(UserError):
            self.request._therapy_revoke()
        with self.assertRaises(UserError):
            self._sign(self.request)

    def test_after_a_revocation_the_card_is_not_charged_until_a_new_signature(self):
        bill = self._create_bill(self.mother, 100.0)
        charge = {"operation": "offline", "token_id": self.card.id}
        self._sign(self.request)
        self.request._therapy_revoke("No more, please")
        with self.assertRaisesRegex(ValidationError, "withdrawn"):
            self._pay(bill, 10.0, **charge)
        self._pay(bill, 10.0)._set_canceled()
        self._sign(self._request())
        self.assertTrue(self._pay(bill, 10.0, **charge))

    def test_what_is_withdrawn_for_one_child_stays_signed_for_the_other(self):
        self._add_guarantor(self.ann, self.mother, 0)
        charge = {"operation": "offline", "token_id": self.card.id}
        bills = {
            patient: self._create_bill(self.mother, 100.0, patient_id=patient.id)
            for patient in (self.kim, self.ann, self.kim.browse())
        }
        for_kim = self._sign_on("2026-11-12", self.kim)
        self._sign_on("2026-11-13", self.ann)
        with freeze_time("2026-11-14 15:00:00"):
            for_kim._therapy_revoke("Not for Kim")
        for patient in (self.kim, self.kim.browse()):
            with self.assertRaisesRegex(ValidationError, "withdrawn"):
                self._pay(bills[patient], 10.0, **charge)
        # One transaction for both pays nothing that was withdrawn.
        with self.assertRaisesRegex(ValidationError, "withdrawn"):
            self._pay(bills[self.kim] + bills[self.ann], 200.0, **charge)
        self.assertTrue(self._pay(bills[self.ann], 10.0, **charge))
        self._sign_on("2026-11-15", self.kim)
        self.assertTrue(self._pay(bills[self.kim], 10.0, **charge))

    def test_an_older_signature_does_not_outlive_a_withdrawal(self):
        self._add_guarantor(self.ann, self.mother, 0)
        charge = {"operation": "offline", "token_id": self.card.id}
        bills = {
            patient: self._create_bill(self.mother, 100.0, patient_id=patient.id)
            for patient in (self.kim, self.ann)
        }
        self._sign_on("2026-11-12")
        for_kim = self._sign_on("2026-11-13", self.kim)
        with freeze_time("2026-11-14 15:00:00"):
            for_kim._therapy_revoke("Not for Kim")
        with self.assertRaisesRegex(ValidationError, "withdrawn"):
            self._pay(bills[self.kim], 10.0, **charge)
        self.assertTrue(self._pay(bills[self.ann], 10.0, **charge))

    def test_only_who_pays_for_a_patient_is_asked(self):
        with self.assertRaises(ValidationError):
            self._request(patient_ids=self.ann.ids)
        with self.assertRaises(ValidationError):
            self._request(partner_id=self.insurer.id)
        with self.assertRaises(ValidationError):
            self._request(covers_visits=False)

    def test_the_front_desk_is_told_when_the_payer_signs_in_the_portal(self):
        portal = new_test_user(
            self.env, "rosa", groups="base.group_portal", partner_id=self.mother.id
        )
        self.practice.therapy_desk_user_id = self.env.user
        self.request.with_user(portal).sudo()._therapy_sign(  # sudo: as the page
            SIGNATURE, "Rosa Ives", self.card, "portal", "192.0.2.7"
        )
        self.assertEqual(self.request.activity_ids.user_id, self.env.user)
        self.assertEqual(self.request.signed_user_id, portal)

    def test_staff_record_a_signature_in_a_dialog(self):
        action = self.request.action_sign()
        Wizard = self.env["therapy.card.authorization.wizard"]
        with Form(Wizard.with_context(**action["context"])) as form:
            self.assertEqual(form.token_id, self.card)
            self.assertEqual(form.signed_name, "Rosa Ives")
            form.channel = "paper"
            form.signature = SIGNATURE.decode()
        form.record.action_sign()
        self.assertEqual(self.request.state, "signed")
        self.assertEqual(self.request.signed_channel, "paper")
        self.assertEqual(self.request.signed_address, self.practice.name)
        self.assertFalse(self.request.activity_ids)

    def test_payers_and_clinicians_see_none_by_themselves(self):
        for login, group in (
            ("rosa", "base.group_portal"),
            ("june", "therapy_billing.group_clinician"),
        ):
            user = new_test_user(self.env, login, groups=group)
            with self.assertRaises(AccessError):
                self.request.with_user(user).read(["partner_id"])


@tagged("post_install", "-at_install")
class TestCardAuthorizationPdf(CardAuthorizationCommon, HttpCase):
    def test_the_signed_document_is_a_pdf(self):
        # In tests Odoo makes PDF files only when told to.
        self._sign(self.request.with_context(force_report_rendering=True))
        self.assertEqual(base64.b64decode(self.request.document)[:5], b"%PDF-")
        self.assertTrue(self.request._therapy_document_is_intact())
