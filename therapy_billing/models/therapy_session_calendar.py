from odoo import api, fields, models

from .calendar_event import FROM_CALENDAR


class TherapySession(models.Model):
    """Shows sessions in Odoo's calendar, with titles that tell nothing (P1).

    Only where the company says so. An event that is moved moves its session.
    """

    _inherit = "therapy.session"

    calendar_event_id = fields.Many2one(
        "calendar.event",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Add the sessions to the calendar.

        :param list vals_list: values of the sessions
        :return: the sessions
        :rtype: recordset of `therapy.session`
        """
        sessions = super().create(vals_list)
        sessions._sync_event()
        return sessions

    def write(self, vals):
        """Change the calendar with the sessions.

        :param dict vals: new values
        :return: True
        """
        result = super().write(vals)
        if {"start", "state", "provider_id", "line_ids"} & set(vals):
            self._sync_event()
        return result

    def unlink(self):
        """Take the sessions out of the calendar.

        :return: True
        """
        # sudo: the event may belong to the provider.
        events_sudo = self.sudo().calendar_event_id  # sudo: see the line above
        result = super().unlink()
        events_sudo.with_context(**{FROM_CALENDAR: True}).unlink()
        return result

    def _sync_event(self):
        """Create, move or hide the events of sessions."""
        if self.env.context.get(FROM_CALENDAR):
            return
        # sudo: the event belongs to the provider, whoever enters the session.
        linked_sudo = self.sudo().filtered(  # sudo: see the line above
            lambda session: session.company_id.therapy_calendar
        )
        quiet = linked_sudo.with_context(
            **{FROM_CALENDAR: True},
            no_mail_to_attendees=True,
            dont_notify=True,
            mail_create_nolog=True,
            mail_notrack=True,
        )
        new = quiet.filtered(
            lambda session: (
                not session.calendar_event_id and session.state in ("scheduled", "held")
            )
        )
        events = new.env["calendar.event"].create(
            [session._prepare_event_vals() for session in new]
        )
        for session, event in zip(new, events, strict=True):
            session.calendar_event_id = event
        for session in quiet - new:
            if session.calendar_event_id:
                session.calendar_event_id.write(session._prepare_event_vals())

    def _prepare_event_vals(self) -> dict:
        """Return the values of the event of a session.

        Neither the patient nor the service is named: calendars are shared and synced.

        Note: self.ensure_one()

        :return: values of a `calendar.event`
        :rtype: dict
        """
        self.ensure_one()
        user = self.provider_id.user_ids[:1]
        return {
            "name": self.env._("Appointment"),
            "start": self.start,
            "stop": self.stop,
            "user_id": user.id,
            "partner_ids": [fields.Command.set(self.provider_id.ids)],
            "active": self.state in ("scheduled", "held"),
        }
