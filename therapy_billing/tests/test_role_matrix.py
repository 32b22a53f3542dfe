from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import TherapyCommon
from .test_card_authorization import SIGNATURE

ROLES = (
    "guarantor",
    "other_guarantor",
    "other_clinician",
    "biller",
    "manager",
    "auditor",
    "foreign_biller",
)
OPERATIONS = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
#: What a role may do with the records of the family of one guarantor's bill. The first
#: guarantor, the other one, a clinician of other patients and another practice's biller
#: may do nothing but where it is said.
MATRIX = {
    # record: (biller, manager, auditor, guarantor)
    "therapy.guarantor": ("rwc", "rwcd", "r", ""),
    "therapy.coverage": ("rwc", "rwcd", "r", ""),
    "therapy.authorization": ("rwc", "rwcd", "r", ""),
    "therapy.authorization.line": ("rwcd", "rwcd", "r", ""),
    "therapy.rate": ("r", "rwcd", "r", ""),
    "therapy.absence.fee": ("r", "rwcd", "r", ""),
    "therapy.session": ("rwcd", "rwcd", "r", ""),
    "therapy.session.line": ("rwcd", "rwcd", "r", ""),
    "therapy.session.share": ("r", "r", "r", ""),
    "therapy.billing.run": ("rwc", "rwcd", "r", ""),
    "therapy.billing.run.problem": ("rwcd", "rwcd", "r", ""),
    "therapy.payment.allocation": ("r", "r", "r", ""),
    "therapy.card.authorization": ("rwc", "rwcd", "r", ""),
    "therapy.consent.text": ("r", "rwcd", "r", ""),
    "therapy.adjustment.reason": ("r", "rwcd", "r", ""),
    "therapy.access.log": ("", "r", "r", ""),
    "therapy.import": ("rwcd", "rwcd", "r", ""),
    "therapy.import.line": ("rwcd", "rwcd", "r", ""),
    "account.move": ("rwcd", "rwcd", "r", "r"),
    "account.payment": ("rwcd", "rwcd", "r", ""),
}


@tagged("post_install", "-at_install")
class TestRoleMatrix(TherapyCommon):
    """Who may do what with the records of one family (D3, P6)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other practice"})
        cls.users = {
            "guarantor": cls._create_user("rosa", "base.group_portal", cls.mother),
            "other_guarantor": cls._create_user(
                "omar", "base.group_portal", cls.father
            ),
            "other_clinician": cls._create_user(
                "sam", "therapy_billing.group_clinician"
            ),
            "biller": cls._create_user("biller", "therapy_billing.group_biller"),
            "manager": cls._create_user("manager", "therapy_billing.group_manager"),
            "auditor": cls._create_user("auditor", "therapy_billing.group_auditor"),
            "foreign_biller": cls._create_user(
                "foreign", "therapy_billing.group_biller", company=cls.other
            ),
        }

    @classmethod
    def _create_user(cls, login, groups, partner=None, company=None):
        company = company or cls.practice
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
            **({"partner_id": partner.id} if partner else {}),
        )

    def _make_family(self):
        """Return one record of each model, all about Kim or the mother."""
        env, kim, company = self.env, self.kim, self.practice
        authorization = env["therapy.authorization"].create(
            {
                "name": "A-1",
                "patient_id": kim.id,
                "payer_id": self.mother.id,
                "date_from": "2026-01-01",
                "date_to": "2026-12-31",
                "line_ids": [Command.create({"product_id": self.aba.id, "units": 9})],
            }
        )
        run = self._create_run()
        session = self._create_session(kim)
        run.action_generate()
        bill = run.move_ids.filtered(lambda move: move.partner_id == self.mother)
        payment = self._succeed(self._pay(bill, 10.0))
        open_try = self._pay(bill, 20.0)
        consent = env["therapy.card.authorization"].create(
            {
                "partner_id": self.mother.id,
                "text_id": env["therapy.consent.text"]
                .create(
                    {
                        "name": "Own words",
                        "body": "{covers} {limit}",
                        "company_id": company.id,
                    }
                )
                .id,
            }
        )
        card = self._create_token(partner_id=self.mother.id)
        consent._therapy_sign(SIGNATURE, "Rosa Ives", card, "paper")
        env["therapy.access.log"]._therapy_log(bill, "form")
        file = env["therapy.import"].create(
            {"kind": "payers", "company_id": company.id}
        )
        return {
            "therapy.guarantor": kim.guarantor_ids[0],
            "therapy.coverage": self.coverage,
            "therapy.authorization": authorization,
            "therapy.authorization.line": authorization.line_ids,
            "therapy.rate": env["therapy.rate"].create(
                {"product_id": self.talk.id, "patient_id": kim.id, "rate": 150.0}
            ),
            "therapy.absence.fee": env["therapy.absence.fee"].create(
                {
                    "name": "Missed",
                    "amount": 50.0,
                    "fee_product_id": self._create_service(False, 50.0).id,
                }
            ),
            "therapy.session": session,
            "therapy.session.line": session.line_ids,
            "therapy.session.share": bill.session_share_ids[:1],
            "therapy.billing.run": run,
            "therapy.billing.run.problem": env["therapy.billing.run.problem"].create(
                {"run_id": run.id, "session_id": session.id, "reason": "x"}
            ),
            "therapy.payment.allocation": open_try.therapy_allocation_ids,
            "therapy.card.authorization": consent,
            "therapy.consent.text": consent.text_id,
            "therapy.adjustment.reason": env["therapy.adjustment.reason"].create(
                {"kind": "writeoff", "name": "x", "company_id": company.id}
            ),
            "therapy.access.log": env["therapy.access.log"].search(
                [("res_id", "=", bill.id), ("model", "=", "account.move")], limit=1
            ),
            "therapy.import": file,
            "therapy.import.line": env["therapy.import.line"].create(
                {"import_id": file.id, "row_number": 1, "state": "rejected"}
            ),
            "account.move": bill,
            "account.payment": payment,
        }

    def test_the_matrix_of_roles_and_a_family_s_records(self):
        wrong = []
        for model, record in self._make_family().items():
            self.assertEqual((record._name, len(record)), (model, 1))
            biller, manager, auditor, guarantor = MATRIX[model]
            allowed = dict.fromkeys(ROLES, "")
            allowed |= {"biller": biller, "manager": manager, "auditor": auditor}
            allowed["guarantor"] = guarantor
            for role in ROLES:
                for letter, operation in OPERATIONS.items():
                    may = record.with_user(self.users[role]).has_access(operation)
                    if may != (letter in allowed[role]):
                        wrong.append((model, role, operation, may))
        self.assertFalse(wrong)

    def test_payers_and_strangers_have_no_model_of_ours(self):
        """Also of models that are in no matrix, and those of other addons."""
        for model in self.env.registry.values():
            if not model._name.startswith("therapy.") or model._abstract:
                continue
            for role in ("guarantor", "other_guarantor"):
                records = self.env[model._name].with_user(self.users[role])
                self.assertFalse(records.has_access("read"), (model._name, role))

    def test_another_practice_finds_nothing_of_the_family(self):
        self._make_family()
        user = self.users["foreign_biller"]
        for model in MATRIX:
            if model == "therapy.access.log":
                continue
            own = self.env[model].with_user(user).search([])
            if "company_id" in own:
                self.assertFalse(own.company_id - self.other, model)
