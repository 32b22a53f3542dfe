from odoo import models

#: Models that tell who is treated, or who pays for it.
PRIVATE = ("payment.token", "payment.transaction")


class MailActivity(models.Model):
    """Activities about patients and payers stay inside (P1)."""

    _inherit = "mail.activity"

    def action_notify(self):
        """Override of `mail`: no e-mail names a patient, a payer or a card.

        Core writes to whoever gets an activity, with the name of the record. They see
        it in Odoo all the same.

        :return: what core returns
        """
        private = self.filtered(lambda activity: activity._therapy_is_private())
        return super(MailActivity, self - private).action_notify()

    def _therapy_is_private(self) -> bool:
        """Tell whether an activity is about a patient, a payer or their money.

        Note: self.ensure_one()

        :rtype: bool
        """
        self.ensure_one()
        name = self.res_model or ""
        if name.startswith("therapy.") or name in PRIVATE:
            return True
        if name not in ("res.partner", "account.move", "account.payment"):
            return False
        # sudo: only asks who it is about
        record_sudo = self.env[name].sudo().browse(self.res_id)  # sudo: see above
        people = record_sudo if name == "res.partner" else record_sudo.partner_id
        return any(people.mapped("is_patient")) or bool(people._therapy_filter_payers())
