"""The life of a dispute, from inquiry or chargeback to its end.

An inquiry (``warning_*``) moves no money. A chargeback takes the disputed amount and
the dispute fee at once; won, both come back.
"""

from . import balance, fraud_warnings
from .errors import invalid, not_found
from .events import emit
from .routing import Context
from .settings import DAY

TABLE = "dispute"
#: What the card network calls each reason.
NETWORK_CODES = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "general": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}
#: Returns of a bank debit after it succeeded: final at once.
BANK_REASONS = (
    "bank_cannot_process",
    "customer_initiated",
    "debit_not_authorized",
    "incorrect_account_details",
    "insufficient_funds",
)
TEXTS = (
    "access_activity_log billing_address cancellation_policy_disclosure "
    "cancellation_rebuttal customer_email_address customer_name customer_purchase_ip "
    "duplicate_charge_explanation duplicate_charge_id product_description "
    "refund_policy_disclosure refund_refusal_explanation service_date "
    "shipping_address shipping_carrier shipping_date shipping_tracking_number "
    "uncategorized_text"
).split()
FILES = (
    "cancellation_policy customer_communication customer_signature "
    "duplicate_charge_documentation receipt refund_policy service_documentation "
    "shipping_documentation uncategorized_file"
).split()
#: Evidence texts that decide a test dispute.
VERDICTS = {
    "winning_evidence": "win",
    "losing_evidence": "lose",
    "escalate_inquiry_evidence": "escalate",
}
#: Virtual seconds until the bank answers such evidence.
VERDICT_DELAY = 60
#: An inquiry that goes no further closes by itself.
INQUIRY_DAYS = 120
INQUIRIES = ("warning_needs_response", "warning_under_review")
ANSWERABLE = ("needs_response", "warning_needs_response")
CLOSED = ("won", "lost", "warning_closed")


def open_dispute(store, charge_id, reason="fraudulent", amount=None, inquiry=False):
    """Let the payer's bank dispute a charge; return the dispute (also a job).

    :param amount: in minor units; default: what was captured and not refunded
    """
    charge = store.tables["charge"][charge_id]
    amount = _checked(store, charge, reason, amount, inquiry)
    bank_debit = charge["payment_method_details"]["type"] == "us_bank_account"
    balance.book_charge(store, charge, announce=True)
    status = "warning_needs_response" if inquiry else "needs_response"
    dispute = store.put(
        TABLE,
        {
            "id": store.new_id("du"),
            "object": TABLE,
            "amount": amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": store.now(),
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {
                **dict.fromkeys([*TEXTS, *FILES]),
                "enhanced_evidence": {},
            },
            "evidence_details": {
                "due_by": 0 if bank_debit else _due_by(store),
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "network_reason_code": None if bank_debit else NETWORK_CODES[reason],
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "lost" if bank_debit else status,
        },
    )
    if not bank_debit:
        dispute["payment_method_details"] = _card_details(charge, dispute, inquiry)
    charge["disputed"] = True
    ctx = Context(store, {})
    fraud_warnings.settled(ctx, charge)
    if not inquiry:
        _withdraw(store, dispute)
    emit(ctx, "charge.dispute.created", dispute)
    if not inquiry:
        emit(ctx, "charge.dispute.funds_withdrawn", dispute)
    if bank_debit:
        emit(ctx, "charge.dispute.closed", dispute)
    else:
        _schedule_end(store, dispute)
    return dispute


def _checked(store, charge, reason, amount, inquiry):
    """Return the amount, or raise why this charge cannot be disputed so."""
    bank_debit = charge["payment_method_details"]["type"] == "us_bank_account"
    reasons = BANK_REASONS if bank_debit else NETWORK_CODES
    if reason not in reasons:
        raise invalid(f"reason is one of {', '.join(reasons)}.", "reason")
    if inquiry and bank_debit:
        raise invalid("Banks return debits; they do not inquire.", "inquiry")
    if not (charge["paid"] and charge["captured"]):
        raise invalid("Only a collected charge can be disputed.", "charge")
    if any(row["status"] != "won" for row in of_charge(store, charge["id"])):
        raise invalid("The charge is disputed already.", "charge")
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if type(amount) is not int or not 1 <= amount <= charge["amount_captured"]:
        raise invalid("The amount is not within the charge's.", "amount")
    return amount


def _due_by(store):
    """The last second of the last day on which evidence is taken."""
    days = store.settings["dispute_days"]
    return balance.midnight(store.now()) + (days + 1) * DAY - 1


def _card_details(charge, dispute, inquiry):
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "card": {
            "brand": brand,
            "case_type": "inquiry" if inquiry else "chargeback",
            "network": brand,
            "network_reason_code": dispute["network_reason_code"],
        },
        "type": "card",
    }


