from odoo import fields, models

from odoo.addons.therapy_billing.tools import clock


class TherapySession(models.Model):
    """The buttons of a session."""

    _inherit = "therapy.session"

    def action_set_held(self):
        """Mark the sessions as held.

        :return: None
        """
        self.write({"state": "held"})

    def action_set_missed(self):
        """Mark the sessions as missed.

        :return: None
        """
        self.write({"state": "missed"})

    def action_set_cancelled(self):
        """Mark the sessions as cancelled, late when less than 24 hours before.

        The policy for missed sessions may say another number of hours.

        :return: None
        """
        now = clock.now()
        late = self.filtered(
            lambda session: (
                session.start
                < fields.Datetime.add(now, hours=session._get_late_hours())
            )
        )
        late.write({"state": "late_cancelled"})
        (self - late).write({"state": "cancelled"})

    def action_set_scheduled(self):
        """Set the sessions back to scheduled.

        :return: None
        """
        self.write({"state": "scheduled"})

    def action_view_bills(self):
        """Open the bills that hold a share of the session.

        :return: the action
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_bill_action"
        )
        action["domain"] = [("id", "in", self.share_ids.move_id.ids)]
        return action
