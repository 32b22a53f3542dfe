"""Fixed facts about the Stripe API that this addon speaks.

The version is pinned: an upgrade of the library may not change what is sent or read.
"""

# The API version of every request, and of the webhook endpoint that we create.
API_VERSION = "2026-10-28.endive"

# Stripe.js of the same release train. Its Elements refuse `paymentMethodTypes` and
# its `apiVersion` is fixed, which is why core's interactions are patched.
STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"

# Two repetitions by the library, each with the same idempotency key; three calls of
# 25 s stay below Odoo's default limit for a request (120 s).
NETWORK_RETRIES = 2
TIMEOUT = 25

# Stripe forgets idempotency keys after 24 hours at the earliest. Until then the same
# request may be repeated safely; after that only a list of what exists is an answer.
KEY_LIFETIME_HOURS = 23

# Seconds to wait, and up to as much again, before a single charge is sent again that
# Stripe refused for too many requests.
THROTTLE_PAUSES = (0.3, 1, 2)

# How old a try must be before a job asks Stripe about it: longer than the longest
# call (three times the time-out), so that a call under way is not disturbed.
IN_FLIGHT_MINUTES = 2

# After this a payment form that was opened and never confirmed gives its part of the
# bill back (its PaymentIntent is cancelled first).
DRAFT_MINUTES = 60

# The job that books done payments leaves whoever waits for them this many seconds.
POSTING_DELAY = 15

# A signed event older than this many seconds is refused (Stripe's own tolerance).
WEBHOOK_TOLERANCE = 300

# An event about one of our own payments that we cannot find yet is tried again, for
# the payment may not be committed; after this many tries it is left for a person.
EVENT_TRIES = 8

# Events that were not delivered are fetched from Stripe's list: this far back.
SWEEP_DAYS = 3

# Events that were processed are forgotten after these days.
EVENT_KEEP_DAYS = 30

# What our webhook endpoint subscribes to.
WEBHOOK_EVENTS = (
    "payment_intent.succeeded",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.requires_action",
    "payment_intent.amount_capturable_updated",
    "setup_intent.succeeded",
    "setup_intent.setup_failed",
    "setup_intent.canceled",
    "setup_intent.requires_action",
    "charge.succeeded",
    "charge.updated",
    "charge.refunded",
    "charge.expired",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "payment_method.attached",
    "payment_method.updated",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "mandate.updated",
    "payout.created",
    "payout.updated",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
    "payout.reconciliation_completed",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
    "review.opened",
    "review.closed",
)

# Each Stripe status of an intent, in this addon's five words for results.
INTENT_RESULTS = {
    "succeeded": "done",
    "processing": "pending",
    "requires_capture": "pending",
    "requires_action": "pending",
    "requires_confirmation": "pending",
    "requires_payment_method": "declined",
    "canceled": "declined",
}

# Each Stripe status of a refund, in the same words.
REFUND_RESULTS = {
    "succeeded": "done",
    "pending": "pending",
    "requires_action": "pending",
    "failed": "declined",
    "canceled": "declined",
}
