from odoo import fields, models

from .res_partner import PHI_GROUPS

#: Context key: the calendar is the origin of a change and need not be told.
FROM_CALENDAR = "therapy_from_calendar"


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    therapy_session_ids = fields.One2many(
        "therapy.session",
        "calendar_event_id",
        string="Session",
        readonly=True,
        copy=False,
        groups=PHI_GROUPS,
    )

    def write(self, vals):
        """Override of `calendar` to move the session with its event.

        :param dict vals: new values
        :return: what core returns
        :raise UserError: if the session is on a bill
        :raise AccessError: if the session is not the user's to move
        """
        result = super().write(vals)
        if {"start", "start_date"} & set(vals) and not self.env.context.get(
            FROM_CALENDAR
        ):
            # sudo: the events of others than therapy staff have no sessions they see.
            linked = self.sudo().filtered("therapy_session_ids")  # sudo: see above
            for event_sudo in linked:
                sessions = event_sudo.therapy_session_ids.sudo(False)
                sessions.with_context(**{FROM_CALENDAR: True}).write(
                    {"start": event_sudo.start}
                )
        return result

    def action_view_therapy_session(self):
        """Open the session of the event.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "therapy.session",
            "res_id": self.therapy_session_ids[:1].id,
            "views": [(False, "form")],
        }
