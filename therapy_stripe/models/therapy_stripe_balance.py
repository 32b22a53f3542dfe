import logging
from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.cursor import commit, run_in_fresh_cursor

from ..outcome import StripeFailure
from ..tools import clock
from ..tools.minor import to_major

_logger = logging.getLogger(__name__)

#: What is listed again each time: a row may be written late.
OVERLAP_DAYS = 3


class TherapyStripeBalance(models.Model):
    """A movement of the balance at Stripe, and what it is in our books (M11).

    What Stripe charges for it is known here, and booked with the payout.
    """

    _name = "therapy.stripe.balance"
    _description = "Stripe Balance Transaction"
    _order = "happened_at desc, id desc"
    _rec_name = "balance_ref"

    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    balance_ref = fields.Char(string="At Stripe", required=True, readonly=True)
    kind = fields.Char(string="Type", readonly=True)
    category = fields.Char(readonly=True)
    source_ref = fields.Char(string="Of", readonly=True, index="btree_not_null")
    amount = fields.Monetary(readonly=True)
    fee = fields.Monetary(string="Stripe's Fee", readonly=True)
    net = fields.Monetary(readonly=True)
    happened_at = fields.Datetime(readonly=True)
    available_at = fields.Datetime(readonly=True)
    payout_id = fields.Many2one(
        "therapy.stripe.payout", readonly=True, index="btree_not_null"
    )
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, index="btree_not_null"
    )
    dispute_id = fields.Many2one(
        "therapy.dispute", readonly=True, index="btree_not_null"
    )

    _balance_ref_uniq = models.UniqueIndex(
        "(provider_id, balance_ref)", "A movement is kept once."
    )

    # === READ === #

    @api.model
    def _cron_read(self):
        """Read what moved at Stripe, and book payouts that are complete."""
        providers = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        )
        for provider in providers:
            if not provider.stripe_secret_key:
                continue
            try:
                self._read(provider)
                self.env["therapy.stripe.payout"]._read(provider)
            except StripeFailure as failure:
                _logger.info("Stripe's balance is read later: %s", failure.code)

    @api.model
    def _read(self, provider):
        """Read the movements since the last time, and a few days before it.

        :param payment.provider provider: the provider
        :return: how many rows were new
        :rtype: int
        """
        last = self.search([("provider_id", "=", provider.id)], limit=1)
        since = None
        if last:
            since = clock.to_unix(last.happened_at - timedelta(days=OVERLAP_DAYS))
        adapter = provider._therapy_stripe_get_adapter()
        commit(self.env)
        rows = adapter.list_balance(since)
        provider_id = provider.id
        new = run_in_fresh_cursor(
            self.env,
            lambda env: len(
                env[self._name]._take(env["payment.provider"].browse(provider_id), rows)
            ),
        )
        self.env.invalidate_all(flush=False)
        return new

    @api.model
    def _take(self, provider, rows):
        """Keep movements that are new, and find what they are in our books.

        :param payment.provider provider: the provider
        :param list rows: balance transactions of Stripe's
        :return: the new ones
        :rtype: therapy.stripe.balance
        """
        refs = [row["id"] for row in rows]
        known = self.search(
            [("provider_id", "=", provider.id), ("balance_ref", "in", refs)]
        )
        there = set(known.mapped("balance_ref"))
        codes = {row["currency"] for row in rows}
        currencies = {code: self._get_currency(code) for code in codes}
        new = self.create(
            [
                self._prepare_vals(provider, row, currencies[row["currency"]])
                for row in sorted(rows, key=lambda row: row["created"])
                if row["id"] not in there
            ]
        )
        (new | known)._match()
        return new

    @api.model
    def _get_currency(self, code):
        """Return a currency that Stripe names, also one that is switched off here.

        :param str code: Stripe's code in small letters
        :rtype: res.currency
        """
        currencies = self.env["res.currency"].with_context(active_test=False)
        return currencies.search([("name", "=", code.upper())], limit=1)

    @api.model
    def _prepare_vals(self, provider, row, currency):
        """Return what is kept of a movement.

        :param payment.provider provider: the provider
        :param dict row: Stripe's balance transaction
        :param res.currency currency: the row's currency
        :return: values
        :rtype: dict
        """
        source = row.get("source")
        return {
            "provider_id": provider.id,
            "balance_ref": row["id"],
            "kind": row["type"],
            "category": row["reporting_category"],
            "source_ref": source.get("id") if isinstance(source, dict) else source,
            "currency_id": currency.id,
            "amount": to_major(row["amount"], currency),
            "fee": to_major(row["fee"], currency),
            "net": to_major(row["net"], currency),
            "happened_at": clock.from_unix(row["created"]),
            "available_at": clock.from_unix(row["available_on"]),
        }
