from odoo import models
from odoo.tools import email_normalize


class ResPartner(models.Model):
    """Giving payers a login, and taking it away."""

    _inherit = "res.partner"

    def action_therapy_invite(self):
        """Open the dialog that invites these payers, or the guarantors of patients.

        :return: window action
        :rtype: dict
        """
        return self.env["therapy.invite.wizard"]._get_action(self)

    def action_therapy_end_access(self):
        """End the logins of these payers at once: open pages stop working too.

        Logins of staff are left alone. An address for bills that waits for a word was
        asked for in such a login, so it ends too.

        :return: the green notice
        :rtype: dict
        :raise AccessError: if the user is no biller
        """
        self.env.user._therapy_check_biller()
        self.check_access("write")
        # sudo: billers may not write users; only portal users of these payers
        users_sudo = self.sudo().with_context(active_test=False).user_ids  # sudo: above
        users_sudo = users_sudo.filtered(lambda user: user.share and user.active)
        self.sudo().signup_type = False  # sudo: a field of the login
        users_sudo.active = False
        self.env["therapy.contact.change"]._therapy_drop(self)
        for user in users_sudo:
            user.partner_id.message_post(body=self.env._("Access to the portal ended."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s logins were ended.", count=len(users_sudo)
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _therapy_get_login_url(self, path, email="") -> str:
        """Return where this payer reaches a page that needs a login.

        Without an account, by way of making one: never for somebody whose access was
        ended, and never in what goes to another address than the payer's own, for a
        login belongs to a person.

        Note: self.ensure_one()

        :param str path: the page
        :param str email: where it is sent, normalized; empty = the payer's own address
        :return: absolute address
        :rtype: str
        """
        self.ensure_one()
        # sudo: looks for an account, also one that the practice ended
        payer_sudo = self.sudo().with_context(active_test=False)  # sudo: see above
        own = email_normalize(payer_sudo.email or "")
        if payer_sudo.user_ids or (email and email != own):
            return f"{self.get_base_url()}{path}"
        inviting = payer_sudo.with_context(signup_valid=True)
        return inviting._get_signup_url_for_action(url=path)[payer_sudo.id]
