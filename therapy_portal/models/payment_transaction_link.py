import logging

from odoo import fields, models

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """Payments made through one-time links: what ends a link, and who is told."""

    _inherit = "payment.transaction"

    therapy_pay_link_id = fields.Many2one(
        "therapy.pay.link",
        string="Payment Link",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="therapy_billing.group_biller,therapy_billing.group_auditor",
    )

    def _set_pending(self, *args, **kwargs):
        """Override of `payment` to end the link a payment was made through (P4)."""
        txs = super()._set_pending(*args, **kwargs)
        txs._therapy_end_link()
        return txs

    def _set_authorized(self, *args, **kwargs):
        """Override of `payment` to end the link a payment was made through (P4)."""
        txs = super()._set_authorized(*args, **kwargs)
        txs._therapy_end_link()
        return txs

    def _set_done(self, *args, **kwargs):
        """Override of `payment` to end the link a payment was made through (P4)."""
        txs = super()._set_done(*args, **kwargs)
        txs._therapy_end_link()
        return txs

    def _therapy_end_link(self):
        """End the links of these payments: what they were sent for has happened.

        :return: None
        """
        # sudo: payments are processed for visitors
        links_sudo = self.sudo().therapy_pay_link_id  # sudo: see line above
        links_sudo.filtered(lambda link: link.state == "live")._end("used")

    def _post_process(self):
        """Override of `payment` to tell the practice of payments through links."""
        result = super()._post_process()
        for tx in self.sudo():  # sudo: payments are processed for visitors
            link = tx.therapy_pay_link_id
            if not link or link.announced or tx.state != "done":
                continue
            if not tx.is_post_processed:
                continue
            try:
                with self.env.cr.savepoint():
                    tx._therapy_announce_link_payment()
            except Exception:  # the money is posted whatever happens to the notice
                _logger.exception("Nobody was told of transaction %s.", tx.id)
        return result

    def _therapy_announce_link_payment(self):
        """Tell managers, and the rendering provider if a biller, of a payment, once.

        In the language of each. The notice may leave by e-mail, so it names amount
        and reference only (P1).

        Note: self.ensure_one(); in sudo mode

        :return: None
        """
        self.ensure_one()
        link = self.therapy_pay_link_id
        link.announced = True
        move = link.move_id
        users = move._therapy_get_link_watchers()
        if not users:
            return
        for lang, readers in users.partner_id.grouped("lang").items():
            own = self.with_context(lang=lang)
            move.with_context(lang=lang).message_notify(
                partner_ids=readers.ids,
                subject=move.company_id.name,
                body=own.env._(
                    "%(amount)s was paid for bill %(bill)s with a payment link.",
                    amount=own.currency_id.format(self.amount),
                    bill=move.name,
                ),
                author_id=self.env.ref("base.partner_root").id,
                email_layout_xmlid="mail.mail_notification_light",
            )
