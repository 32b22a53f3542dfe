from odoo import models


class TherapyRemittance(models.Model):
    """A remittance shows the billing of all its patients (P7)."""

    _name = "therapy.remittance"
    _inherit = ["therapy.remittance", "therapy.access.mixin"]

    def _therapy_get_logged(self):
        """Override to log a look at each patient, once.

        :return: a session of each patient
        :rtype: recordset of `therapy.session`
        """
        sessions = self.line_ids.session_id
        firsts = [own[0].id for own in sessions.grouped("patient_id").values()]
        return sessions.browse(firsts)
