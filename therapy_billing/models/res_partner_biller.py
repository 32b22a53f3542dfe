from odoo import models


class ResPartner(models.Model):
    """Who of the practice looks after a payer's account."""

    _inherit = "res.partner"

    def _therapy_get_biller(self):
        """Return whom of the practice to tell what happened to a payer's account.

        The biller of the payer's latest bill, else the payer's own contact at the
        practice, else the first biller there is.

        Note: self.ensure_one()

        :return: a user who is a biller, maybe empty
        :rtype: res.users
        """
        self.ensure_one()
        env_sudo = self.sudo().env  # sudo: asked on behalf of payers and jobs
        bill_sudo = env_sudo["account.move"].search(
            [("partner_id", "=", self.id), ("is_therapy_bill", "=", True)],
            order="invoice_date desc, id desc",
            limit=1,
        )
        group = "therapy_billing.group_biller"
        users = bill_sudo.invoice_user_id | self.sudo().user_id  # sudo: see above
        for user in users:
            if user.active and user.has_group(group):
                return user
        company = self.company_id or self.env.company
        billers = env_sudo.ref(group).all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )
        people = billers.filtered(lambda user: user.id > 2)
        return (people or billers).sorted("id")[:1]

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
