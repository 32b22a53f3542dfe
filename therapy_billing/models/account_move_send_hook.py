from odoo import models


class AccountMove(models.Model):
    """Sending bills to their payers is another module's; this is where it plugs in."""

    _inherit = "account.move"

    def _therapy_can_send(self) -> bool:
        """Tell whether a module sends bills; their buttons are hidden if none does.

        For a module that sends, it must override this method and
        `_therapy_send_action`.

        :return: whether there is a way to send
        :rtype: bool
        """
        return False

    def _therapy_send_action(self):
        """Return the action with which a person sends these bills.

        :return: window action, or False if no module sends
        :rtype: dict or bool
        """
        return False
