from odoo import models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _therapy_get_portal_bills_domain(self) -> Domain:
        """Return the bills this person may see in the portal: the own ones only.

        Note: self.ensure_one()

        :return: domain on `account.move`
        :rtype: Domain
        """
        self.ensure_one()
        return (
            Domain("partner_id", "=", self.id)
            & Domain("is_therapy_bill", "=", True)
            & Domain("state", "=", "posted")
            & Domain("claim_session_id", "=", False)
            & Domain("partner_id.is_insurer", "=", False)
        )

    def _therapy_get_portal_family(self) -> list[dict]:
        """Return the patients this person pays for, with the bills on this person.

        Note: self.ensure_one()

        :return: one dict per patient, by name: `patient` (record), `bills` (newest
            first), `open_bills`, `due` (in the company's currency)
        :rtype: list[dict]
        """
        self.ensure_one()
        Move_sudo = self.env["account.move"].sudo()  # sudo: own bills by the domain
        bills = Move_sudo.search(
            self._therapy_get_portal_bills_domain(), order="invoice_date desc, id desc"
        )
        Guarantor_sudo = self.env["therapy.guarantor"].sudo()  # sudo: own rows
        rows = Guarantor_sudo.search([("partner_id", "=", self.id)])
        today = self.env.company._therapy_local_date()
        patients = rows._therapy_filter_active(today).patient_id | bills.patient_id
        family = []
        for patient in patients.sorted(lambda p: (p.name or "", p.id)):
            own = bills.filtered(lambda move, who=patient: move.patient_id == who)
            open_bills = own.filtered(lambda move: move._therapy_can_be_shared())
            family.append(
                {
                    "patient": patient,
                    "bills": own,
                    "open_bills": open_bills,
                    "due": sum(open_bills.mapped("amount_residual_signed")),
                }
            )
        return family

    def _therapy_get_portal_credit(self, company) -> float:
        """Return what this person has paid beyond the bills, read from the ledger.

        Note: self.ensure_one()

        :param company: the practice, as `res.company`
        :return: amount in the company's currency, >= 0
        :rtype: float
        """
        self.ensure_one()
        domain = [
            ("partner_id", "=", self.id),
            ("company_id", "=", company.id),
            ("parent_state", "=", "posted"),
            ("account_id.account_type", "=", "asset_receivable"),
            ("reconciled", "=", False),
            ("balance", "<", 0),
        ]
        # sudo: payers may not read the ledger; only their own sum is taken
        Line = self.env["account.move.line"].sudo()  # sudo: see line above
        [(total,)] = Line._read_group(domain, aggregates=["amount_residual:sum"])
        return company.currency_id.round(-(total or 0.0))
