from odoo import fields, models


class TherapyImport(models.Model):
    """The kind of file that brings remittances of insurers."""

    _inherit = "therapy.import"

    kind = fields.Selection(
        selection_add=[("remittances", "Remittances")],
        ondelete={"remittances": "cascade"},
    )

    def action_view_remittances(self):
        """Open the remittances that are still to be posted.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_remittance_action"
        )
        return {**action, "context": {"search_default_draft": 1}}
