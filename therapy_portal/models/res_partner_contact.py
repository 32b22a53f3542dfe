from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from odoo.addons.therapy_billing.models.card_number_guarded import (
    ResPartner as GuardedPartner,
)
from odoo.addons.therapy_billing.models.res_partner import MONEY_GROUPS


class ResPartner(models.Model):
    """Whom the practice writes to about a payer's bills, apart from the patient."""

    _inherit = "res.partner"
    _therapy_guarded = (*GuardedPartner._therapy_guarded, "therapy_contact_name")

    therapy_contact_name = fields.Char(string="Billing Contact", groups=MONEY_GROUPS)
    therapy_contact_email = fields.Char(
        string="Billing E-mail",
        groups=MONEY_GROUPS,
        help="Bills go here instead of the contact's own address.",
    )
    therapy_contact_phone = fields.Char(string="Billing Phone", groups=MONEY_GROUPS)

    @api.constrains("therapy_contact_email")
    def _check_therapy_contact_email(self):
        """Refuse what is no address.

        :raise ValidationError: naming it
        """
        for partner in self:
            email = partner.therapy_contact_email
            if email and not email_normalize(email):
                raise ValidationError(
                    self.env._("“%(email)s” is not an e-mail address.", email=email)
                )

    def _therapy_get_bill_email(self) -> str:
        """Return where this payer's bills go: as a family's row says, or the contact.

        Where several rows say different addresses: the first of this practice.

        Note: self.ensure_one()

        :return: a normalized address, empty if there is none
        :rtype: str
        """
        found = (email for email in self._therapy_get_row_emails() if email)
        return next(found, "") or self._therapy_get_contact_email()

    def _therapy_get_other_bill_emails(self) -> list:
        """Return where else bills of this payer go, if the rows do not agree.

        Note: self.ensure_one()

        :return: normalized addresses
        :rtype: list
        """
        own, first = self._therapy_get_contact_email(), self._therapy_get_bill_email()
        found = dict.fromkeys(row or own for row in self._therapy_get_row_emails())
        return [email for email in found if email and email != first]

    def _therapy_get_row_emails(self) -> list:
        """Return the address of each of a payer's rows today, this practice's first.

        Note: self.ensure_one()

        :return: normalized addresses, empty where bills go to the contact
        :rtype: list
        """
        self.ensure_one()
        Guarantor_sudo = self.env["therapy.guarantor"].sudo()  # sudo: own rows
        rows = Guarantor_sudo.search([("partner_id", "=", self.id)])
        company = self.env.company
        rows = rows._therapy_filter_active(company._therapy_local_date())
        rows = rows.sorted(lambda row: row.company_id != company)
        return [email_normalize(row.bill_email or "") or "" for row in rows]

    def _therapy_replace_bill_email(self, old, new):
        """Send what goes to one address to another: on the rows and as the contact.

        Only what went there: another address has not given its word. Rows that ended
        count, older bills go where they say.

        Note: self.ensure_one(), in sudo mode

        :param str old: the address that agreed, normalized
        :param str new: where bills go from now on
        """
        self.ensure_one()
        if self._therapy_get_contact_email() == old:
            self.therapy_contact_email = new
        rows = self.env["therapy.guarantor"].search([("partner_id", "=", self.id)])
        rows = rows.filtered(lambda row: email_normalize(row.bill_email or "") == old)
        rows.bill_email = new

    def _therapy_get_contact_email(self) -> str:
        """Return where bills of this payer go: the billing contact, else the contact.

        Note: self.ensure_one()

        :return: the address, empty if there is none
        :rtype: str
        """
        self.ensure_one()
        partner = self.sudo()  # sudo: payers read it through their own page only
        return (
            email_normalize(partner.therapy_contact_email or partner.email or "") or ""
        )
