from odoo import api, models


class ResPartner(models.Model):
    """An insurer owes on a receivable account of its own kind."""

    _inherit = "res.partner"

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
