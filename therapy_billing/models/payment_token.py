from odoo import fields, models


class PaymentToken(models.Model):
    """A saved way to pay of any provider: what people say about it, what uses it."""

    _inherit = "payment.token"

    nickname = fields.Char(
        size=40, help="What the payer calls it. Never write a card number here."
    )
    is_backup = fields.Boolean(
        string="Backup",
        readonly=True,
        copy=False,
        help="Proposed when the default one was declined.",
    )
    therapy_authorization_ids = fields.One2many(
        "therapy.card.authorization",
        "token_id",
        string="Authorizations",
        readonly=True,
        groups="therapy_billing.group_biller,therapy_billing.group_auditor",
    )

    _therapy_backup_uniq = models.UniqueIndex(
        "(partner_id, provider_id) WHERE is_backup AND active",
        "A payer has one backup payment method.",
    )

    def _get_uses(self):
        """Return what needs this payment method now, as reasons not to remove it.

        For a module that charges by itself (automatic payment, plans), it must
        override this method, add its uses, and override `_therapy_replace_uses` when
        another payment method can take over.

        Note: self.ensure_one()

        :return: one dict for each use: ``text`` for people; ``replaceable``, whether
            another payment method of the payer could take over
        :rtype: list[dict]
        """
        self.ensure_one()
        # sudo: payers remove their own cards and may not read reservations.
        reservations_sudo = self.env["therapy.payment.allocation"].sudo()  # sudo: above
        busy_sudo = reservations_sudo.search(
            [("live", "=", True), ("transaction_id.token_id", "=", self.id)]
        )
        return [
            {
                "text": self.env._(
                    "A payment of %(amount)s is under way.",
                    amount=use.currency_id.format(use.amount),
                ),
                "replaceable": False,
            }
            for use in busy_sudo
        ]

    def _therapy_replace_uses(self, other):
        """Let another payment method take over what `_get_uses` calls replaceable.

        Nothing is replaceable here; for modules that charge by themselves.

        Note: self.ensure_one()

        :param payment.token other: payment method of the same payer
        """
        self.ensure_one()
