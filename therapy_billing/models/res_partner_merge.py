from odoo import models
from odoo.exceptions import UserError

from odoo.addons.therapy_billing.tools import rows


class ResPartner(models.Model):
    """Which contacts may not become one (D3)."""

    _inherit = "res.partner"

    def _therapy_check_merge(self):
        """Refuse to melt two payers, two patients, or a payer and another patient.

        A payer is not put under a company or household either: core would move the
        bills to the contact there, and let the others of the household see them.

        :raise UserError: with the two who must stay apart; without names for those
            who may not know who is a patient
        """
        # sudo: whoever merges contacts may not know who is a patient.
        partners_sudo = self.sudo()  # sudo: see the line above
        payers = partners_sudo._therapy_filter_payers()
        # Two people's cards would become those of one, each the default.
        Token_sudo = partners_sudo.env["payment.token"].with_context(active_test=False)
        payers |= Token_sudo.search([("partner_id", "in", self.ids)]).partner_id
        patients = partners_sudo.filtered("is_patient")
        people = payers | patients
        names = {rows.fold(partner.name or "") for partner in people}
        households = partners_sudo.parent_id if payers else payers
        mixed = len(payers) > 1 or len(patients) > 1 or len(names) > 1
        if not mixed and not households:
            return
        if not self.env.user.has_group("therapy_billing.group_biller"):
            raise UserError(
                self.env._(
                    "These contacts have bills or sessions that must stay apart, so "
                    "they are not merged. Ask a biller of the practice."
                )
            )
        if len(payers) > 1:
            text = self.env._(
                "%(first)s and %(second)s both pay for treatment. Their bills and "
                "payments would become those of one person, so they are not merged. "
                "Archive the contact that is not needed.",
                first=payers[0].name,
                second=payers[1].name,
            )
        elif len(patients) > 1:
            text = self.env._(
                "%(first)s and %(second)s are both patients. Their sessions and bills "
                "would be mixed, so they are not merged. Archive the contact that is "
                "not needed.",
                first=patients[0].name,
                second=patients[1].name,
            )
        elif not mixed:
            text = self.env._(
                "Somebody who pays therapy bills stands alone: "
                "remove the company or household above the contact."
            )
        else:
            text = self.env._(
                "%(payer)s pays for treatment and %(patient)s is a patient, and they "
                "have different names. They are not merged: each has bills and "
                "sessions of their own.",
                payer=payers.name,
                patient=patients.name,
            )
        raise UserError(text)

    def _therapy_mend_own_rows(self):
        """Make guarantor rows of one's own sessions say so, after a merge.

        :return: None
        """
        # sudo: whoever merges contacts may not read who pays.
        rows_sudo = self.sudo().guarantor_ids.filtered(  # sudo: see the line above
            lambda row: row.partner_id == row.patient_id and row.role != "self"
        )
        rows_sudo.role = "self"
