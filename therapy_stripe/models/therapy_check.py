from datetime import timedelta

from odoo import api, models

from odoo.addons.therapy_billing.tools import clock

from ..outcome import StripeFailure

#: Stripe writes a movement soon after the charge; this long it may take.
MOVEMENT_HOURS = 24


class TherapyCheck(models.Model):
    """Stripe's balance against our payments, fees, refunds and disputes (M11)."""

    _inherit = "therapy.check"

    @api.model
    def _get_stripe_providers(self, company):
        """Return the Stripe accounts of a company that can be asked.

        :param company: the `res.company`
        :rtype: payment.provider
        """
        return self.env["payment.provider"].search(
            [
                ("code", "=", "stripe"),
                ("state", "!=", "disabled"),
                ("company_id", "=", company.id),
                ("stripe_secret_key", "!=", False),
            ]
        )

    @api.model
    def _get_compared(self, company):
        """Override to say what is compared with Stripe."""
        lines = super()._get_compared(company)
        if self._get_stripe_providers(company):
            lines += [
                self.env._(
                    "Each movement of the balance at Stripe is one of our payments, "
                    "refunds, disputes or fees, with the same amount; and the reverse."
                ),
                self.env._("Each payout brings the clearing account to 0.00."),
            ]
        return lines

    @api.model
    def _get_rows(self, company):
        """Override to add the differences with Stripe."""
        rows = super()._get_rows(company)
        for provider in self._get_stripe_providers(company):
            rows += self._read_stripe(provider)
            rows += self._get_movement_rows(provider)
            rows += self._get_missing_rows(provider)
            rows += self._get_payout_rows(provider)
            rows += self._get_event_rows(provider)
        return rows

    @api.model
    def _read_stripe(self, provider):
        """Read Stripe's balance before it is compared.

        :param payment.provider provider: the provider
        :return: a row if Stripe could not be asked
        :rtype: list[dict]
        """
        try:
            self.env["therapy.stripe.balance"]._read(provider)
            self.env["therapy.stripe.payout"]._read(provider)
        except StripeFailure as failure:
            return [
                {
                    "kind": "unreachable",
                    "name": self.env._(
                        "Stripe could not be asked: %(reason)s", reason=failure.message
                    ),
                    "currency_id": provider.company_id.currency_id.id,
                    "res_model": provider._name,
                    "res_id": provider.id,
                }
            ]
        return []

    @api.model
    def _get_movement_rows(self, provider):
        """Find movements at Stripe that our books do not have.

        Those of payouts that are booked were compared then.

        :param payment.provider provider: the provider
        :rtype: list[dict]
        """
        open_rows = self.env["therapy.stripe.balance"].search(
            [
                ("provider_id", "=", provider.id),
                ("kind", "!=", "payout"),
                "|",
                ("payout_id", "=", False),
                ("payout_id.move_id", "=", False),
            ]
        )
        open_rows._match()
        return [
            {
                "kind": "movement",
                "name": f"{row.kind} {row.source_ref or ''}: {problem}",
                "expected": row._get_clearing_amount(),
                "found": sum(row._get_booked_lines().mapped("amount_currency")),
                "currency_id": row.currency_id.id,
                "res_model": row._name,
                "res_id": row.id,
            }
            for row in open_rows
            if (problem := row._get_problem())
        ]

    @api.model
    def _get_missing_rows(self, provider):
        """Find payments and refunds in our books that Stripe's balance does not have.

        :param payment.provider provider: the provider
        :rtype: list[dict]
        """
        limit = clock.now() - timedelta(hours=MOVEMENT_HOURS)
        there = self.env["therapy.stripe.balance"]._search(
            [("provider_id", "=", provider.id), ("transaction_id", "!=", False)]
        )
        missing = self.env["payment.transaction"].search(
            [
                ("provider_id", "=", provider.id),
                ("state", "=", "done"),
                ("operation", "!=", "validation"),
                ("charged_at", "<=", limit),
                ("provider_reference", "!=", False),
                ("id", "not in", there.subselect("transaction_id")),
            ]
        )
        return [
            {
                "kind": "missing",
                "name": self.env._(
                    "In our books, but not in Stripe's balance: %(ref)s",
                    ref=tx.reference,
                ),
                "expected": 0.0,
                "found": tx.amount,
                "currency_id": tx.currency_id.id,
                "res_model": tx._name,
                "res_id": tx.id,
            }
            for tx in missing
        ]

    @api.model
    def _get_payout_rows(self, provider):
        """Find payouts that differ, or did not bring the clearing account to 0.00.

        :param payment.provider provider: the provider
        :rtype: list[dict]
        """
        payouts = self.env["therapy.stripe.payout"].search(
            [("provider_id", "=", provider.id)]
        )
        account = provider._therapy_stripe_get_clearing_account()
        rows = []
        for payout in payouts:
            left = sum(
                payout.move_id.line_ids.filtered(
                    lambda line: line.account_id == account
                ).mapped("amount_residual_currency")
            )
            cleared = payout.currency_id.is_zero(left) or not payout.is_automatic
            late = payout.state == "paid" and not payout.move_id
            if cleared and not payout.problem and not late:
                continue
            rows.append(
                {
                    "kind": "payout",
                    "name": self.env._(
                        "Payout %(ref)s: %(problem)s",
                        ref=payout.payout_ref,
                        problem=(payout.problem or self.env._("not at 0.00")),
                    ),
                    "expected": payout.amount,
                    "found": payout.amount + left if payout.move_id else 0.0,
                    "currency_id": payout.currency_id.id,
                    "res_model": payout._name,
                    "res_id": payout.id,
                }
            )
        return rows

    @api.model
    def _get_event_rows(self, provider):
        """Find messages of Stripe's that nobody could process.

        :param payment.provider provider: the provider
        :rtype: list[dict]
        """
        dead = self.env["therapy.stripe.event"].search(
            [("provider_id", "=", provider.id), ("state", "=", "dead")]
        )
        return [
            {
                "kind": "event",
                "name": self.env._(
                    "A message of Stripe's needs attention: %(kind)s",
                    kind=event.event_type,
                ),
                "expected": 0.0,
                "found": 0.0,
                "currency_id": provider.company_id.currency_id.id,
                "res_model": event._name,
                "res_id": event.id,
            }
            for event in dead
        ]
