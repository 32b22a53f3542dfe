import secrets

from odoo import api, fields, models
from odoo.tools import email_normalize


class TherapyInviteWizardLine(models.TransientModel):
    """One person to invite."""

    _name = "therapy.invite.wizard.line"
    _description = "Person to Invite"

    wizard_id = fields.Many2one(
        "therapy.invite.wizard", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    email = fields.Char(
        compute="_compute_email", store=True, readonly=False, string="E-mail"
    )
    access = fields.Selection(
        [
            ("none", "No login"),
            ("invited", "Invited, never logged in"),
            ("active", "Has a login"),
        ],
        string="Login",
        compute="_compute_access",
    )
    problem = fields.Char(string="Not Invited Because", compute="_compute_problem")

    @api.depends("partner_id")
    def _compute_email(self):
        """Propose the payer's own address: the login belongs to a person."""
        for line in self:
            line.email = line.partner_id.email

    @api.depends("partner_id")
    def _compute_access(self):
        """Say whether the payer has a login."""
        for line in self:
            # sudo: billers may not read users
            users_sudo = line.partner_id.sudo().user_ids  # sudo: see line above
            if not users_sudo:
                line.access = "none"
            else:
                line.access = "active" if users_sudo[0].login_date else "invited"

    @api.depends("email", "access", "wizard_id.with_authorization")
    def _compute_problem(self):
        """Say why the payer is not invited."""
        # sudo: logins are unique over all people, also those a biller may not see
        Users_sudo = self.env["res.users"].sudo()  # sudo: see line above
        Users_sudo = Users_sudo.with_context(active_test=False)
        for line in self:
            login = email_normalize(line.email or "")
            taken = login and Users_sudo.search_count(
                [("login", "=", login), ("partner_id", "!=", line.partner_id.id)],
                limit=1,
            )
            if not login:
                line.problem = self.env._("No e-mail address.")
            elif taken:
                line.problem = self.env._("Somebody else logs in with this address.")
            elif line.access == "active" and not line.wizard_id.with_authorization:
                line.problem = self.env._("Has a login already.")
            elif line.partner_id.parent_id:
                line.problem = self.env._("Belongs to a company or household.")
            else:
                line.problem = False

    # === BUSINESS METHODS === #

    def _invite(self):
        """Make the login, or send the invitation again.

        Note: self.ensure_one()
        """
        self.ensure_one()
        if self.access == "active":
            return
        self._revive_login()
        Portal = self.env["portal.wizard"].with_context(
            active_ids=[], therapy_invite=True
        )
        portal = Portal.create({"partner_ids": [(6, 0, self.partner_id.ids)]})
        user = portal.user_ids.filtered(lambda row: row.partner_id == self.partner_id)
        user.email = self.email
        if user.is_portal:
            user.action_invite_again()
        else:
            user.action_grant_access()
        self.partner_id.message_post(
            body=self.env._("Invited to the portal: %(email)s", email=self.email)
        )

    def _revive_login(self):
        """Make a login that was ended one that can be invited again.

        Its old password does not come back to life, and a deletion that its owner had
        asked for does not strike the new one.

        Note: self.ensure_one()
        """
        self.ensure_one()
        # sudo: billers may not write users; only a payer's login that was ended
        partner_sudo = self.partner_id.sudo().with_context(active_test=False)  # sudo: ^
        ended_sudo = partner_sudo.user_ids.filtered(
            lambda user: user.share and not user.active
        )[:1]
        if not ended_sudo or partner_sudo.user_ids.filtered("active"):
            return
        deletions_sudo = ended_sudo.env["res.users.deletion"].search(
            [("user_id", "=", ended_sudo.id), ("state", "=", "todo")]
        )
        deletions_sudo.unlink()
        ended_sudo.write(
            {
                "active": True,
                "login": email_normalize(self.email),
                "password": secrets.token_urlsafe(32),
            }
        )

    def _request_authorization(self):
        """Ask for a card and a signature, unless one is waiting.

        Note: self.ensure_one()
        """
        self.ensure_one()
        wizard = self.wizard_id
        Authorization = self.env["therapy.card.authorization"]
        waiting = Authorization.search_count(
            [
                ("partner_id", "=", self.partner_id.id),
                ("state", "=", "requested"),
                ("company_id", "=", wizard.company_id.id),
            ],
            limit=1,
        )
        request = Authorization
        if not waiting:
            request = Authorization.create(
                {
                    "partner_id": self.partner_id.id,
                    "company_id": wizard.company_id.id,
                    "covers_visits": wizard.covers_visits,
                    "covers_balance": wizard.covers_balance,
                    "covers_absences": wizard.covers_absences,
                    "max_amount": wizard.max_amount,
                }
            )
        if self.access == "active" and request:
            request.action_send_request()
