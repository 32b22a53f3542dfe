from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_time

#: States in which a session takes its provider's time.
TAKES_TIME = ("scheduled", "held")


class TherapySession(models.Model):
    """What cannot be right about a session, at the place where it is entered."""

    _inherit = "therapy.session"

    overlap_warning = fields.Char(
        compute="_compute_overlap_warning",
        compute_sudo=True,
        help="Other sessions of the provider at the same time.",
    )

    @api.depends("provider_id", "start", "stop", "state")
    def _compute_overlap_warning(self):
        """Name the other sessions of the provider at the same time.

        A warning and not a refusal: groups, and supervision beside treatment, are
        several sessions of one provider at once.
        """
        for session in self:
            session.overlap_warning = False
            if session.state not in TAKES_TIME or not session.stop:
                continue
            others = self.search(session._get_overlap_domain(), limit=4)
            if not others:
                continue
            zone = session.company_id.therapy_tz
            names = [
                f"{other.name} ({format_time(self.env, other.start, zone, 'short')})"
                for other in others[:3]
            ]
            if len(others) > 3:
                names.append("…")
            session.overlap_warning = self.env._(
                "%(provider)s has other sessions at this time: %(names)s.",
                provider=session.provider_id.name,
                names=", ".join(names),
            )

    def _get_overlap_domain(self):
        """Return the domain of the provider's other sessions at the same time.

        Note: self.ensure_one()

        :return: the domain
        :rtype: Domain
        """
        self.ensure_one()
        if not self.provider_id:
            return Domain.FALSE
        return (
            Domain("id", "!=", self._origin.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("provider_id", "=", self.provider_id._origin.id)
            & Domain("state", "in", TAKES_TIME)
            & Domain("start", "<", self.stop)
            & Domain("start", ">", self.start - timedelta(days=1))
            & Domain("stop", ">", self.start)
        )

    @api.constrains("start")
    def _check_start(self):
        """Refuse a year that was mistyped.

        :raise ValidationError: if the session is not of this age
        """
        for session in self:
            if not 2000 <= session.start.year <= 2100:
                raise ValidationError(
                    self.env._(
                        "A session in the year %(year)s? Please look at its date.",
                        year=session.start.year,
                    )
                )

    @api.constrains("patient_id")
    def _check_patient(self):
        """Refuse insurers as patients.

        :raise ValidationError: if the patient is one
        """
        for session in self.sudo():  # sudo: clinicians see part of a contact only
            if session.patient_id.is_insurer:
                raise ValidationError(
                    self.env._(
                        "%(name)s is an insurer, not a patient.",
                        name=session.patient_id.name,
                    )
                )
