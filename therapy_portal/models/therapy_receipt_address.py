from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from odoo.addons.therapy_billing.models.res_partner import MONEY_GROUPS
from odoo.addons.therapy_billing.tools.clock import now

from ..tools.links import hash_token, new_token

# The link in the mail that asks for confirmation works this long (days).
CONFIRM_DAYS = 7


class TherapyReceiptAddress(models.Model):
    """Where the receipts of a payer go. Each address is confirmed before the first.

    An address of the payer, or of a contact below the payer, counts at once. Any other
    gets one mail with a link; whoever reads that mailbox confirms it.
    """

    _name = "therapy.receipt.address"
    _description = "Address for Receipts"
    _order = "partner_id, id"
    _rec_name = "email"

    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, index=True, ondelete="cascade"
    )
    email = fields.Char(string="E-mail", required=True)
    state = fields.Selection(
        [("waiting", "Waiting for confirmation"), ("confirmed", "Confirmed")],
        required=True,
        readonly=True,
        default="waiting",
    )
    confirmed_at = fields.Datetime(readonly=True)
    asked_at = fields.Datetime(readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    token_hash = fields.Char(
        readonly=True, copy=False, groups="base.group_system", index="btree_not_null"
    )

    _once = models.UniqueIndex(
        "(partner_id, company_id, email)", "This address is listed already."
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Confirm the payer's own addresses, and ask for the others.

        :param list vals_list: values
        :return: the addresses
        :rtype: recordset of `therapy.receipt.address`
        :raise ValidationError: if one is no e-mail address
        """
        self.browse().check_access("create")
        prepared = []
        for vals in vals_list:
            email = email_normalize(vals.get("email") or "")
            if not email:
                raise ValidationError(
                    self.env._(
                        "“%(email)s” is not one e-mail address.",
                        email=vals.get("email") or "",
                    )
                )
            names = vals.keys() & {"partner_id", "company_id"}
            prepared.append({name: vals[name] for name in names} | {"email": email})
        addresses = super().create(prepared)
        for address in addresses:
            if address.email in address._get_own_emails():
                address._confirm()
            else:
                address.action_ask()
        return addresses

    def write(self, vals):
        """Refuse to turn a confirmed address into another one.

        :param dict vals: new values
        :return: True
        :raise ValidationError: if address, payer or state would change
        """
        if not self.env.su and set(vals) - {"company_id"}:
            raise ValidationError(
                self.env._("Remove the address and add the other one.")
            )
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _get_own_emails(self) -> set[str]:
        """Return the addresses that are known to be the payer's.

        Note: self.ensure_one()

        :return: normalized addresses of the payer and of contacts below
        :rtype: set[str]
        """
        self.ensure_one()
        people = self.partner_id | self.partner_id.child_ids
        return {email_normalize(who.email or "") for who in people} - {False}

    def _confirm(self):
        """Send receipts there from now on; the link is used up.

        :return: None
        """
        # sudo: confirmed by whoever reads the mailbox
        self.sudo().write(  # sudo: see line above
            {"state": "confirmed", "confirmed_at": now(), "token_hash": False}
        )

    @api.model
    def _find(self, token: str):
        """Return the address that a link confirms.

        :param str token: as it stands in the link
        :return: the address in sudo mode, possibly empty
        :rtype: recordset of `therapy.receipt.address`
        """
        since = now() - timedelta(days=CONFIRM_DAYS)
        # sudo: visitors have no rights; who holds the token may confirm
        Address_sudo = self.sudo()  # sudo: see line above
        return Address_sudo.search(
            [
                ("token_hash", "=", hash_token(token)),
                ("state", "=", "waiting"),
                ("asked_at", ">", since),
            ],
            limit=1,
        )

    def action_ask(self):
        """Send the mail that asks for confirmation, once more if need be.

        :return: True
        """
        self.check_access("write")
        template = self.env.ref("therapy_portal.mail_template_receipt_confirm")
        for address in self.filtered(lambda row: row.state == "waiting"):
            token = new_token()
            # sudo: nobody writes tokens by hand
            address.sudo().write(  # sudo: see line above
                {"token_hash": hash_token(token), "asked_at": now()}
            )
            url = f"{address.get_base_url()}/pay/receipts/{token}"
            template.with_context(therapy_url=url)._therapy_send(address, address.email)
        return True


class ResPartner(models.Model):
    _inherit = "res.partner"

    therapy_receipt_ids = fields.One2many(
        "therapy.receipt.address",
        "partner_id",
        string="Receipts Go to",
        groups=MONEY_GROUPS,
    )
