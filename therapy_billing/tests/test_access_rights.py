import base64

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools.misc import file_open

from .common import TherapyCommon

ROLES = ("clinician", "biller", "manager", "auditor")
OPERATIONS = ("read", "write", "create", "unlink")

#: Letters of the operations each role may do: read, write, create, unlink.
MATRIX = {
    "therapy.session": {"clinician": "rwc", "biller": "rwcu", "auditor": "r"},
    "therapy.session.line": {"clinician": "rwcu", "biller": "rwcu", "auditor": "r"},
    "therapy.session.share": {"clinician": "", "biller": "r", "auditor": "r"},
    "therapy.payment.allocation": {"clinician": "", "biller": "r", "auditor": "r"},
    "therapy.guarantor": {
        "clinician": "",
        "biller": "rwc",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.coverage": {
        "clinician": "",
        "biller": "rwc",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.unit.rule": {
        "clinician": "r",
        "biller": "r",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.service.code": {
        "clinician": "r",
        "biller": "r",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.rate": {
        "clinician": "",
        "biller": "r",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.authorization": {
        "clinician": "",
        "biller": "rwc",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.authorization.line": {"clinician": "", "biller": "rwcu", "auditor": "r"},
    "therapy.billing.run": {
        "clinician": "",
        "biller": "rwc",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.billing.run.problem": {
        "clinician": "",
        "biller": "rwcu",
        "auditor": "r",
    },
    "therapy.adjustment.reason": {
        "clinician": "",
        "biller": "r",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.payment.wizard": {"clinician": "", "biller": "rwcu", "auditor": ""},
    "therapy.adjustment.wizard": {"clinician": "", "biller": "rwcu", "auditor": ""},
    "therapy.credit.transfer.wizard": {
        "clinician": "",
        "biller": "rwcu",
        "auditor": "",
    },
    "therapy.payment.correction.wizard": {
        "clinician": "",
        "biller": "rwcu",
        "auditor": "",
    },
    "therapy.consent.text": {
        "clinician": "",
        "biller": "r",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.card.authorization": {
        "clinician": "",
        "biller": "rwc",
        "manager": "rwcu",
        "auditor": "r",
    },
    "therapy.card.authorization.wizard": {
        "clinician": "",
        "biller": "rwcu",
        "auditor": "",
    },
    "therapy.import": {"clinician": "", "biller": "rwcu", "auditor": "r"},
    "therapy.import.line": {"clinician": "", "biller": "rwcu", "auditor": "r"},
}


@tagged("post_install", "-at_install")
class TestAccessRights(TherapyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls._create_user(role, f"therapy_billing.group_{role}")
            for role in ROLES
        }
        cls.users["portal"] = new_test_user(
            cls.env, "rosa", groups="base.group_portal", partner_id=cls.mother.id
        )
        cls.users["employee"] = cls._create_user("employee", "base.group_user")
        cls.clinician = cls.users["clinician"].partner_id
        cls.clinician.is_provider = True
        cls.own = cls._create_session(cls.kim)
        cls.foreign = cls._create_session(
            cls.ann,
            provider_id=cls.env["res.partner"]
            .create({"name": "Sam Rey", "is_provider": True})
            .id,
        )

    @classmethod
    def _create_user(cls, login, groups):
        user = new_test_user(cls.env, login, groups=groups)
        user.write(
            {
                "company_ids": [Command.set(cls.practice.ids)],
                "company_id": cls.practice.id,
            }
        )
        return user

    def test_the_matrix_of_roles_and_models(self):
        for model, roles in MATRIX.items():
            for role in ROLES:
                letters = roles.get(role, roles["biller"])
                for operation in OPERATIONS:
                    allowed = (
                        self.env[model]
                        .with_user(self.users[role])
                        .has_access(operation)
                    )
                    self.assertEqual(
                        allowed, operation[0] in letters, (model, role, operation)
                    )

    def test_portal_users_and_other_employees_see_nothing(self):
        for model in MATRIX:
            for name in ("portal", "employee"):
                Model = self.env[model].with_user(self.users[name])
                self.assertFalse(Model.has_access("read"), (model, name))

    def test_a_clinician_sees_own_sessions_only(self):
        Session = self.env["therapy.session"].with_user(self.users["clinician"])
        self.assertEqual(Session.search([]), self.own)
        self.assertEqual(Session.search_count([("id", "=", self.foreign.id)]), 0)
        with self.assertRaises(AccessError):
            Session.browse(self.foreign.id).read(["patient_id"])
        lines = self.env["therapy.session.line"].with_user(self.users["clinician"])
        self.assertEqual(lines.search([]), self.own.line_ids)
        with self.assertRaises(AccessError):
            self._create_foreign_session(self.users["clinician"])

    def _create_foreign_session(self, user):
        return (
            self.env["therapy.session"]
            .with_user(user)
            .create(
                {
                    "patient_id": self.ann.id,
                    "provider_id": self.foreign.provider_id.id,
                    "start": "2026-11-10 15:00:00",
                }
            )
        )

    def test_a_clinician_sees_no_amounts(self):
        user = self.users["clinician"]
        session = self.own.with_user(user)
        self.assertTrue(session.read(["patient_id", "date", "service_summary"]))
        for name in ("amount_total", "billing_state", "share_ids"):
            with self.assertRaises(AccessError):
                session.read([name])
        for name in ("rate", "amount"):
            with self.assertRaises(AccessError):
                session.line_ids.read([name])
        with self.assertRaises(AccessError):
            self.env["account.move"].with_user(user).search([])
        with self.assertRaises(AccessError):
            self.kim.with_user(user).read(["guarantor_ids"])

    def test_a_clinician_enters_and_holds_a_session(self):
        user = self.users["clinician"]
        session = (
            self.env["therapy.session"]
            .with_user(user)
            .create(
                {
                    "patient_id": self.kim.id,
                    "provider_id": user.partner_id.id,
                    "start": "2026-11-10 15:00:00",
                    "line_ids": [Command.create({"product_id": self.talk.id})],
                }
            )
        )
        session.action_set_held()
        self.assertCents(session.sudo().amount_total, 175.25)
        self.assertEqual(session.sudo().billing_state, "unbilled")

    def test_a_biller_bills_and_takes_back(self):
        user = self.users["biller"]
        run = (
            self.env["therapy.billing.run"]
            .with_user(user)
            .create({"date_from": "2026-11-01", "date_to": "2026-11-30"})
        )
        run.action_preview()
        run.action_generate()
        self.assertEqual(len(run.move_ids), 4)
        run.action_retract()
        self.assertFalse(run.move_ids.session_share_ids.filtered("live"))
        self.assertEqual(self.own.billing_state, "unbilled")

    def _import(self, role, kind):
        with file_open(f"therapy_billing/tests/data/{kind}.csv", "rb") as file:
            content = base64.b64encode(file.read())
        record = (
            self.env["therapy.import"]
            .with_user(self.users[role])
            .create({"kind": kind, "file": content})
        )
        record.action_import()
        return record

    def test_services_are_the_managers_and_people_and_sessions_the_billers(self):
        with self.assertRaisesRegex(AccessError, "Only managers can import services"):
            self._import("biller", "services")
        self.assertTrue(self._import("manager", "services").row_count)
        self._import("biller", "payers")
        self._import("biller", "schedule")
        lou = self.env["res.partner"].search([("name", "=", "Lou Ives")])
        self.assertTrue(lou.guarantor_ids and lou.coverage_ids)
        self.assertEqual(lou.therapy_session_ids.mapped("external_id"), ["S-2"])
        with self.assertRaises(AccessError):
            self._import("clinician", "payers")

    def test_an_auditor_reads_bills_and_changes_nothing(self):
        user = self.users["auditor"]
        bill = self._bill()[0].with_user(user)
        self.assertTrue(bill.read(["amount_total", "patient_id"]))
        with self.assertRaises(AccessError):
            bill.write({"ref": "changed"})
        with self.assertRaises(AccessError):
            self._create_foreign_session(user)
        with self.assertRaises(AccessError):
            (
                self.env["therapy.billing.run"]
                .with_user(user)
                .create({"date_from": "2026-11-01", "date_to": "2026-11-30"})
            )

    def test_who_is_a_patient_is_not_told_to_other_employees(self):
        kim = self.kim.with_user(self.users["employee"])
        self.assertTrue(kim.read(["name"]))
        hidden = ("is_patient", "is_medicaid", "birthdate", "guarantor_ids")
        for name in (*hidden, "coverage_ids"):
            with self.assertRaises(AccessError):
                kim.read([name])
            with self.assertRaises(AccessError):
                kim.search([(name, "!=", False)])
        with self.assertRaises(AccessError):
            kim.with_user(self.users["portal"]).read(["birthdate"])

    def test_a_button_is_shown_to_who_may_press_it(self):
        buttons = (
            ("therapy.session", "therapy_session_view_form", "action_set_", "auditor"),
            ("therapy.session", "therapy_session_view_list", "action_set_", "auditor"),
            ("therapy.session", "therapy_session_view_kanban", "action_set", "auditor"),
            (
                "therapy.session",
                "therapy_session_day_view_list",
                "action_set",
                "auditor",
            ),
            (
                "therapy.service.code",
                "therapy_service_code_view_list",
                "action_create_services",
                "biller",
            ),
        )
        for model, name, button, role in buttons:
            view = self.env.ref(f"therapy_billing.{name}")
            for user, shown in ((role, False), ("manager", True)):
                Model = self.env[model].with_user(self.users[user])
                arch = Model.get_view(view.id, view.type)["arch"]
                self.assertEqual(f'name="{button}' in arch, shown, (name, user))

    def test_an_auditor_finds_the_lists_of_configuration(self):
        Menu = self.env["ir.ui.menu"].with_user(self.users["auditor"])
        for name in ("therapy_configuration_menu", "therapy_card_refusal_menu"):
            menu = self.env.ref(f"therapy_billing.{name}")
            self.assertIn(menu.id, Menu._visible_menu_ids(), name)

    def test_a_dialog_is_for_who_opened_it(self):
        other = self._create_user("second", "therapy_billing.group_biller")
        payment = {
            "partner_id": self.mother.id,
            "amount": 5.0,
            "company_id": self.practice.id,
            "currency_id": self.usd.id,
        }
        for model, vals in (
            ("therapy.payment.wizard", payment),
            ("therapy.family", {}),
        ):
            dialog = self.env[model].with_user(self.users["biller"]).create(vals)
            self.assertTrue(dialog.has_access("write"), model)
            self.assertFalse(dialog.with_user(other).has_access("read"), model)

    def test_an_employee_without_a_role_edits_other_contacts(self):
        group = self.env.ref("base.group_partner_manager")
        user = self.users["employee"]
        user.group_ids += group
        contact = self.env["res.partner"].with_user(user).create({"name": "Someone"})
        contact.write({"parent_id": self.partner_a.id, "email": "x@example.com"})
        self.assertEqual(contact.parent_id, self.partner_a)

    def test_companies_are_apart(self):
        other = self.env["res.company"].create({"name": "Other practice"})
        user = self.users["manager"]
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        bill = self._bill()[0]
        for model, record in (
            ("therapy.session", self.own),
            ("therapy.session.line", self.own.line_ids),
            ("therapy.session.share", bill.session_share_ids),
            ("therapy.guarantor", self.kim.guarantor_ids),
            ("therapy.coverage", self.coverage),
            ("therapy.billing.run", bill.therapy_run_id),
        ):
            Model = self.env[model].with_user(user)
            self.assertFalse(Model.search([("id", "in", record.ids)]), model)
