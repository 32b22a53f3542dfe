from odoo import fields, models

from odoo.addons.therapy_billing.models.res_partner import MONEY_GROUPS


class ResPartner(models.Model):
    _inherit = "res.partner"

    therapy_online_payment = fields.Boolean(
        string="May Pay Online",
        # No groups: with a default they would keep everybody else from new contacts.
        default=True,
        help="Off: this payer's bills can be paid on no page, and no message offers "
        "it.",
    )
    therapy_share_sms = fields.Boolean(
        string="Text Messages about Bills",
        groups=MONEY_GROUPS,
        help="This payer agreed to text messages. They name practice, number, amount.",
    )

    def _therapy_get_share_channels(self) -> list[str]:
        """Return how this payer hears of a new bill.

        Note: self.ensure_one()

        :return: "email", and "sms" for who agreed to it
        :rtype: list[str]
        """
        self.ensure_one()
        wants_sms = self.sudo().therapy_share_sms  # sudo: jobs ask for it too
        return ["email", "sms"] if wants_sms else ["email"]
