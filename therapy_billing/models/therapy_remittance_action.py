from odoo import models


class TherapyRemittance(models.Model):
    """The buttons of a remittance."""

    _inherit = "therapy.remittance"

    def action_view_entries(self):
        """Open the payment's entry and all others of the remittance.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Entries of %(name)s", name=self.name),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("therapy_remittance_id", "=", self.id)],
            "context": {"create": False},
        }

    def action_view_bills(self):
        """Open what guarantors were billed or given back, to print and send it.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "therapy_billing.therapy_bill_action"
        )
        moves = self._get_guarantor_moves()
        return {**action, "domain": [("id", "in", moves.ids)]}

    def action_add_claims(self):
        """Open the dialog with the insurer's open claims.

        :return: the action
        :rtype: dict
        """
        self.ensure_one()
        self._check_draft()
        wizard = self.env["therapy.remittance.claims.wizard"].create(
            {"remittance_id": self.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open Claims"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_entry_date(self):
        """Return when the remittance is booked: its day, or the first open one.

        Note: self.ensure_one()

        :return: the day
        :rtype: date
        """
        self.ensure_one()
        journal = self.env["account.move"]._therapy_get_journal(self.company_id)
        day = self.company_id._therapy_get_open_date(self.date, journal)
        if self.method_line_id:
            own = self.method_line_id.journal_id
            day = self.company_id._therapy_get_open_date(day, own)
        return day
