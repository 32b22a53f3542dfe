from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize


class ResUsers(models.Model):
    _inherit = "res.users"

    therapy_mute_links = fields.Boolean(
        string="Mute Payment Links",
        help="No notice when a bill is paid with a payment link.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        """Override of `base`: everybody sees the own setting.

        :return: names of fields
        :rtype: list[str]
        """
        return [*super().SELF_READABLE_FIELDS, "therapy_mute_links"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        """Override of `base`: everybody changes the own setting.

        :return: names of fields
        :rtype: list[str]
        """
        return [*super().SELF_WRITEABLE_FIELDS, "therapy_mute_links"]

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: a payer's e-mail changes on the billing contact only.

        Core lets everybody change the e-mail of the own login by a remote call, and so
        send all bills elsewhere without anybody's word.

        :raise AccessError: if a payer's login changes its e-mail by itself
        """
        if "email" in vals and not self.env.su and self.env.user.share:
            new = email_normalize(vals["email"] or "")
            for user in self:
                old = email_normalize(user.email or "")
                if old and new != old and user.partner_id._therapy_filter_payers():
                    raise AccessError(
                        self.env._(
                            "Change the e-mail address for bills under My bills > "
                            "Billing contact."
                        )
                    )
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _therapy_check_biller(self):
        """Refuse whoever may not write to payers (P6).

        Note: self.ensure_one()

        :return: None
        :raise AccessError: if the user is not a biller
        """
        self.ensure_one()
        if not self.has_group("therapy_billing.group_biller"):
            raise AccessError(self.env._("Only billers may do this."))
