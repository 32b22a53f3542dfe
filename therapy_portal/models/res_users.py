from odoo import fields, models


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
