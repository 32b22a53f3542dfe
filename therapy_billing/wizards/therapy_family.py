from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class TherapyFamily(models.TransientModel):
    """One page for a family: who is treated, who pays which part, who is insured.

    Nothing is kept here: the rows are the patients' own, and changed on them.
    """

    _name = "therapy.family"
    _description = "Family"

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    date = fields.Date(
        string="Shares On",
        required=True,
        default=lambda self: self.env.company._therapy_local_date(),
        help="The day of service for which the summary shows who pays.",
    )
    patient_ids = fields.Many2many(
        "res.partner", "therapy_family_patient_rel", string="Patients"
    )
    payer_ids = fields.Many2many(
        "res.partner", string="Payers", compute="_compute_payer_ids"
    )
    guarantor_ids = fields.Many2many(
        "therapy.guarantor", "therapy_family_guarantor_rel", string="Who Pays"
    )
    coverage_ids = fields.Many2many(
        "therapy.coverage", "therapy_family_coverage_rel", string="Insurance"
    )
    summary = fields.Html(compute="_compute_summary", sanitize=False)
    has_copies = fields.Boolean(compute="_compute_has_copies")

    # === COMPUTE METHODS === #

    @api.depends("patient_ids", "guarantor_ids")
    def _compute_name(self):
        """Name the family by its patients."""
        for family in self:
            family.name = ", ".join(
                patient.name for patient in family.patient_ids if patient.name
            ) or self.env._("New family")

    @api.depends("guarantor_ids.partner_id")
    def _compute_payer_ids(self):
        """List everybody who pays."""
        for family in self:
            family.payer_ids = family.guarantor_ids.partner_id

    @api.depends("patient_ids", "guarantor_ids.patient_id")
    def _compute_has_copies(self):
        """Tell whether a patient has no payers yet and another one's can be copied."""
        for family in self:
            paid_for = family.guarantor_ids.patient_id
            family.has_copies = paid_for and family.patient_ids - paid_for

    @api.depends(
        "date",
        "patient_ids",
        "patient_ids.name",
        "guarantor_ids",
        "guarantor_ids.patient_id",
        "guarantor_ids.partner_id",
        "guarantor_ids.share_type",
        "guarantor_ids.percent",
        "guarantor_ids.fixed_amount",
        "guarantor_ids.date_from",
        "guarantor_ids.date_to",
        "guarantor_ids.bill_email",
        "coverage_ids",
        "coverage_ids.patient_id",
        "coverage_ids.insurer_id",
        "coverage_ids.copay",
    )
    def _compute_summary(self):
        """Show patients x payers on the chosen day, and what is missing."""
        for family in self:
            family.summary = self.env["ir.qweb"]._render(
                "therapy_billing.family_summary", family._get_summary()
            )

    def _get_summary(self) -> dict:
        """Return what the summary shows.

        Note: self.ensure_one()

        :return: payers and a row per patient
        :rtype: dict
        """
        self.ensure_one()
        active = self.guarantor_ids._therapy_filter_active(self.date)
        payers = active.partner_id
        rows = []
        for patient in self.patient_ids:
            own = active.filtered(lambda row, p=patient: row.patient_id == p)
            plan = self.coverage_ids.filtered(
                lambda row, p=patient: row.patient_id == p
            )._therapy_filter_active(self.date)
            rows.append(
                {
                    "patient": patient,
                    "cells": [
                        own.filtered(lambda row, p=payer: row.partner_id == p)
                        for payer in payers
                    ],
                    "coverage": plan,
                    "problem": own._therapy_get_problem(self.date),
                }
            )
        return {"payers": payers, "rows": rows}

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Keep the shares of the family right.

        :param list vals_list: values
        :return: the pages
        :rtype: recordset of `therapy.family`
        """
        families = super().create(vals_list)
        if not self.env.context.get("therapy_only_shown"):
            families._check_family()
        return families

    def write(self, vals):
        """Keep the shares of the family right.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        if {"patient_ids", "guarantor_ids", "coverage_ids"} & set(vals):
            self._check_family()
        return result

    def _check_family(self):
        """Refuse shares that do not add up; new patients are patients.

        :raise ValidationError: with the patient, the day and what is missing
        """
        for family in self:
            unmarked = family.patient_ids.filtered(lambda p: not p.is_patient)
            if unmarked:
                unmarked.is_patient = True
            # The patients have rows that were just made here.
            family.patient_ids.invalidate_recordset(["guarantor_ids", "coverage_ids"])
            family.patient_ids._check_shares_add_up()
            patients = family.guarantor_ids.patient_id | family.coverage_ids.patient_id
            if outside := patients - family.patient_ids:
                raise UserError(
                    self.env._(
                        "%(name)s is not a patient of this family.",
                        name=outside[0].name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _create_for(self, partner):
        """Return the page of a patient's or payer's family.

        :param partner: the `res.partner`
        :return: the page
        :rtype: recordset of `therapy.family`
        """
        patients, _payers = partner._therapy_get_family()
        # The page shows who pays for each of them (P7).
        self.env["therapy.access.log"]._therapy_log(patients, "form")
        own = [("company_id", "=", self.env.company.id)]
        vals = {
            "patient_ids": [Command.set(patients.ids)],
            "guarantor_ids": [
                Command.set(patients.guarantor_ids.filtered_domain(own).ids)
            ],
            "coverage_ids": [
                Command.set(patients.coverage_ids.filtered_domain(own).ids)
            ],
        }
        # Looking changes nothing: shares that do not add up (an import leaves them) are
        # shown here with what is missing, and refused when the page is saved.
        return self.with_context(therapy_only_shown=True).create([vals])

    def _get_action(self) -> dict:
        """Return the action that shows this page.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Family"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def action_copy_shares(self):
        """Give the patients who have no payers the payers and shares of the first one.

        Note: self.ensure_one()

        :return: True
        """
        self.ensure_one()
        paid_for = self.patient_ids & self.guarantor_ids.patient_id
        today = self.company_id._therapy_local_date()
        rows = self.guarantor_ids.filtered(
            lambda row: (
                row.patient_id == paid_for[:1]
                and row.partner_id != row.patient_id
                and (not row.date_to or row.date_to >= today)
            )
        )
        vals_list = [
            {**row.copy_data()[0], "patient_id": patient.id}
            for patient in self.patient_ids - paid_for
            for row in rows
        ]
        self.write({"guarantor_ids": [Command.create(vals) for vals in vals_list]})
        return True
