from odoo import api, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    """Shares add up when they are entered on a patient or a family (M1)."""

    _inherit = "res.partner"

    @api.constrains("guarantor_ids")
    def _check_shares_add_up(self):
        """Refuse shares of which a part is missing or too much.

        Rows that are written one by one, by an import say, are checked when a session
        is billed.

        :raise ValidationError: with the day and what is missing
        """
        for patient in self:
            for company in patient.guarantor_ids.company_id:
                rows = patient.guarantor_ids.filtered(
                    lambda row, company=company: row.company_id == company
                )
                problem = rows.with_company(company)._therapy_get_problem_over_time()
                if problem:
                    raise ValidationError(
                        self.env._(
                            "%(patient)s: %(problem)s",
                            patient=patient.name,
                            problem=problem,
                        )
                    )

    def _therapy_get_family(self):
        """Return the patients who share a guarantor, directly or through others.

        :return: patients by name, and their guarantors by first row
        :rtype: tuple
        """
        Guarantor = self.env["therapy.guarantor"]
        patients = self.filtered("is_patient")
        payers = self
        rows = Guarantor.browse()
        while True:
            found = Guarantor.search(
                [
                    ("company_id", "=", self.env.company.id),
                    "|",
                    ("patient_id", "in", patients.ids),
                    ("partner_id", "in", payers.ids),
                ]
            )
            if found == rows:
                break
            rows = found
            patients |= rows.patient_id
            # An agency pays for many families, which makes them no family of theirs.
            payers |= rows.partner_id.filtered(lambda payer: not payer.is_company)
        return patients.sorted(lambda p: (p.birthdate or p.create_date.date(), p.id)), (
            rows.sorted(lambda row: (row.sequence, row.id)).partner_id
        )

    def action_view_therapy_family(self):
        """Open the page of the family: patients, payers and shares.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return self.env["therapy.family"]._create_for(self)._get_action()
