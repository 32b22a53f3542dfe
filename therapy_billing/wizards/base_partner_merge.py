from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Odoo's merge of contacts keeps payers and patients apart (D3)."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Override of `base` to refuse what would mix two people's bills.

        :param list partner_ids: ids of the contacts
        :param dst_partner: the contact that stays
        :param bool extra_checks: whether core compares the e-mails
        :return: what core returns
        :raise UserError: with the two who must stay apart
        """
        partners = self.env["res.partner"].browse(partner_ids).exists()
        if len(partners) > 1:
            partners._therapy_check_merge()
        result = super()._merge(partner_ids, dst_partner, extra_checks)
        # Of one person there is one contact now, who may pay for themselves.
        partners.exists()._therapy_mend_own_rows()
        return result
