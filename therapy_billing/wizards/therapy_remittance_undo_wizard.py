from odoo import fields, models


class TherapyRemittanceUndoWizard(models.TransientModel):
    """Asks why a remittance is undone."""

    _name = "therapy.remittance.undo.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Undo a Remittance"
    _therapy_guarded = ("reason",)

    remittance_id = fields.Many2one(
        "therapy.remittance",
        required=True,
        default=lambda self: self.env.context.get("active_id"),
    )
    reason = fields.Char(required=True)

    def action_undo(self):
        """Undo the remittance.

        :return: the action that closes the dialog
        :rtype: dict
        """
        self.ensure_one()
        self.remittance_id.action_undo(self.reason)
        return {"type": "ir.actions.act_window_close"}
