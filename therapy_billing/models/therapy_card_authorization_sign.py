import base64
import binascii
import hashlib

from odoo import models
from odoo.exceptions import LockError, UserError, ValidationError
from odoo.tools.image import base64_to_image

from odoo.addons.therapy_billing.tools import clock


class TherapyCardAuthorization(models.Model):
    """From a request to a signature, and to its end."""

    _inherit = "therapy.card.authorization"

    # === SIGNING === #

    def _therapy_sign(self, signature, name, token, channel, address=""):
        """Sign: the card, the signature and the PDF, or nothing at all.

        Called by the page where the payer signs, once the card is confirmed, and by
        the dialog of staff. Earlier authorizations of the payer for the same people
        are replaced: the newest word counts.

        Note: self.ensure_one()

        :param signature: image of the signature, base64
        :param str name: name of who signs, as typed
        :param token: the `payment.token` that may be charged
        :param str channel: portal, in_person or paper
        :param str address: IP address, or the place
        :raise ValidationError: if card or signature are missing or not the payer's
        :raise UserError: if it is not waiting for a signature
        """
        self.ensure_one()
        self._therapy_check_waits()
        name = (name or "").strip()
        # sudo: payers and billers may not read all of a token.
        token_sudo = token.sudo()  # sudo: see the line above
        self._therapy_check_signature(signature, name, token_sudo)
        # sudo: only this method signs; who may call it is checked by its callers.
        self_sudo = self.sudo()  # sudo: see the line above
        self_sudo.write(
            {
                "token_id": token_sudo.id,
                "card_name": token_sudo.display_name,
                "signature": signature,
                "signed_name": name,
                "signed_at": clock.now(),
                "signed_address": address,
                "signed_channel": channel,
                "signed_user_id": self.env.uid,
                "body_hash": hashlib.sha256(self_sudo.body.encode()).hexdigest(),
            }
        )
        content = self_sudo._therapy_render()
        self_sudo.write(
            {
                "document": base64.b64encode(content),
                "document_name": f"{self.name.replace('/', '-')}.pdf",
                "document_hash": hashlib.sha256(content).hexdigest(),
                "state": "signed",
            }
        )
        self_sudo._therapy_replace_older()
        self_sudo._therapy_tell_staff()

    def _therapy_check_waits(self):
        """Lock the request and refuse one that is not waiting any more.

        Note: self.ensure_one()

        :raise UserError: if it was signed, withdrawn, or is being signed
        """
        try:
            # sudo: payers may not write, and so not lock.
            self.sudo().lock_for_update(allow_referencing=True)  # sudo: see above
        except LockError:
            raise UserError(
                self.env._("This authorization is being signed at this moment.")
            ) from None
        if self.state != "requested":
            raise UserError(
                self.env._("This authorization was signed or withdrawn already.")
            )

    def _therapy_check_signature(self, signature, name, token):
        """Refuse half a consent.

        :param signature: image of the signature, base64
        :param str name: name of who signs
        :param token: the sudoed `payment.token`
        :raise ValidationError: with what is missing
        """
        if not name:
            raise ValidationError(self.env._("Type the name of who signs."))
        try:
            base64_to_image(signature or b"")
        except (UserError, binascii.Error, ValueError):
            raise ValidationError(self.env._("The signature is missing.")) from None
        if not token:
            raise ValidationError(
                self.env._("Save a card first: one is signed for, or nothing.")
            )
        if not token.active or token.partner_id != self.partner_id:
            raise ValidationError(
                self.env._(
                    "The card is not one of %(payer)s's cards on file.",
                    payer=self.partner_id.name,
                )
            )
        if token.company_id not in self.company_id.sudo().parent_ids:  # sudo: ids only
            raise ValidationError(
                self.env._("The card is on file with another practice.")
            )

    def _therapy_render(self) -> bytes:
        """Return the signed document, in the language of its words.

        Note: self.ensure_one()

        :return: PDF
        :rtype: bytes
        :raise UserError: if this server cannot make PDF files
        """
        self.ensure_one()
        report = self.env["ir.actions.report"].with_context(lang=self._get_text_lang())
        content, _type = report._render_qweb_pdf(
            "therapy_billing.action_report_card_authorization", res_ids=self.ids
        )
        return content

    def _therapy_replace_older(self):
        """End the payer's earlier authorizations for the people named here.

        Note: self.ensure_one()
        """
        older = self.search(
            [
                ("id", "!=", self.id),
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("state", "=", "signed"),
            ]
        )
        if self.patient_ids:
            older = older.filtered(
                lambda other: (
                    other.patient_ids and other.patient_ids <= self.patient_ids
                )
            )
        older.write({"state": "replaced", "replaced_by_id": self.id})

    def _therapy_tell_staff(self):
        """Tell the front desk that it was signed, when the payer signed alone.

        Note: self.ensure_one()
        """
        staff = self.company_id._therapy_get_desk_user()
        if self.signed_channel != "portal" or not staff:
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=staff.id,
            summary=self.env._("%(payer)s signed", payer=self.partner_id.name),
        )

    # === ITS END === #

    def _therapy_revoke(self, reason=""):
        """End the consent; charges made before stay, none comes after.

        :param str reason: why, in the words of who revokes
        :raise UserError: if one has ended already
        """
        for record in self:
            if record.state not in ("requested", "signed"):
                raise UserError(
                    self.env._("%(name)s has ended already.", name=record.name)
                )
        # sudo: only this method revokes; who may call it is checked by its callers.
        self.sudo().write(  # sudo: see the line above
            {
                "state": "revoked",
                "revoked_at": clock.now(),
                "revoked_user_id": self.env.uid,
                "revoke_reason": (reason or "").strip(),
            }
        )

    # === ACTION METHODS === #

    def action_revoke(self):
        """Revoke, or withdraw the request.

        :return: True
        """
        self.check_access("write")
        self._therapy_revoke()
        return True

    def action_sign(self):
        """Open the dialog in which staff record a signature.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record a Signature"),
            "res_model": "therapy.card.authorization.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_authorization_id": self.id},
        }

    def action_request_again(self):
        """Ask for a new authorization, for another card say; this one stays till then.

        Note: self.ensure_one()

        :return: window action
        :rtype: dict
        """
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self._therapy_request_again().id,
            "view_mode": "form",
        }

    def _therapy_request_again(self):
        """Return a new request to allow the same, with the words used today.

        Note: self.ensure_one()

        :return: the request
        :rtype: recordset of `therapy.card.authorization`
        """
        self.ensure_one()
        lang = self.partner_id.lang
        text = self.text_id._therapy_get_current(self.company_id, lang) or self.text_id
        return self.copy({"text_id": text.id})
