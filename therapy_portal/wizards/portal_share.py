from odoo import api, models


class PortalShare(models.TransientModel):
    """Core's dialog that mails a link to a document, and shows it."""

    _inherit = "portal.share"

    @api.model
    def default_get(self, fields):
        """Override of `portal`: only billers get links to therapy bills (P6).

        :param list fields: names of fields
        :return: values
        :rtype: dict
        :raise AccessError: if the user is not a biller
        """
        context = self.env.context
        self._therapy_check_share(
            context.get("active_model"), context.get("active_id") or 0
        )
        return super().default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `portal`: only billers get links to therapy bills (P6).

        :param list vals_list: values
        :return: the dialogs
        :rtype: recordset of `portal.share`
        :raise AccessError: if the user is not a biller
        """
        wizards = super().create(vals_list)
        for wizard in wizards:
            self._therapy_check_share(wizard.res_model, wizard.res_id)
        return wizards

    @api.model
    def _therapy_check_share(self, model, number):
        """Refuse links to therapy bills to whoever is no biller.

        :param str model: model of the document
        :param int number: its id
        :raise AccessError: if the user is not a biller
        """
        if model != "account.move" or self.env.su:
            return
        # sudo: the answer is the same whether the user may read it or not.
        move_sudo = self.env[model].browse(number).sudo().exists()  # sudo: above
        if move_sudo.is_therapy_bill:
            self.env.user._therapy_check_biller()
