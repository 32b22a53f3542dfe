from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    therapy_link_hours = fields.Integer(
        string="Payment Links Are Valid for",
        default=24,
        required=True,
        help="Hours from sending, 1 to 168. Links that were sent keep their time.",
    )

    _link_hours_range = models.Constraint(
        "CHECK(therapy_link_hours BETWEEN 1 AND 168)",
        "A payment link is valid for 1 to 168 hours.",
    )

    def _therapy_get_managers(self):
        """Return the managers of the practice.

        Note: self.ensure_one()

        :return: active users with this company, without system users
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        group = self.env.ref("therapy_billing.group_manager")
        # sudo: looks for users, for visitors too
        Users_sudo = self.env["res.users"].sudo()  # sudo: see line above
        return Users_sudo.search(
            [
                ("all_group_ids", "in", group.ids),
                ("company_ids", "in", self.ids),
                ("share", "=", False),
            ],
            order="id",
        )
