from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.clock import now

from ..tools.links import hash_token, new_token

# A payer may ask for a new link this often (hours).
ASK_AGAIN_HOURS = 1


class TherapyPayLink(models.Model):
    """A link that pays one bill, for some hours, without a login (P4).

    The token is in the mail and nowhere else: only its SHA-256 is kept. Opening the
    link uses nothing up. It ends at a second, when a payment made through it is done or
    pending, and when a newer link is sent for the bill. No provider is named.
    """

    _name = "therapy.pay.link"
    _description = "Payment Link"
    _order = "id desc"
    _rec_name = "move_id"
    _check_company_auto = True

    move_id = fields.Many2one(
        "account.move",
        string="Bill",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_residual = fields.Monetary(related="move_id.amount_residual", string="Due")
    payer_id = fields.Many2one(related="move_id.partner_id", string="Bill's Payer")
    partner_id = fields.Many2one(
        "res.partner",
        string="Sent to",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Who got the link, and is noted as the one who paid.",
    )
    is_third_party = fields.Boolean(
        readonly=True,
        help="The page shows amount and reference only.",
    )
    email = fields.Char(string="E-mail", required=True, readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Sent by",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    sent_at = fields.Datetime(string="Sent on", required=True, readonly=True)
    expires_at = fields.Datetime(string="Valid until", required=True, readonly=True)
    token_hash = fields.Char(
        required=True, readonly=True, copy=False, groups="base.group_system"
    )
    state = fields.Selection(
        [
            ("live", "Sent"),
            ("used", "Paid with"),
            ("replaced", "Replaced by a newer link"),
            ("revoked", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="live",
    )
    status = fields.Selection(
        [
            ("sending", "Sending"),
            ("failed", "Not delivered"),
            ("live", "Valid"),
            ("expired", "Expired"),
            ("used", "Paid with"),
            ("replaced", "Replaced"),
            ("revoked", "Withdrawn"),
        ],
        compute="_compute_status",
    )
    mail_id = fields.Many2one(
        "mail.mail",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="base.group_system",
    )
    transaction_ids = fields.One2many(
        "payment.transaction", "therapy_pay_link_id", string="Payments", readonly=True
    )
    asked_at = fields.Datetime(string="New Link Asked for", readonly=True)
    announced = fields.Boolean(
        readonly=True, help="The practice was told of the payment."
    )

    _token_unique = models.UniqueIndex("(token_hash)")
    _one_live = models.UniqueIndex(
        "(move_id) WHERE state = 'live'", "A newer link was sent at this moment."
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "expires_at", "mail_id.state")
    def _compute_status(self):
        """Say what the link is good for at this second."""
        for link in self:
            # sudo: mails are for administrators, only the state is taken
            state = link.sudo().mail_id._therapy_get_state()  # sudo: see line above
            if link.state != "live":
                link.status = link.state
            elif not link._is_open():
                link.status = "expired"
            else:
                link.status = "live" if state == "gone" else state

    # === ACTION METHODS === #

    def action_revoke(self):
        """Make links useless at once.

        :return: None
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        self.filtered(lambda link: link.state == "live")._end("revoked")

    def action_send_again(self):
        """Open the dialog that sends a new link for the bills.

        :return: the action of the dialog
        :rtype: dict
        """
        return self.move_id.action_therapy_send_link()

    # === BUSINESS METHODS === #

    @api.model
    def _issue(self, move, partner, email: str, third_party: bool = False):
        """Make a new link for a bill; the one before dies at once.

        :param move: the bill
        :param partner: who gets the link, as `res.partner`
        :param str email: where it is sent
        :param bool third_party: whether the page shows amount and reference only
        :return: (the link in sudo mode, its token, which is kept nowhere)
        :rtype: tuple[recordset of `therapy.pay.link`, str]
        :raise AccessError: if the user is not a biller
        """
        self.env.user._therapy_check_biller()
        move.check_access("write")
        # Two links sent at once for one bill: one after the other.
        move.lock_for_update(allow_referencing=True)
        # sudo: nobody writes links by hand
        Link_sudo = self.sudo()  # sudo: see line above
        Link_sudo.search([("move_id", "=", move.id), ("state", "=", "live")])._end(
            "replaced"
        )
        token, sent_at = new_token(), now()
        link_sudo = Link_sudo.create(
            {
                "move_id": move.id,
                "partner_id": partner.id,
                "is_third_party": third_party,
                "email": email,
                "user_id": self.env.uid,
                "sent_at": sent_at,
                "expires_at": sent_at
                + timedelta(hours=move.company_id.therapy_link_hours),
                "token_hash": hash_token(token),
            }
        )
        return link_sudo, token

    @api.model
    def _find(self, token: str):
        """Return the link of a token, of whatever state.

        :param str token: as it stands in the address
        :return: the link in sudo mode, or an empty recordset
        :rtype: recordset of `therapy.pay.link`
        """
        # sudo: visitors have no rights on links; who holds the token may use it
        Link_sudo = self.sudo()  # sudo: see line above
        return Link_sudo.search([("token_hash", "=", hash_token(token))], limit=1)

    def _is_open(self) -> bool:
        """Tell whether a payment may be started through this link now.

        Note: self.ensure_one() or empty

        :return: whether it is live and its time is not over, to the second
        :rtype: bool
        """
        return bool(self) and self.state == "live" and now() < self.expires_at

    def _end(self, state: str):
        """End links for ever, and take back the mails that were not sent yet.

        :param str state: why: "used", "replaced" or "revoked"
        :return: None
        """
        links_sudo = self.sudo()  # sudo: nobody writes links by hand
        links_sudo.write({"state": state})
        # The index on live links must know before a newer one is inserted.
        links_sudo.flush_recordset(["state"])
        links_sudo.mail_id.filtered(lambda mail: mail.state != "sent").unlink()

    def _ask_for_new(self):
        """Tell the practice that whoever holds this link wants a new one.

        Once an hour per link, and once per bill while nobody has answered. The one who
        asks learns nothing of it.

        Note: self.ensure_one() or empty; in sudo mode

        :return: None
        """
        move = self.move_id
        if not self or not move._therapy_can_be_shared():
            return
        self.lock_for_update()
        again = self.asked_at and self.asked_at + timedelta(hours=ASK_AGAIN_HOURS)
        activity_type = self.env.ref("therapy_portal.mail_activity_new_link")
        waiting = move.activity_ids.filtered(
            lambda activity: activity.activity_type_id == activity_type
        )
        if waiting or (again and now() < again):
            return
        self.asked_at = now()
        move.activity_schedule(
            activity_type_id=activity_type.id,
            summary=self.env._("A new payment link is asked for"),
            note=self.env._("It was sent to %(email)s before.", email=self.email),
            user_id=self._get_answerer().id,
        )

    def _get_answerer(self):
        """Return who answers for this link: its sender, or another biller.

        Note: self.ensure_one()

        :return: a user who may send links
        :rtype: recordset of `res.users`
        """
        self.ensure_one()
        for user in self.user_id | self.move_id.invoice_user_id:
            if user.active and user.has_group("therapy_billing.group_biller"):
                return user
        return self.company_id._therapy_get_desk_user() or self.user_id
