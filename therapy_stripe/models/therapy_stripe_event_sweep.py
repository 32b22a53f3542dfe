import logging
from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.therapy_billing.tools.cursor import commit

from .. import const
from ..outcome import StripeFailure
from ..tools import clock

_logger = logging.getLogger(__name__)


class TherapyStripeEvent(models.Model):
    """Messages that never came, and old ones that are kept no longer."""

    _inherit = "therapy.stripe.event"

    is_swept = fields.Boolean(
        string="Fetched by Us", readonly=True, help="Its delivery never arrived."
    )

    @api.model
    def _cron_sweep(self):
        """Fetch events of the last days that were not delivered; forget old ones.

        An endpoint that Stripe switched off, a server that was down: the events are
        in Stripe's list all the same.
        """
        providers = self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        )
        since = clock.to_unix(clock.now() - timedelta(days=const.SWEEP_DAYS))
        for provider in providers:
            if not provider.stripe_secret_key:
                continue
            commit(self.env)
            try:
                adapter = provider._therapy_stripe_get_adapter()
                events = adapter.list_events(since, const.WEBHOOK_EVENTS)
            except StripeFailure as failure:
                _logger.info("Stripe's events are fetched later: %s", failure.code)
                continue
            live = provider.state == "enabled"
            mine = [e for e in events if bool(e.get("livemode")) == live]
            refs = [event["id"] for event in mine]
            known = set(self._find(provider, refs).mapped("event_ref"))
            for event in mine:
                if event["id"] not in known and self._receive(provider, event):
                    self._find(provider, [event["id"]]).is_swept = True
        old = clock.now() - timedelta(days=const.EVENT_KEEP_DAYS)
        self.search(
            [("create_date", "<", old), ("state", "in", ("done", "ignored"))]
        ).unlink()
