from odoo import models
from odoo.tools import email_normalize


class AccountMove(models.Model):
    """Where mail about a bill goes."""

    _inherit = "account.move"

    def _therapy_get_mail_address(self) -> str:
        """Return the one address that mail about a bill goes to.

        In this order: the bill-to e-mail on the payer's row of the patient (valid on
        the bill's date, else the latest row); the payer's own, or their billing
        contact's where there is one; the patient's, but only when nobody else pays for
        the patient: a child's address may be read by the other parent, who may not see
        this bill (P6). Insurers get no mail.

        For a module that knows better, it must override this method and call super.

        Note: self.ensure_one()

        :return: a normalized address, empty if there is none
        :rtype: str
        """
        self.ensure_one()
        if self.partner_id.is_insurer:
            return ""
        # sudo: whoever may send a bill need not read who else pays.
        move_sudo = self.sudo()  # sudo: see the line above
        rows = move_sudo.patient_id.guarantor_ids.filtered(
            lambda row: row.company_id == move_sudo.company_id
        )
        own = rows.filtered(lambda row: row.partner_id == move_sudo.partner_id)
        day = move_sudo.invoice_date or move_sudo.company_id._therapy_local_date()
        valid = own._therapy_filter_active(day) or own.sorted("id")[-1:]
        payer_sudo = move_sudo.partner_id
        places = [valid[:1].bill_email, payer_sudo._therapy_get_contact_email()]
        if rows.partner_id == move_sudo.partner_id:
            places.append(move_sudo.patient_id.email)
        addresses = (email_normalize(place or "") for place in places)
        return next(filter(None, addresses), "")

    def _therapy_get_mail_problem(self) -> str:
        """Say that a bill has nowhere to go, and where an address can be entered.

        Note: self.ensure_one()

        :return: the reason in plain words, empty if there is an address
        :rtype: str
        """
        self.ensure_one()
        if self._therapy_get_mail_address():
            return ""
        if not self.patient_id:
            return self.env._(
                "%(payer)s has no e-mail address. Add one on the payer's contact.",
                payer=self.partner_id.display_name,
            )
        return self.env._(
            "There is no e-mail address for %(payer)s. Add one in one of three places: "
            "the bill-to e-mail on the patient's “Family and Shares”, the payer's "
            "contact, or the patient, when nobody else pays.",
            payer=self.partner_id.display_name,
        )
