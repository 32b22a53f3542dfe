from odoo import api, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    """An insurer owes on a receivable account of its own kind."""

    _inherit = "res.partner"

    @api.constrains("is_insurer")
    def _check_insurer_stays(self):
        """Keep insurers and people who pay apart (P6).

        An insurer's bills name the services. Of a partner that is none any more they
        could be sent to anybody's mailbox.

        :raise ValidationError: if a guarantor becomes an insurer, or an insurer of
            patients becomes none
        """
        # sudo: whoever edits contacts may not know who pays.
        env_sudo = self.sudo().env  # sudo: see the line above
        insurers = self.filtered("is_insurer")
        others = self - insurers
        if insurers and env_sudo["therapy.guarantor"].search_count(
            [("partner_id", "in", insurers.ids)], limit=1
        ):
            raise ValidationError(
                self.env._("Somebody who pays for a patient is no insurer.")
            )
        if others and (
            env_sudo["therapy.coverage"].search_count(
                [("insurer_id", "in", others.ids)], limit=1
            )
            or env_sudo["account.move"].search_count(
                [("partner_id", "in", others.ids), ("claim_session_id", "!=", False)],
                limit=1,
            )
        ):
            raise ValidationError(
                self.env._("Patients are insured here, so it stays an insurer.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Give new insurers the receivable account of insurers.

        :param list vals_list: values of the partners
        :return: the partners
        :rtype: recordset of `res.partner`
        """
        partners = super().create(vals_list)
        insurers = partners.filtered("is_insurer")
        self.env.company._therapy_assign_insurance_account(insurers)
        return partners

    def write(self, vals):
        """Give partners that become insurers the receivable account of insurers.

        :param dict vals: the values
        :return: True
        """
        result = super().write(vals)
        if vals.get("is_insurer"):
            self.env.company._therapy_assign_insurance_account(self)
        return result
