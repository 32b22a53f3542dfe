import base64

from odoo import api, fields, models

from ..tools.codes import new_code


class TherapyShareWizardLine(models.TransientModel):
    """One bill of a share: exactly what leaves, made when the dialog opens."""

    _name = "therapy.share.wizard.line"
    _inherit = ["therapy.send.wizard.line.mixin"]
    _description = "Bill to Share"

    wizard_id = fields.Many2one(
        "therapy.share.wizard", required=True, index=True, ondelete="cascade"
    )
    code = fields.Char(readonly=True)
    email_to = fields.Char(string="To", readonly=True)
    email_from = fields.Char(string="From", readonly=True)
    subject = fields.Char(readonly=True)
    body_html = fields.Html(string="Message", sanitize=False, readonly=True)
    document_html = fields.Html(
        string="Attachment", sanitize=False, compute="_compute_document_html"
    )
    refusal = fields.Char(string="Not sent because", readonly=True)

    # === COMPUTE METHODS === #

    @api.depends("move_id", "code")
    def _compute_document_html(self):
        """Render what the attached document will show."""
        Qweb = self.env["ir.qweb"]
        for line in self:
            line.document_html = Qweb._render(
                "therapy_portal.report_bill_body",
                {"o": line.move_id, "access_code": line.code},
            )

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_vals(self, move) -> dict:
        """Return what sharing a bill would send, with the code it would get.

        :param move: the bill
        :return: create values, without the dialog
        :rtype: dict
        """
        # sudo: reads the code that must not come again
        code = new_code(other_than=move.sudo().access_code)  # sudo: see line above
        template = self.env.ref("therapy_portal.mail_template_share")
        template = template.with_context(therapy_access_code=code)
        rendered = template._therapy_render(move)
        vals = {
            "move_id": move.id,
            "code": code,
            "email_to": move._therapy_get_mail_address() or False,
            "email_from": rendered["email_from"],
            "subject": rendered["subject"],
            "body_html": rendered["body_html"],
        }
        return vals | {"refusal": self._get_refusal_of(move, vals)}

    @api.model
    def _get_refusal_of(self, move, vals: dict) -> str | bool:
        """Say why a bill will not be sent.

        :param move: the bill
        :param dict vals: its create values
        :return: the reason in plain words, False if it can be sent
        :rtype: str | bool
        """
        reason = move._therapy_get_share_refusal()
        if reason:
            return reason
        if not vals["email_to"]:
            return move._therapy_get_mail_problem()
        if not vals["email_from"]:
            return self.env._("You have no e-mail address to send from.")
        return move._therapy_get_leak_refusal(vals)

    def _get_refusal(self) -> str | bool:
        """Say why this bill is not sent, as things are now.

        Note: self.ensure_one()

        :return: the reason in plain words, False if it can be sent
        :rtype: str | bool
        """
        self.ensure_one()
        values = {name: self[name] for name in ("email_to", "email_from", "subject")}
        values["body_html"] = self.body_html
        self.refusal = self._get_refusal_of(self.move_id, values)
        return self.refusal

    def _send(self):
        """Give the bill its new code and queue the mail that was shown.

        Note: self.ensure_one()

        :return: the mail
        :rtype: recordset of `mail.mail`
        """
        self.ensure_one()
        move = self.move_id
        move._therapy_rotate_access_code(self.code)
        # sudo: mails are for administrators; what is in it was shown to the sender
        Mail_sudo = self.env["mail.mail"].sudo()  # sudo: see line above
        mail = Mail_sudo._therapy_prepare(
            self, self.email_to, attachment_ids=self._prepare_attachments()
        )
        move.sudo().therapy_share_mail_id = mail  # sudo: field for administrators
        move._therapy_log_share(self.email_to)
        self.result = self.env._("On its way to %(email)s.", email=self.email_to)
        return mail

    def _prepare_attachments(self) -> list:
        """Return what goes with the message: the document, if the practice wants it.

        Note: self.ensure_one()

        :return: commands on attachments
        :rtype: list
        """
        self.ensure_one()
        if not self.move_id.company_id.therapy_share_attach:
            return []
        return [fields.Command.create(self._prepare_pdf())]

    def _prepare_pdf(self) -> dict:
        """Render the document with the new code.

        Note: self.ensure_one()

        :return: values of an `ir.attachment`
        :rtype: dict
        :raise UserError: if this server cannot make PDF files
        """
        self.ensure_one()
        content, _type = self.env["ir.actions.report"]._render_qweb_pdf(
            "therapy_portal.action_report_bill",
            res_ids=self.move_id.ids,
            data={"access_code": self.code},
        )
        name = (self.move_id.name or "").replace("/", "-")
        return {
            "name": f"{self.env._('Bill')} {name}.pdf",
            "datas": base64.b64encode(content),
            "mimetype": "application/pdf",
            # So that it is deleted with the mail.
            "res_model": "mail.message",
            "res_id": 0,
        }
