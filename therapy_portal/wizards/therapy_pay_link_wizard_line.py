from odoo import api, fields, models
from odoo.tools import email_normalize

# Stands in the preview where the mail has the link, which is made when it is sent.
PREVIEW_LINK = "/pay/…"


class TherapyPayLinkWizardLine(models.TransientModel):
    """One bill of the dialog: who gets its link, and what they will read."""

    _name = "therapy.pay.link.wizard.line"
    _inherit = ["therapy.send.wizard.line.mixin"]
    _description = "Payment Link to Send"

    wizard_id = fields.Many2one(
        "therapy.pay.link.wizard", required=True, index=True, ondelete="cascade"
    )
    candidate_ids = fields.Many2many("res.partner", compute="_compute_candidate_ids")
    recipient_id = fields.Many2one(
        "res.partner",
        string="Send to",
        compute="_compute_recipient_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', candidate_ids)]",
        help="The bill's payer, another person responsible for the patient, or the "
        "patient: whoever has an e-mail address.",
    )
    to_other = fields.Boolean(
        string="Send to somebody else",
        help="Another person pays. The page shows this person amount and reference "
        "only, and the payment names the person.",
    )
    other_name = fields.Char(string="Name")
    other_email = fields.Char(string="E-mail")
    hint = fields.Char(compute="_compute_hint")
    email_to = fields.Char(string="To", compute="_compute_message")
    email_from = fields.Char(string="From", compute="_compute_message")
    subject = fields.Char(compute="_compute_message")
    body_html = fields.Html(
        string="Message", sanitize=False, compute="_compute_message"
    )
    refusal = fields.Char(string="Not sent because", compute="_compute_refusal")
    state = fields.Selection(related="wizard_id.state")
    hours = fields.Integer(related="wizard_id.hours")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_candidate_ids(self):
        """Offer who has an e-mail address in one of the three places."""
        for line in self:
            found = line.move_id._therapy_get_link_recipients()
            ids = [partner.id for _place, partner, _email in found]
            line.candidate_ids = self.env["res.partner"].browse(ids)

    @api.depends("move_id")
    def _compute_recipient_id(self):
        """Start with the bill's payer; anybody else is the sender's choice."""
        for line in self:
            found = line.move_id._therapy_get_link_recipients()
            payer = found and found[0][0] == "bill_to"
            line.recipient_id = line.move_id.partner_id if payer else False

    @api.depends("recipient_id", "to_other")
    def _compute_hint(self):
        """Say it when the link goes to somebody who does not owe the bill."""
        for line in self:
            line.hint = not line.to_other and line._get_hint()

    @api.depends("move_id", "recipient_id", "to_other", "other_email")
    def _compute_message(self):
        """Render what will be sent, with no link in it yet."""
        for line in self:
            rendered = line._render(line.move_id.get_base_url() + PREVIEW_LINK)
            line.email_to = line._get_email()
            line.email_from = rendered["email_from"]
            line.subject = rendered["subject"]
            line.body_html = rendered["body_html"]

    @api.depends("email_to", "email_from", "subject", "body_html", "other_name")
    def _compute_refusal(self):
        """Say why no link will be sent."""
        for line in self:
            line.refusal = line._get_refusal()

    # === ACTION METHODS === #

    def action_send(self):
        """Send the link of this dialog's one bill.

        :return: a green notice
        :rtype: dict
        :raise UserError: if no link can be sent
        """
        return self.wizard_id.action_send()

    # === BUSINESS METHODS === #

    def _get_hint(self) -> str | bool:
        """Return a word of caution about the chosen person.

        Note: self.ensure_one()

        :return: a sentence, False if there is nothing to say
        :rtype: str | bool
        """
        self.ensure_one()
        if not self.recipient_id or self.recipient_id == self.partner_id:
            return False
        return self.env._(
            "%(name)s does not owe this bill, and will learn its number and amount.",
            name=self.recipient_id.display_name,
        )

    def _get_email(self) -> str | bool:
        """Return where the link goes.

        Note: self.ensure_one()

        :return: normalized address, False if there is none
        :rtype: str | bool
        """
        self.ensure_one()
        if self.to_other:
            return email_normalize(self.other_email or "") or False
        for _place, partner, email in self.move_id._therapy_get_link_recipients():
            if partner == self.recipient_id:
                return email
        return False

    def _render(self, url: str) -> dict:
        """Render the message.

        Note: self.ensure_one()

        :param str url: the link
        :return: `subject`, `body_html`, `email_from`
        :rtype: dict
        """
        self.ensure_one()
        move = self.move_id
        template = self.env.ref("therapy_portal.mail_template_pay_link")
        recipient = move.partner_id if self.to_other else self.recipient_id
        return template.with_context(
            therapy_link_url=url,
            therapy_link_hours=move.company_id.therapy_link_hours,
            therapy_link_lang=recipient.lang or move.partner_id.lang,
        )._therapy_render(move)

    def _get_refusal(self) -> str | bool:
        """Say why no link will be sent, as things are now.

        Note: self.ensure_one()

        :return: the reason in plain words, False if it can be sent
        :rtype: str | bool
        """
        self.ensure_one()
        move = self.move_id
        reason = move._therapy_get_link_refusal() or self._get_address_refusal()
        if reason:
            return reason
        if not self.email_from:
            return self.env._("You have no e-mail address to send from.")
        return move._therapy_get_leak_refusal(self)

    def _get_address_refusal(self) -> str | bool:
        """Say what is wrong with the recipient.

        Note: self.ensure_one()

        :return: the reason in plain words, False if the recipient can be written to
        :rtype: str | bool
        """
        self.ensure_one()
        if not self.to_other:
            if self.email_to:
                return False
            if self.candidate_ids:
                return self.env._(
                    "The bill's payer has no e-mail address. Choose another person of "
                    "the family, the patient, or somebody else."
                )
            return self.env._(
                "No e-mail address found in any of the three places: the bill's payer, "
                "the people responsible for the patient, the patient. Add one there, "
                "or send the link to somebody else."
            )
        if not (self.other_name or "").strip():
            return self.env._("Type the name of the person who pays.")
        if not self.email_to:
            return self.env._("Type one e-mail address, like name@example.com.")
        if self._find_other().is_insurer:
            return self.env._("Insurers get no payment links.")
        return False

    def _find_other(self):
        """Return the contact of the third party, if there is one.

        Note: self.ensure_one()

        :return: contact in sudo mode, possibly empty
        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        # sudo: looks for one address among all contacts
        Partner_sudo = self.env["res.partner"].sudo()  # sudo: see line above
        domain = [
            ("email_normalized", "=", self._get_email()),
            ("company_id", "in", (False, self.move_id.company_id.id)),
        ]
        found = Partner_sudo.search(domain, order="id")
        return found.filtered("is_insurer")[:1] or found[:1]

    def _get_recipient(self):
        """Return who pays, as a contact; made now for a third party nobody knows.

        Note: self.ensure_one()

        :return: contact
        :rtype: recordset of `res.partner`
        """
        self.ensure_one()
        if not self.to_other:
            return self.recipient_id
        return self._find_other() or self.env["res.partner"].create(
            {"name": self.other_name.strip(), "email": self.email_to}
        )

    def _send(self):
        """Make the link and queue its mail.

        Note: self.ensure_one()

        :return: the mail in sudo mode
        :rtype: recordset of `mail.mail`
        """
        self.ensure_one()
        move, partner, email = self.move_id, self._get_recipient(), self.email_to
        known = [who.id for _place, who, _mail in move._therapy_get_link_recipients()]
        link_sudo, token = self.env["therapy.pay.link"]._issue(
            move, partner, email, third_party=partner.id not in known
        )
        rendered = self._render(f"{move.get_base_url()}/pay/{token}")
        # sudo: mails are for administrators; its words were shown to the sender
        Mail_sudo = self.env["mail.mail"].sudo()  # sudo: see line above
        mail_sudo = Mail_sudo._therapy_prepare(rendered, email)
        link_sudo.mail_id = mail_sudo
        until = fields.Datetime.context_timestamp(
            self.with_context(tz=move.company_id.therapy_tz), link_sudo.expires_at
        ).strftime("%m/%d/%Y %H:%M:%S %Z")
        self.result = self.env._(
            "Sent to %(email)s. The link is valid until %(until)s.",
            email=email,
            until=until,
        )
        move.message_post(
            body=self.env._(
                "Payment link sent to %(email)s, valid until %(until)s.",
                email=email,
                until=until,
            )
        )
        return mail_sudo
