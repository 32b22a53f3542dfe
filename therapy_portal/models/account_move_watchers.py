from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _therapy_get_link_watchers(self):
        """Return whom a payment through a link is told.

        Managers of the practice, and the rendering providers of the bill's sessions
        who are billers; nobody twice, and not who muted it.

        Note: self.ensure_one(); in sudo mode

        :return: active users
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        providers = self.session_share_ids.session_id.provider_id
        renderers = providers.user_ids.filtered(
            lambda user: (
                user.active
                and self.company_id in user.company_ids
                and user.has_group("therapy_billing.group_biller")
            )
        )
        users = self.company_id._therapy_get_managers() | renderers
        return users.filtered(lambda user: not user.therapy_mute_links)
