from odoo import api, models
from odoo.http import request


class TherapyAccessLog(models.Model):
    _inherit = "therapy.access.log"

    @api.model
    def _therapy_get_address(self):
        """Override of `therapy_billing` to tell the address of the web request.

        It comes from a proxy's header only where Odoo runs in proxy mode.

        :return: IP address, or False outside of a request
        :rtype: str or bool
        """
        if not request:
            return super()._therapy_get_address()
        return request.httprequest.remote_addr
