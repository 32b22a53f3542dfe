import base64
import hashlib

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.http import Request
from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from odoo.addons.therapy_billing.tools.phi import find_leaks

from .common import SECRETS, TherapyPortalHttpCommon

URL = "/my/therapy/authorization"
# The smallest picture there is.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestAuthorization(TherapyPortalHttpCommon):
    """Consent in the portal: card and signature, both or nothing."""

    def setUp(self):
        super().setUp()
        self.record = self._request()

    def _request(self, **values):
        Authorization = self.env["therapy.card.authorization"].with_user(self.biller)
        return Authorization.create(
            {
                "partner_id": self.mother.id,
                "patient_ids": self.patient.ids,
                "covers_visits": True,
                "max_amount": 150,
                **values,
            }
        )

    def _page(self, query="", record=None):
        return self._get(f"{URL}/{(record or self.record).id}{query}")

    def _sign(self, token=None, record=None, **values):
        params = {"name": "Ada Fitz", "signature": SIGNATURE, **values}
        token = token or self.card
        return self.make_jsonrpc_request(
            f"{URL}/{(record or self.record).id}/sign/{token.id}", params
        )

    def _revoke(self, record=None):
        data = {"csrf_token": Request.csrf_token(self), "reason": "Moved"}
        return self.url_open(f"{URL}/{(record or self.record).id}/revoke", data=data)

    def _charge_problem(self, amount=100):
        return (
            self.env["therapy.card.authorization"]
            .sudo()
            ._therapy_get_problem(self.mother, "visits", amount, self.patient)
        )

    # === SIGNING === #

    def test_the_payer_reads_chooses_a_card_and_signs(self):
        self.authenticate("ada", "ada")
        self.assertIn("asks you for a card", self._get("/my/therapy").text)
        crumbs = self._get(URL).text.partition('class="breadcrumb-item active"')[2]
        self.assertIn("Card authorizations", crumbs[:80])
        page = self._page()
        for text in (self.record.body.split("\n")[0][:30], "150.00", "version 1"):
            self.assertIn(text, page.text)
        self.assertNotIn("portal.signature_form", page.text, "a card comes first")
        page = self._page(f"?card={self.card.id}")
        self.assertIn("portal.signature_form", page.text)
        self.assertTrue(self._charge_problem())
        answer = self._sign()
        self.assertTrue(answer["force_refresh"])
        self.assertEqual(self.record.state, "signed")
        self.assertEqual(self.record.token_id, self.card)
        self.assertEqual(self.record.signed_user_id, self.mother_user)
        self.assertEqual(self.record.signed_channel, "portal")
        self.assertTrue(self.record.signed_address)
        self.assertFalse(self._charge_problem())
        self.assertTrue(self._charge_problem(150.01), "more than the limit")
        self.assertIn("therapy_signed", self._page().text)
        self.assertNotIn("asks you for a card", self._get("/my/therapy").text)

    def test_a_card_saved_on_the_page_by_cores_flow_is_signed_for(self):
        self.card.sudo().active = False
        self.authenticate("ada", "ada")
        html = self._page().text
        self.assertIn('data-mode="validation"', html)
        values = self._pay(
            html,
            amount=None,
            currency_id=None,
            partner_id=self.mother.id,
            is_validation=True,
            tokenization_requested=True,
        )
        page = self._finish(values)
        self.assertIn(f"{URL}/{self.record.id}?", page.url)
        token = self._tx(values).token_id
        self.assertTrue(token)
        self.assertEqual(self.record.state, "requested", "saved is not signed")
        self.assertTrue(self._charge_problem())
        self._sign(token)
        self.assertEqual(self.record.token_id, token)

    def test_half_a_consent_is_none(self):
        self.authenticate("ada", "ada")
        fathers = self._make_card(self.father, "5555")
        for values in (
            {"signature": ""},
            {"signature": "bm8gcGljdHVyZQ=="},
            {"name": " "},
            {"token": fathers},
            {"token": self.env["payment.token"].browse(10**9)},
        ):
            answer = self._sign(**values)
            self.assertTrue(answer.get("error"), values)
            self.assertEqual(self.record.state, "requested")
            self.assertFalse(self.record.signed_at)

    def test_the_pdf_is_kept_with_its_hash_and_cannot_change(self):
        self.authenticate("ada", "ada")
        self._sign()
        content = base64.b64decode(self.record.document)
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(self.record.document_hash, digest)
        self.assertIn("Signed PDF", self._page().text)
        pdf = self._get(f"{URL}/{self.record.id}/pdf")
        self.assertEqual(pdf.content, content)
        for values in ({"max_amount": 999}, {"signed_name": "X"}, {"document": b"x"}):
            with self.assertRaises(UserError):
                self.record.sudo().write(values)

    def test_staff_are_told(self):
        self.company.therapy_desk_user_id = self.biller
        self.authenticate("ada", "ada")
        self._sign()
        self.assertEqual(self.record.activity_ids.user_id, self.biller)

    def test_signing_twice_is_refused(self):
        self.authenticate("ada", "ada")
        self._sign()
        self.assertIn("already", self._sign()["error"])

    # === REPLACING AND REVOKING === #

    def test_a_new_one_replaces_the_old_only_when_it_is_signed(self):
        self.authenticate("ada", "ada")
        self._sign()
        again = self._request(max_amount=0)
        self.assertEqual(self.record.state, "signed")
        self._sign(self._make_card(self.mother, "5555"), again)
        self.assertEqual(self.record.state, "replaced")
        self.assertEqual(again.state, "signed")

    def test_the_payer_revokes_at_once_and_the_biller_is_told(self):
        self.authenticate("ada", "ada")
        self._sign()
        page = self._revoke()
        self.assertIn("therapy_revoked", page.text)
        self.assertEqual(self.record.state, "revoked")
        self.assertTrue(self._charge_problem(), "nothing is charged from now on")
        activity = self.mother.activity_ids
        self.assertIn("revoked", activity.summary)
        self.assertIn("Moved", activity.note)

    def test_the_practice_revokes_too(self):
        self.authenticate("ada", "ada")
        self._sign()
        self.record.with_user(self.biller).action_revoke()
        self.assertTrue(self._charge_problem())
        self.assertIn("therapy_revoked", self._page().text)

    def test_revoking_needs_the_csrf_token(self):
        self.authenticate("ada", "ada")
        self._sign()
        with self.assertLogs("odoo.http", level="WARNING"):
            answer = self.url_open(f"{URL}/{self.record.id}/revoke", data={"x": 1})
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.record.state, "signed")

    # === WHOSE IT IS === #

    def test_nobody_else_sees_signs_or_revokes(self):
        for login in ("bob", "biller", None):
            self.authenticate(login, login)
            if login:
                self.assertEqual(self._page().status_code, 404)
                self.assertEqual(self._revoke().status_code, 404)
                self.assertEqual(
                    self._get(f"{URL}/{self.record.id}/pdf").status_code, 404
                )
                self.assertNotIn(self.record.name, self._get(URL).text)
            else:
                self.assertIn("/web/login", self._page().url)
            with mute_logger("odoo.http"), self.assertRaises(JsonRpcException):
                self._sign()
            self.assertEqual(self.record.state, "requested")
        self.authenticate("bob", "bob")
        self.assertNotIn("asks you for a card", self._get("/my/therapy").text)

    def test_the_pages_show_no_other_payers_cards(self):
        self._make_card(self.father, "5555")
        self.authenticate("ada", "ada")
        self.assertNotIn("5555", self._page().text)
        self.assertIn("4242", self._page().text)

    # === ASKING === #

    def test_the_mail_asks_and_says_nothing_private(self):
        action = self.record.with_user(self.biller).action_send_request()
        self.assertEqual(action["params"]["type"], "success")
        mail = self.env["mail.mail"].search([("email_to", "=", "ada@example.com")])
        self.assertIn(f"{URL}/{self.record.id}", mail.body_html)
        self.assertIn("Bea Biller", mail.email_from)
        self.assertEqual(mail.subject, "Maple Street Practice")
        self.assertIn("not obliged", mail.body_html)
        self.assertFalse(find_leaks(mail.body_html, [*SECRETS, "Ada Fitz"]))

    def test_a_payer_without_an_account_makes_one_on_the_way(self):
        self.env["therapy.guarantor"].create(
            {
                "patient_id": self.patient.id,
                "partner_id": self.aunt.id,
                "date_from": "2030-01-01",
                "percent": 0,
            }
        )
        record = self._request(partner_id=self.aunt.id)
        record.with_user(self.biller).action_send_request()
        mail = self.env["mail.mail"].search([("email_to", "=", "una@example.com")])
        self.assertIn("/web/signup?", mail.body_html)

    def test_only_billers_ask(self):
        for user in (self.clinician, self.mother_user):
            with self.assertRaises(AccessError):
                self.record.with_user(user).action_send_request()
            with self.assertRaises(AccessError):
                self.patient.with_user(user).action_request_authorization()
        self.mother.email = False
        with self.assertRaisesRegex(UserError, "no e-mail"):
            self.record.with_user(self.biller).action_send_request()

    def test_the_button_of_the_patient_starts_with_the_first_payer(self):
        context = self.patient.with_user(self.biller).action_request_authorization()
        context = context["context"]
        self.assertEqual(context["default_partner_id"], self.mother.id)
        self.assertEqual(context["default_patient_ids"], self.patient.ids)

    def test_it_is_required_only_where_the_law_allows(self):
        self.authenticate("ada", "ada")
        self.assertIn("therapy_not_required", self._page().text)
        self.company.therapy_card_policy = "required"
        self.company.state_id = self.env.ref("base.state_us_5")
        self.assertNotIn("therapy_not_required", self._page().text)
        self.mother.state_id = self.env.ref("base.state_us_27")
        self.assertIn("therapy_not_required", self._page().text)
        law = self.env.ref("therapy_portal.card_law_ny")
        self.assertTrue(law.source and law.since and law.checked_on)
        law.active = False
        self.assertNotIn("therapy_not_required", self._page().text)

    def test_a_service_may_require_a_card_where_the_practice_only_asks(self):
        self.company.state_id = self.env.ref("base.state_us_5")
        self.authenticate("ada", "ada")
        session = self._make_bill(post=False).session_share_ids.session_id
        session = session.copy({"external_id": False}).with_user(self.biller)
        self.assertEqual(session.state, "scheduled")
        self.assertFalse(session.therapy_card_missing)
        self.service.therapy_card_policy = "required"
        session.invalidate_recordset()
        self.assertTrue(session.therapy_card_missing)
        self.assertNotIn("therapy_not_required", self._page().text)
        self.company.state_id = self.env.ref("base.state_us_27")
        session.invalidate_recordset()
        self.assertFalse(session.therapy_card_missing, "New York forbids it")
        self.assertIn("therapy_not_required", self._page().text)

    def test_a_service_may_only_ask_where_the_practice_requires(self):
        self.company.write(
            {
                "therapy_card_policy": "required",
                "state_id": self.env.ref("base.state_us_5").id,
            }
        )
        self.authenticate("ada", "ada")
        self.assertNotIn("therapy_not_required", self._page().text)
        session = self._make_bill(post=False).session_share_ids.session_id
        session.copy({"external_id": False})
        self.service.therapy_card_policy = "asked"
        self.assertIn("therapy_not_required", self._page().text)

    # === THE BADGE === #

    def test_the_badge_says_how_the_cards_of_the_payers_are(self):
        patient = self.patient.with_user(self.biller)
        session = self._make_bill().session_share_ids.session_id.with_user(self.biller)
        self.assertEqual(patient.therapy_card_level, "none")
        self.authenticate("ada", "ada")
        self._sign()
        patient.invalidate_recordset()
        self.assertIn("Ada Fitz: OK", patient.therapy_card_badge)
        self.assertIn("Bob Roy: no card", patient.therapy_card_badge)
        self.assertEqual(patient.therapy_card_level, "none", "the worst of both")
        self.patient.guarantor_ids.filtered(
            lambda row: row.partner_id == self.father
        ).unlink()
        self.patient.guarantor_ids.percent = 100
        patient.invalidate_recordset()
        session.invalidate_recordset()
        self.assertEqual(patient.therapy_card_level, "ok")
        self.assertEqual(session.therapy_card_badge, "OK")
        # A list asks once for all of them.
        patients = self.patient.browse()
        for number in range(12):
            row = {"percent": 100, "partner_id": self.mother.id}
            patients |= self.patient.create(
                {
                    "name": f"Child {number}",
                    "is_patient": True,
                    "guarantor_ids": [Command.create(row)],
                }
            )
        counts = []
        for some in (patients[:2], patients):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_user(self.biller).mapped("therapy_card_badge")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
        self.env["payment.transaction"].sudo().create(
            {
                "provider_id": self.demo.id,
                "payment_method_id": self.method.id,
                "token_id": self.card.id,
                "partner_id": self.mother.id,
                "amount": 5,
                "currency_id": self.currency.id,
                "reference": "declined",
                "operation": "offline",
                "state": "error",
            }
        )
        patient.invalidate_recordset()
        self.assertEqual(patient.therapy_card_level, "declined")
        self._revoke()
        patient.invalidate_recordset()
        self.assertEqual(patient.therapy_card_level, "none")
