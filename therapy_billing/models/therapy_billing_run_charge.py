from odoo import models


class TherapyBillingRun(models.Model):
    _inherit = "therapy.billing.run"

    def action_charge(self):
        """Make a charge run of the run's open bills and show it.

        :return: the action
        :rtype: dict
        :raise UserError: if there is nothing to charge
        """
        return self._get_live_bills().action_therapy_charge_run()
