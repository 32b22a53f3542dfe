from odoo import fields, models


class TherapySessionExemptWizard(models.TransientModel):
    """Asks why sessions are not to be billed."""

    _name = "therapy.session.exempt.wizard"
    _inherit = ["therapy.card.number.mixin"]
    _description = "Do Not Bill Sessions"
    _therapy_guarded = ("reason",)

    session_ids = fields.Many2many("therapy.session", string="Sessions", required=True)
    kind = fields.Selection(
        [
            ("waived", "Waive: nobody is asked to pay"),
            ("excluded", "Exclude: not this practice's to bill"),
        ],
        required=True,
        default="waived",
    )
    reason = fields.Char(required=True)

    def action_apply(self):
        """Leave the sessions out of billing runs.

        :return: the action that closes the dialog
        :rtype: dict
        """
        self.ensure_one()
        self.session_ids._set_exempt(self.kind, self.reason)
        return {"type": "ir.actions.act_window_close"}
