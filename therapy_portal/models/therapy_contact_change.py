import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from odoo.addons.therapy_billing.tools.clock import now

#: A new address waits this long for the word of the old one (hours).
CONFIRM_HOURS = 72
#: Open changes of one payer in a day; each sends an e-mail.
DAY_LIMIT = 5


class TherapyContactChange(models.Model):
    """A new e-mail address for bills that waits for the word of the old one.

    Whoever has taken over a login could otherwise send all bills elsewhere. Only the
    hash of the link's secret is kept.
    """

    _name = "therapy.contact.change"
    _description = "Change of a Billing Contact"
    _order = "id desc"

    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
    )
    old_email = fields.Char(required=True, readonly=True)
    new_email = fields.Char(required=True, readonly=True)
    token_hash = fields.Char(
        required=True, readonly=True, index=True, groups="base.group_system"
    )
    expires_at = fields.Datetime(required=True, readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("confirmed", "Confirmed"),
            ("replaced", "Replaced"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _therapy_start(self, partner, email) -> str:
        """Ask the old address whether bills may go to a new one.

        :param partner: the payer
        :param str email: the new address
        :return: where the question was sent
        :rtype: str
        :raise ValidationError: in words for the payer
        """
        new = email_normalize(email or "")
        old = partner._therapy_get_bill_email()
        if not new:
            raise ValidationError(self.env._("This is not an e-mail address."))
        since = now() - timedelta(days=1)
        changes_sudo = self.sudo()  # sudo: payers may not read changes
        recent = changes_sudo.search_count(
            [("partner_id", "=", partner.id), ("create_date", ">", since)]
        )
        if recent >= DAY_LIMIT:
            raise ValidationError(
                self.env._("Please wait until tomorrow, or call the practice.")
            )
        self._therapy_drop(partner)
        token = secrets.token_urlsafe(32)
        change = changes_sudo.create(
            {
                "partner_id": partner.id,
                "old_email": old,
                "new_email": new,
                "token_hash": self._hash(token),
                "expires_at": now() + timedelta(hours=CONFIRM_HOURS),
            }
        )
        template = changes_sudo.env.ref("therapy_portal.mail_template_contact_change")
        template.with_context(therapy_token=token)._therapy_send(change, old)
        return old

    @api.model
    def _therapy_drop(self, partners):
        """End the changes of these payers that wait.

        :param partners: the payers
        """
        changes_sudo = self.sudo()  # sudo: payers and billers may not write changes
        changes_sudo.search(
            [("partner_id", "in", partners.ids), ("state", "=", "waiting")]
        ).state = "replaced"

    @api.model
    def _therapy_find(self, token):
        """Return the change that a link stands for, if it can still be confirmed.

        A link says what to put in the place of the address that was asked. Where staff
        have entered another one meanwhile, it says nothing any more.

        :param str token: the secret of the link
        :return: the change in sudo mode, or none
        :rtype: recordset of `therapy.contact.change`
        """
        changes_sudo = self.sudo()  # sudo: the secret is the right
        change_sudo = changes_sudo.search(
            [
                ("token_hash", "=", self._hash(token or "")),
                ("state", "=", "waiting"),
                ("expires_at", ">", now()),
            ],
            limit=1,
        )
        partner_sudo = change_sudo.partner_id.with_company(change_sudo.company_id)
        if change_sudo and change_sudo.old_email != (
            partner_sudo._therapy_get_bill_email()
        ):
            return changes_sudo.browse()
        return change_sudo

    def _therapy_confirm(self):
        """Send bills to the new address from now on, and tell it so.

        Note: self.ensure_one(), from :meth:`_therapy_find`
        """
        self.ensure_one()
        self.lock_for_update()
        self.state = "confirmed"
        partner = self.partner_id
        partner._therapy_replace_bill_email(self.old_email, self.new_email)
        partner.message_post(
            body=self.env._(
                "Bills go to %(new)s instead of %(old)s; the old address agreed.",
                new=self.new_email,
                old=self.old_email,
            )
        )
        template = self.env.ref("therapy_portal.mail_template_contact_changed")
        template._therapy_send(self, self.new_email)

    @api.model
    def _hash(self, token) -> str:
        """Return what is stored of a secret.

        :param str token: the secret
        :rtype: str
        """
        return hashlib.sha256(token[:128].encode()).hexdigest()

    @api.autovacuum
    def _gc_changes(self):
        """Delete changes that nobody confirmed."""
        limit = now() - timedelta(days=30)
        self.search([("expires_at", "<", limit), ("state", "!=", "confirmed")]).unlink()
