from odoo import models


class PaymentLinkWizard(models.TransientModel):
    _inherit = "payment.link.wizard"

    def _prepare_url(self, base_url, related_document):
        """Override of `payment`: only billers get links to therapy bills (P6).

        :param str base_url: address of the practice
        :param related_document: what is to be paid
        :return: what core returns
        :rtype: str
        :raise AccessError: if the user is not a biller
        """
        if (
            related_document._name == "account.move"
            and related_document.is_therapy_bill
            and not self.env.su
        ):
            self.env.user._therapy_check_biller()
        return super()._prepare_url(base_url, related_document)
