from odoo import models


class ResPartner(models.Model):
    """Who of the practice looks after a payer's account."""

    _inherit = "res.partner"

    def _therapy_get_biller(self):
        """Return whom of the practice to tell what happened to a payer's account.

        The biller of the payer's latest bill, else the front desk.

        Note: self.ensure_one()

        :return: a user, maybe empty
        :rtype: res.users
        """
        self.ensure_one()
        env_sudo = self.sudo().env  # sudo: asked on behalf of payers and jobs
        bill_sudo = env_sudo["account.move"].search(
            [("partner_id", "=", self.id), ("is_therapy_bill", "=", True)],
            order="invoice_date desc, id desc",
            limit=1,
        )
        user = bill_sudo.invoice_user_id
        if user.active and user.has_group("therapy_billing.group_biller"):
            return user
        company = self.company_id or self.env.company
        return company._therapy_get_desk_user()

    def _therapy_tell_biller(self, summary, note=""):
        """Give the biller of a payer something to do.

        :param str summary: what it is about
        :param str note: more, in plain text
        """
        for partner in self:
            user = partner._therapy_get_biller()
            if not user:
                continue
            partner.sudo().activity_schedule(  # sudo: for payers and jobs, as above
                "mail.mail_activity_data_todo",
                summary=summary,
                note=note,
                user_id=user.id,
            )
