from odoo import fields, models

#: Whether payers are asked for a card on file, or must have one.
CARD_POLICIES = [
    ("asked", "Ask for it"),
    ("required", "Require it where the law allows"),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    therapy_link_hours = fields.Integer(
        string="Payment Links Are Valid for",
        default=24,
        required=True,
        help="Hours from sending, 1 to 168. Links that were sent keep their time.",
    )

    therapy_online_payment = fields.Boolean(
        string="Take Payments Online",
        default=True,
        help="Off: no page takes a payment, and no message offers it.",
    )
    therapy_share_attach = fields.Boolean(
        string="Attach the Bill",
        default=True,
        help="Off: messages that share a bill go without the PDF.",
    )
    therapy_auto_share = fields.Boolean(
        string="Share Bills by Themselves",
        help="When a billing run is done: credits first, then automatic payment, then "
        "a message about what is still due.",
    )
    therapy_quiet_from = fields.Float(
        string="No Text Messages from",
        default=21.0,
        help="In the payer's time zone, or the practice's.",
    )
    therapy_quiet_to = fields.Float(string="Until", default=8.0)

    therapy_card_policy = fields.Selection(
        CARD_POLICIES,
        string="Card on File",
        default="asked",
        required=True,
    )

    therapy_ask_expiring = fields.Boolean(
        string="Ask for a New Card in Time",
        default=True,
        help="30 days before a saved card ends, its payer gets a mail with the way to "
        "save another one; what was signed is asked for again.",
    )

    _quiet_hours_range = models.Constraint(
        "CHECK(therapy_quiet_from >= 0 AND therapy_quiet_from < 24"
        " AND therapy_quiet_to >= 0 AND therapy_quiet_to < 24)",
        "Quiet hours are hours of a day.",
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