def _schedule_end(store, dispute):
    due = dispute["evidence_details"]["due_by"] + 1
    inquiry = dispute["status"].startswith("warning")
    store.schedule(due - store.now(), "dispute_due", dispute_id=dispute["id"])
    if inquiry:
        data = {"dispute_id": dispute["id"], "verdict": "expire"}
        store.schedule(INQUIRY_DAYS * DAY, "dispute_verdict", **data)


def of_charge(store, charge_id):
    """Return the disputes of a charge, oldest first."""
    return [row for row in store.tables[TABLE].values() if row["charge"] == charge_id]


def find(store, dispute_id):
    """Return the stored dispute."""
    dispute = store.get(TABLE, dispute_id)
    if dispute is None:
        raise not_found("dispute", dispute_id, "dispute")
    return dispute


# -- money -----------------------------------------------------------------------


def _withdraw(store, dispute):
    _book(store, dispute, -1, store.settings["dispute_fee"], "withdrawal")


def _reinstate(store, dispute):
    fee = dispute["balance_transactions"][0]["fee"]
    returned = -fee if store.settings["dispute_fee_returned"] else 0
    _book(store, dispute, 1, returned, "reversal")


def _book(store, dispute, sign, fee, what):
    row = balance.record(
        store,
        "adjustment",
        dispute,
        sign * dispute["amount"],
        fee,
        category="dispute" if sign < 0 else "dispute_reversal",
        description=f"Chargeback {what} for {dispute['charge']}",
        fee_description="Dispute fee",
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], row]


# -- what happens to it ----------------------------------------------------------


def submit(ctx, dispute):
    """Send the evidence to the bank; a test text brings the bank's answer."""
    details = dispute["evidence_details"]
    dispute["evidence_details"] = {
        **details,
        "submission_count": details["submission_count"] + 1,
        "submission_method": "manual",
    }
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"])
    if verdict:
        data = {"dispute_id": dispute["id"], "verdict": verdict}
        ctx.store.schedule(VERDICT_DELAY, "dispute_verdict", **data)


def fall_due(store, dispute_id):
    """Job: the day has passed; a chargeback without an answer is lost."""
    dispute = store.tables[TABLE][dispute_id]
    if dispute["status"] not in ANSWERABLE:
        return
    if store.now() <= dispute["evidence_details"]["due_by"]:
        return
    before = {"evidence_details": dispute["evidence_details"]}
    dispute["evidence_details"] = {**dispute["evidence_details"], "past_due": True}
    emit(Context(store, {}), "charge.dispute.updated", dispute, before)
    if dispute["status"] == "needs_response":
        close(Context(store, {}), dispute, "lost")


def decide(store, dispute_id, verdict):
    """Job: the bank decides (``win``, ``lose``, ``escalate``, ``expire``)."""
    dispute = store.tables[TABLE][dispute_id]
    if dispute["status"] in CLOSED:
        return
    inquiry = dispute["status"].startswith("warning")
    if verdict == "escalate" and inquiry:
        escalate(store, dispute)
    elif inquiry:
        close(Context(store, {}), dispute, "warning_closed")
    elif verdict in ("win", "lose"):
        status = {"win": "won", "lose": "lost"}[verdict]
        close(Context(store, {}), dispute, status)


def escalate(store, dispute):
    """Turn an inquiry into a chargeback, which takes the money."""
    before = {
        name: dispute[name]
        for name in ("balance_transactions", "is_charge_refundable", "status")
    }
    dispute["status"] = "needs_response"
    dispute["is_charge_refundable"] = False
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    dispute["evidence_details"] = {
        **dispute["evidence_details"],
        "due_by": _due_by(store),
        "past_due": False,
    }
    _withdraw(store, dispute)
    ctx = Context(store, {})
    emit(ctx, "charge.dispute.updated", dispute, before)
    emit(ctx, "charge.dispute.funds_withdrawn", dispute)
    _schedule_end(store, dispute)


def close(ctx, dispute, status):
    """End a dispute as ``won``, ``lost`` or ``warning_closed``."""
    dispute["status"] = status
    dispute["is_charge_refundable"] = status in ("won", "warning_closed")
    if status == "won":
        _reinstate(ctx.store, dispute)
    emit(ctx, "charge.dispute.closed", dispute)
    if status == "won":
        emit(ctx, "charge.dispute.funds_reinstated", dispute)
