from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import TherapyPortalCommon

OWN_MODELS = (
    "therapy.access.attempt",
    "therapy.card.law",
    "therapy.contact.change",
    "therapy.invite.wizard",
    "therapy.invite.wizard.line",
    "therapy.pay.link",
    "therapy.pay.link.wizard",
    "therapy.pay.link.wizard.line",
    "therapy.receipt.address",
    "therapy.share.item",
    "therapy.share.wizard",
    "therapy.share.wizard.line",
)


@tagged("post_install", "-at_install")
class TestRights(TherapyPortalCommon):
    """Who may read what, through the ORM as a remote call would."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mothers = cls._make_bill()
        cls.fathers = cls._make_bill(cls.father, 80)
        cls.claim = cls._make_bill(cls.insurer, 150)

    def _visible(self, user, model="account.move"):
        return self.env[model].with_user(user).search([])

    def test_each_parent_sees_own_bills_only(self):
        self.assertEqual(self._visible(self.mother_user), self.mothers)
        self.assertEqual(self._visible(self.father_user), self.fathers)
        lines = self._visible(self.mother_user, "account.move.line")
        self.assertEqual(lines.move_id, self.mothers)
        with self.assertRaises(AccessError):
            self.fathers.with_user(self.mother_user).read(["amount_total"])

    def test_a_contact_of_the_payer_does_not_see_the_payers_bills(self):
        partner = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.aunt.id, "email": "c@example.com"}
        )
        bill = self._make_bill(self.aunt)
        user = new_test_user(
            self.env, "contact", groups="base.group_portal", partner_id=partner.id
        )
        self.assertEqual(partner.commercial_partner_id, self.aunt)
        self.assertNotIn(bill, self._visible(user))
        self.assertFalse(self._visible(user, "account.move.line"))

    def test_ordinary_invoices_of_a_company_stay_visible_to_its_people(self):
        company = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        person = self.env["res.partner"].create(
            {"name": "P", "parent_id": company.id, "email": "p@example.com"}
        )
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": company.id,
                "invoice_date": "2026-10-01",
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 10.0})],
            }
        )
        invoice.action_post()
        user = new_test_user(
            self.env, "person", groups="base.group_portal", partner_id=person.id
        )
        self.assertIn(invoice, self._visible(user))

    def test_payers_read_nothing_of_the_treatment(self):
        for model in (
            "therapy.session",
            "therapy.session.line",
            "therapy.session.share",
            "therapy.guarantor",
            "therapy.coverage",
            "therapy.payment.allocation",
            "payment.transaction",
            *OWN_MODELS,
        ):
            with self.assertRaises(AccessError, msg=model):
                self._visible(self.mother_user, model)

    def test_payers_read_own_cards_only(self):
        self._make_card(self.father, "5555")
        cards = self._visible(self.mother_user, "payment.token")
        self.assertEqual(cards.partner_id, self.mother)

    def _move_biller(self):
        """Make the biller one of another practice."""
        other = self.env["res.company"].create({"name": "Other"})
        self.biller.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})

    def test_a_dialog_tells_another_practice_nothing_of_a_bill(self):
        self._move_biller()
        for name in ("therapy.share.wizard", "therapy.pay.link.wizard"):
            Wizard = self.env[name].with_user(self.biller)
            Line = self.env[f"{name}.line"].with_user(self.biller)
            wizard = Wizard.create({})
            with self.assertRaises(AccessError, msg=name):
                Line.create({"wizard_id": wizard.id, "move_id": self.mothers.id})

    def test_another_practice_does_not_see_whose_address_changes(self):
        Change = self.env["therapy.contact.change"]
        Change._therapy_start(self.mother, "new@example.com")
        self.assertTrue(Change.with_user(self.biller).search([]))
        self._move_biller()
        self.assertFalse(Change.with_user(self.biller).search([]))

    def test_clinicians_share_nothing_and_see_no_codes(self):
        for model in OWN_MODELS:
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(self.clinician).create({})
        with self.assertRaises(AccessError):
            self.mothers.with_user(self.clinician).action_therapy_share()
        with self.assertRaises(AccessError):
            self.mothers.with_user(self.clinician).action_therapy_unlock()

    def test_auditors_change_nothing(self):
        auditor = new_test_user(
            self.env, "auditor", groups="therapy_billing.group_auditor"
        )
        self.mothers.with_user(auditor).read(["amount_total", "therapy_share_state"])
        for call in ("action_therapy_share", "action_therapy_unlock"):
            with self.assertRaises(AccessError, msg=call):
                getattr(self.mothers.with_user(auditor), call)()
        with self.assertRaises(AccessError):
            self.mothers.with_user(auditor).read(["access_code"])

    def test_codes_cannot_be_found_out_by_searching(self):
        self.mothers.sudo().access_code = "123456"
        for user in (self.mother_user, self.clinician):
            for domain in ([("access_code", "=like", "1%")],):
                with self.assertRaises(AccessError):
                    self.env["account.move"].with_user(user).search(domain)
            with self.assertRaises(AccessError):
                self.env["account.move"].with_user(user).search([], order="access_code")

    def test_accountants_without_the_billers_group_do_not_unlock(self):
        accountant = new_test_user(
            self.env, "accountant", groups="account.group_account_invoice"
        )
        with self.assertRaises(AccessError):
            self.mothers.with_user(accountant).action_therapy_unlock()

    def test_billers_share_and_unlock(self):
        self.mothers.with_user(self.biller).action_therapy_share()
        self.mothers.with_user(self.biller).action_therapy_unlock()

    def test_nobody_writes_tries_by_hand(self):
        for user in (self.biller, self.mother_user, self.clinician):
            Attempt = self.env["therapy.access.attempt"].with_user(user)
            with self.assertRaises(AccessError):
                Attempt.create(
                    {"at": "2026-01-01", "bill_key": "x", "address_key": "y"}
                )
            with self.assertRaises(AccessError):
                Attempt.search([]).unlink()
                Attempt.check_access("unlink")

    def test_only_billers_charge_a_payers_card_through_cores_dialog(self):
        accountant = new_test_user(
            self.env, "accountant", groups="account.group_account_invoice"
        )
        journal = self.company_data["default_journal_bank"]
        line = journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.demo
        )
        for user, error in ((accountant, AccessError), (self.biller, None)):
            register = (
                self.env["account.payment.register"]
                .with_user(user)
                .with_context(active_model="account.move", active_ids=self.mothers.ids)
                .create({"payment_method_line_id": line.id})
            )
            register.payment_token_id = self.card
            if error:
                with self.assertRaises(error):
                    register.action_create_payments()
            else:
                register.action_create_payments()
        self.assertEqual(
            self.env["payment.transaction"].search_count(
                [("invoice_ids", "in", self.mothers.ids)]
            ),
            1,
        )

    def test_only_billers_get_cores_payment_link(self):
        accountant = new_test_user(
            self.env, "accountant", groups="account.group_account_invoice"
        )
        Wizard = self.env["payment.link.wizard"].with_context(
            active_id=self.mothers.id, active_model="account.move"
        )
        vals = {
            "amount": 1.0,
            "res_model": "account.move",
            "res_id": self.mothers.id,
        }
        self.assertTrue(Wizard.with_user(self.biller).create(dict(vals)).link)
        with self.assertRaises(AccessError):
            Wizard.with_user(accountant).create(vals).link  # noqa: B018
