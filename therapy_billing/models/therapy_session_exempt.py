from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .res_partner import MONEY_GROUPS
from .therapy_session import ABSENT_STATES


class TherapySession(models.Model):
    """Every session held is billed, waived or excluded, and somebody says why."""

    _inherit = "therapy.session"

    exempt = fields.Selection(
        [("waived", "Waived"), ("excluded", "Excluded")],
        string="Not Billed",
        index="btree_not_null",
        readonly=True,
        copy=False,
        tracking=True,
        groups=MONEY_GROUPS,
        help="Waived: nobody is asked. Excluded: it is not this practice's to bill.",
    )
    exempt_reason = fields.Char(
        string="Reason", readonly=True, copy=False, tracking=True, groups=MONEY_GROUPS
    )
    billing_problem = fields.Char(
        string="Why Not Billed", compute="_compute_billing_problem", groups=MONEY_GROUPS
    )

    @api.depends(
        "state",
        "billing_state",
        "exempt_reason",
        "line_ids.amount",
        "patient_id.guarantor_ids.percent",
        "patient_id.guarantor_ids.share_type",
        "patient_id.guarantor_ids.fixed_amount",
    )
    def _compute_billing_problem(self):
        """Say what keeps a session from being billed."""
        for session in self:
            if session.exempt:
                session.billing_problem = session.exempt_reason
            elif session.billing_state == "nothing" and session.state == "held":
                session.billing_problem = self.env._(
                    "It has no service with an amount."
                )
            elif session.billing_state == "waiting":
                session.billing_problem = session._get_waiting_text()
            elif session.billing_state in ("unbilled", "partial"):
                session.billing_problem = session._get_billing_problem() or self.env._(
                    "Can be billed."
                )
            else:
                session.billing_problem = False

    @api.constrains("exempt", "exempt_reason")
    def _check_exempt_reason(self):
        """Refuse to leave a session out without a reason.

        :raise ValidationError: if the reason is missing or blank
        """
        for session in self:
            if session.exempt and not (session.exempt_reason or "").strip():
                raise ValidationError(self.env._("Say why the session is not billed."))

    # === CRUD METHODS === #

    def write(self, vals):
        """Ask again when a session turns out to be held, or missed.

        What was waived is the fee of an absence or the session itself: the one says
        nothing about the other.

        :param dict vals: new values
        :return: True
        """
        changed = self.browse()
        if "state" in vals and "exempt" not in vals:
            absent = vals["state"] in ABSENT_STATES
            # sudo: clinicians correct the state and do not see what is waived.
            changed = self.sudo().filtered(  # sudo: see the line above
                lambda session: (
                    session.exempt
                    and (session.state in ("held", *ABSENT_STATES))
                    and (session.state in ABSENT_STATES) != absent
                )
            )
        result = super().write(vals)
        if changed:
            changed.write({"exempt": False, "exempt_reason": False})
        return result

    # === ACTION METHODS === #

    def action_exempt(self):
        """Open the dialog that waives or excludes sessions.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_session_exempt_wizard_action"
        )
        return {**action, "context": {"default_session_ids": self.ids}}

    def action_unexempt(self):
        """Bill the sessions after all.

        :return: None
        """
        self.write({"exempt": False, "exempt_reason": False})

    def _set_exempt(self, kind, reason):
        """Leave sessions out of billing runs.

        :param str kind: "waived" or "excluded"
        :param str reason: why, in words
        :raise UserError: if a session is billed, or its insurer has answered
        """
        for session in self:
            answers = session.remittance_line_ids.filtered(
                lambda x: x.state == "posted"
            )
            if answers and session.billing_state == "partial":
                # What the answer credited would be the payer's, and nobody paid it.
                raise UserError(
                    self.env._(
                        "The insurer has answered session %(name)s. Undo %(answers)s "
                        "first, or bill the session and adjust the bill.",
                        name=session.name,
                        answers=", ".join(answers.remittance_id.mapped("display_name")),
                    )
                )
            if session.billing_state in ("waiting", "billed"):
                raise UserError(
                    self.env._(
                        "Session %(name)s is on a bill. Take the bill back first.",
                        name=session.name,
                    )
                )
        self.write({"exempt": kind, "exempt_reason": reason})
