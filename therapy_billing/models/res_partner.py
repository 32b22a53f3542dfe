from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.therapy_billing.tools.npi import npi_ok

from .therapy_unit_rule import TIMED_METHODS

PHI_GROUPS = (
    "therapy_billing.group_clinician,"
    "therapy_billing.group_biller,"
    "therapy_billing.group_auditor"
)
MONEY_GROUPS = "therapy_billing.group_biller,therapy_billing.group_auditor"


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === ROLES === #
    is_patient = fields.Boolean(string="Patient", index=True, groups=PHI_GROUPS)
    is_insurer = fields.Boolean(string="Insurer", index=True)
    is_medicaid = fields.Boolean(
        string="Medicaid",
        groups=PHI_GROUPS,
        help="Pays no fee for missed sessions: the law forbids it.",
    )
    is_provider = fields.Boolean(string="Rendering Provider", index=True)

    # === PATIENT === #
    birthdate = fields.Date(string="Date of Birth", groups=PHI_GROUPS)
    therapy_last_name = fields.Char(
        string="Last Name",
        groups=PHI_GROUPS,
        help="With the first name and the date of birth it identifies a patient.",
    )
    therapy_first_name = fields.Char(string="First Name", groups=PHI_GROUPS)
    guarantor_ids = fields.One2many(
        "therapy.guarantor", "patient_id", string="Guarantors", groups=MONEY_GROUPS
    )
    coverage_ids = fields.One2many(
        "therapy.coverage", "patient_id", string="Coverages", groups=MONEY_GROUPS
    )
    therapy_session_ids = fields.One2many(
        "therapy.session", "patient_id", string="Sessions", groups=PHI_GROUPS
    )
    therapy_session_count = fields.Integer(
        string="Number of Sessions",
        compute="_compute_therapy_session_count",
        groups=PHI_GROUPS,
    )
    therapy_bill_ids = fields.One2many(
        "account.move", "patient_id", string="Bills", groups=MONEY_GROUPS
    )
    therapy_bill_count = fields.Integer(
        string="Number of Bills",
        compute="_compute_therapy_bill_count",
        groups=MONEY_GROUPS,
    )
    therapy_share_problem = fields.Char(
        string="Problem with the Shares",
        compute="_compute_therapy_share_problem",
        groups=MONEY_GROUPS,
    )

    # === PAYER === #
    responsible_for_ids = fields.One2many(
        "therapy.guarantor",
        "partner_id",
        string="Pays for",
        groups=MONEY_GROUPS,
    )

    therapy_unit_rule_id = fields.Many2one(
        "therapy.unit.rule",
        string="Unit Rule",
        ondelete="restrict",
        domain=[("method", "in", TIMED_METHODS)],
        groups=PHI_GROUPS,
        help="How this insurer counts timed services; empty: the service's own rule.",
    )

    # === PROVIDER === #
    npi = fields.Char(
        string="NPI",
        index="btree_not_null",
        help="National Provider Identifier, ten digits.",
    )

    # === COMPUTE METHODS === #

    @api.depends("therapy_session_ids")
    def _compute_therapy_session_count(self):
        """Count the sessions of each patient that the user may see."""
        counts = dict(
            self.env["therapy.session"]._read_group(
                [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
            )
        )
        for partner in self:
            partner.therapy_session_count = counts.get(partner, 0)

    @api.depends("therapy_bill_ids")
    def _compute_therapy_bill_count(self):
        """Count the bills of each patient, whoever pays them."""
        counts = dict(
            self.env["account.move"]._read_group(
                [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
            )
        )
        for partner in self:
            partner.therapy_bill_count = counts.get(partner, 0)

    @api.depends(
        "is_patient",
        "guarantor_ids.percent",
        "guarantor_ids.date_from",
        "guarantor_ids.date_to",
        "guarantor_ids.share_type",
        "guarantor_ids.fixed_amount",
        "guarantor_ids.company_id",
        "guarantor_ids.partner_id.active",
    )
    @api.depends_context("company")
    def _compute_therapy_share_problem(self):
        """Say why a patient's sessions of today could not be billed."""
        company = self.env.company
        today = company._therapy_local_date()
        for partner in self:
            rows = partner.guarantor_ids.filtered(lambda row: row.company_id == company)
            partner.therapy_share_problem = (
                partner.is_patient and rows._therapy_get_problem(today)
            ) or False

    # === CONSTRAINT METHODS === #

    @api.constrains("npi")
    def _check_npi(self):
        """Refuse an NPI whose check digit is wrong.

        :raise ValidationError: if the number is not a well-formed NPI
        """
        for partner in self:
            if partner.npi and not npi_ok(partner.npi):
                raise ValidationError(
                    self.env._(
                        "%(npi)s is not a National Provider Identifier: "
                        "ten digits with the right check digit.",
                        npi=partner.npi,
                    )
                )

    @api.constrains("parent_id")
    def _check_payer_stands_alone(self):
        """Refuse a parent company or household on anybody who pays bills (D3).

        Core books on the topmost partner and lets everybody below it see its bills,
        so two parents under one household would see and pay for each other.

        :raise ValidationError: if a payer has a parent
        """
        with_parent = self.filtered("parent_id")
        if with_parent and with_parent._therapy_filter_payers():
            raise ValidationError(
                self.env._(
                    "Somebody who pays therapy bills stands alone: "
                    "remove the company or household above the contact."
                )
            )

    # === BUSINESS METHODS === #

    def _therapy_filter_payers(self):
        """Return the partners who pay: guarantors, insurers, partners of bills.

        :return: the payers among these partners
        :rtype: recordset of `res.partner`
        """
        # sudo: whoever edits a contact need not see who pays for which patient.
        partners_sudo = self.sudo()  # sudo: see the line above
        payers = (
            partners_sudo.env["therapy.guarantor"]
            .search([("partner_id", "in", self.ids)])
            .partner_id
        )
        payers |= (
            partners_sudo.env["therapy.coverage"]
            .search([("insurer_id", "in", self.ids)])
            .insurer_id
        )
        bills = Domain("partner_id", "in", self.ids) & Domain(
            "is_therapy_bill", "=", True
        )
        payers |= partners_sudo.env["account.move"].search(bills).partner_id
        return self & payers.with_env(self.env)

    # === ACTION METHODS === #

    def action_view_therapy_sessions(self):
        """Open the sessions of the patient.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_session_action"
        )
        action["domain"] = [("patient_id", "=", self.id)]
        action["context"] = {"default_patient_id": self.id}
        return action

    def action_view_therapy_bills(self):
        """Open the bills of the patient, whoever pays them.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_bill_action"
        )
        action["domain"] = [("patient_id", "=", self.id)]
        return action
