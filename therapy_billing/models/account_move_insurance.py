from odoo import api, fields, models
from odoo.fields import Domain

from .res_partner import MONEY_GROUPS


class AccountMove(models.Model):
    """Whether what a bill asks of the patient's side can still change."""

    _inherit = "account.move"

    therapy_patient_state = fields.Selection(
        [("estimated", "Estimated"), ("final", "Final")],
        string="Patient's Share",
        compute="_compute_therapy_patient_state",
        search="_search_therapy_patient_state",
        groups=MONEY_GROUPS,
        help="Estimated while an insurer of one of its sessions has not answered.",
    )

    @api.depends(
        "session_share_ids.live", "session_share_ids.session_id.patient_share_state"
    )
    def _compute_therapy_patient_state(self):
        """Compute whether an insurer's answer can still change the bill's sessions."""
        for move in self:
            sessions = move.session_share_ids.filtered("live").session_id
            states = set(sessions.mapped("patient_share_state"))
            if not sessions or move.partner_id.is_insurer:
                move.therapy_patient_state = False
            else:
                move.therapy_patient_state = (
                    "estimated" if "estimated" in states else "final"
                )

    @api.model
    def _search_therapy_patient_state(self, operator, value):
        """Find bills by the state of the patient's share.

        :param str operator: "in"
        :param value: the states
        :return: the domain
        :rtype: Domain
        """
        if operator != "in":
            return NotImplemented
        live = Domain("live", "=", True)
        estimated = Domain(
            "session_share_ids",
            "any",
            live & Domain("session_id.patient_share_state", "=", "estimated"),
        )
        answered = Domain("session_share_ids", "any", live) & ~estimated
        domains = {"estimated": estimated, "final": answered}
        domain = Domain.OR(domains[state] for state in value if state in domains)
        domain &= Domain("partner_id.is_insurer", "=", False)
        return domain if False not in value else domain | ~(estimated | answered)
