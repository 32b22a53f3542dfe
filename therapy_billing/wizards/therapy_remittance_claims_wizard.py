from odoo import Command, api, fields, models
from odoo.fields import Domain


class TherapyRemittanceClaimsWizard(models.TransientModel):
    """Offers the claims that an insurer has not answered, to put on a remittance."""

    _name = "therapy.remittance.claims.wizard"
    _description = "Open Claims"

    remittance_id = fields.Many2one("therapy.remittance", required=True)
    partner_id = fields.Many2one(related="remittance_id.partner_id")
    date_from = fields.Date(string="Sessions from")
    date_to = fields.Date(string="Until")
    patient_id = fields.Many2one("res.partner", domain="[('is_patient', '=', True)]")
    claim_ids = fields.One2many(
        "therapy.remittance.claims.wizard.line",
        "wizard_id",
        compute="_compute_claim_ids",
        store=True,
        readonly=False,
    )
    selected_count = fields.Integer(compute="_compute_selected_count")

    @api.depends("remittance_id", "date_from", "date_to", "patient_id")
    def _compute_claim_ids(self):
        """List the claims that are open with the insurer, the oldest first."""
        for wizard in self:
            sessions = self.env["therapy.session"].search(
                wizard._get_domain(), order="date, id"
            )
            sessions = sessions.filtered(lambda x, w=wizard: w._get_services(x))
            wizard.claim_ids = [
                Command.clear(),
                *(Command.create({"session_id": session.id}) for session in sessions),
            ]

    @api.depends("claim_ids.selected")
    def _compute_selected_count(self):
        """Count the claims chosen."""
        for wizard in self:
            wizard.selected_count = len(wizard.claim_ids.filtered("selected"))

    def _get_domain(self):
        """Return the domain of the claims offered.

        :return: the domain of sessions
        :rtype: Domain
        """
        self.ensure_one()
        remittance, insurer = self.remittance_id, self.remittance_id.partner_id
        asked = Domain(
            "share_ids",
            "any",
            [
                ("partner_id", "=", insurer.id),
                ("live", "=", True),
                ("answered", "=", False),
            ],
        )
        # The estimate left all to the patient.
        unasked = Domain(
            [
                ("patient_share_state", "=", "estimated"),
                ("billing_state", "=", "billed"),
                ("patient_id.coverage_ids.insurer_id", "=", insurer.id),
            ]
        )
        domain = Domain("company_id", "=", remittance.company_id.id)
        domain &= asked | unasked
        domain &= Domain("id", "not in", remittance.line_ids.session_id.ids)
        if self.date_from:
            domain &= Domain("date", ">=", self.date_from)
        if self.date_to:
            domain &= Domain("date", "<=", self.date_to)
        if self.patient_id:
            domain &= Domain("patient_id", "=", self.patient_id.id)
        return domain

    def _get_services(self, sessions):
        """Return the services that the insurer is to answer.

        :param sessions: the sessions
        :return: the services
        :rtype: recordset of `therapy.session.line`
        """
        insurer = self.remittance_id.partner_id
        live = sessions.share_ids.filtered("live")
        asked = live.filtered(
            lambda share: not share.answered and share.partner_id == insurer
        )
        unasked = (live.session_line_id - asked.session_line_id).filtered(
            lambda line: (
                line.session_id._get_first_insurer() == insurer
                and line in line.session_id._get_services_awaiting_first_answer()
            )
        )
        return asked.session_line_id | unasked

    # === ACTION METHODS === #

    def action_add_selected(self):
        """Put the chosen claims on the remittance.

        :return: the action that closes the dialog
        :rtype: dict
        """
        self._add(self.claim_ids.filtered("selected").session_id)
        return {"type": "ir.actions.act_window_close"}

    def action_add_all(self):
        """Put all claims shown on the remittance.

        :return: the action that closes the dialog
        :rtype: dict
        """
        self._add(self.claim_ids.session_id)
        return {"type": "ir.actions.act_window_close"}

    def _add(self, sessions):
        """Put claims on the remittance, one line for each service.

        :param sessions: the sessions
        """
        self.remittance_id._check_draft()
        services = self._get_services(sessions)
        self.env["therapy.remittance.line"].create(
            [
                {
                    "remittance_id": self.remittance_id.id,
                    "session_id": service.session_id.id,
                    "session_line_id": service.id,
                }
                for service in services.sorted(
                    lambda x: (x.session_id.date, x.session_id.id, x.sequence, x.id)
                )
            ]
        )
