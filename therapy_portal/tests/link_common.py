import re

from .common import TherapyPortalCommon


class LinkCommon(TherapyPortalCommon):
    """Sending links as the biller, and finding the token in the mail."""

    def _send_link(self, moves, user=None, **values):
        """Send links as a biller; return the dialog's record and its answer."""
        action = moves.with_user(user or self.biller).action_therapy_send_link()
        dialog = self.env[action["res_model"]].with_user(user or self.biller)
        dialog = dialog.browse(action["res_id"])
        if values:
            dialog.write(values)
        return dialog, dialog.action_send()

    def _mail(self, email="ada@example.com"):
        """Return the newest mail to an address."""
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("email_to", "=", email)], order="id desc", limit=1)
        )

    def _token(self, email="ada@example.com"):
        """Return the token in the newest mail to an address."""
        body = str(self._mail(email).body_html)
        return re.search(r"/pay/([\w-]{43})\b", body).group(1)

    def _links(self, move):
        return self.env["therapy.pay.link"].search([("move_id", "=", move.id)])
