from odoo import fields, models


class ResCompany(models.Model):
    """Who is told when something waits for the practice."""

    _inherit = "res.company"

    therapy_desk_user_id = fields.Many2one(
        "res.users",
        string="Front Desk",
        domain="[('share', '=', False)]",
        help="Gets the activities about payers: requests, new cards, failed payments. "
        "Empty: the first biller of the practice.",
    )

    def _therapy_get_desk_user(self):
        """Return who is told when something waits for the practice.

        Note: self.ensure_one()

        :return: the front desk, else the first biller; empty if there is neither
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        # sudo: whoever causes an activity need not see users
        company_sudo = self.sudo()  # sudo: see the line above
        desk = company_sudo.therapy_desk_user_id
        if desk.active and self in desk.company_ids:
            return desk.sudo(False)
        billers = company_sudo.env.ref("therapy_billing.group_biller").all_user_ids
        own = billers.filtered(
            lambda user: user.active and not user.share and self in user.company_ids
        )
        people = own - company_sudo.env.ref("base.user_root")
        return people.sorted("id")[:1].sudo(False)
