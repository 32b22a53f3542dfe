"""Endpoints of disputes."""

from . import disputes
from .errors import invalid, unexpected_state
from .events import emit
from .metadata import merged
from .routing import route
from .wire import as_list

#: Characters of all evidence texts together.
MAX_EVIDENCE = 150_000


@route("GET", "/v1/disputes/{id}", "DisputeRetrieveParams")
def retrieve(ctx, id):
    """Return one dispute."""
    return disputes.find(ctx.store, id)


@route("POST", "/v1/disputes/{id}", "DisputeUpdateParams", "evidence metadata submit")
def update(ctx, id):
    """Stage evidence (``submit=false``) or send it to the bank (the default)."""
    dispute, params = disputes.find(ctx.store, id), ctx.params
    metadata = merged(dispute["metadata"], params)
    names = ("evidence", "evidence_details", "metadata", "status")
    before = {name: dispute[name] for name in names}
    if "evidence" in params or params.get("submit"):
        if dispute["status"] not in disputes.ANSWERABLE:
            raise unexpected_state(
                "This dispute is already closed or under review, so its evidence "
                "cannot change.",
                None,
            )
        evidence = _evidence(dispute, params.get("evidence") or {})
        dispute["evidence"] = evidence
        given = any(v for k, v in evidence.items() if k != "enhanced_evidence")
        details = {**dispute["evidence_details"], "has_evidence": given}
        dispute["evidence_details"] = details
        if params.get("submit", True):
            disputes.submit(ctx, dispute)
    dispute["metadata"] = metadata
    changed = {name: old for name, old in before.items() if dispute[name] != old}
    if changed:
        emit(ctx, "charge.dispute.updated", dispute, changed)
    return dispute


def _evidence(dispute, wanted):
    """Return the dispute's evidence with ``wanted`` applied; texts only."""
    other = sorted(set(wanted) - set(disputes.TEXTS))
    if other:
        raise invalid(
            f"The sandbox takes texts as evidence, not {other[0]}.",
            f"evidence[{other[0]}]",
            "sandbox_not_implemented",
        )
    evidence = {**dispute["evidence"], **wanted}
    if sum(len(evidence[name] or "") for name in disputes.TEXTS) > MAX_EVIDENCE:
        raise invalid(
            f"All evidence texts together may have at most {MAX_EVIDENCE} characters.",
            "evidence",
        )
    return evidence


@route("POST", "/v1/disputes/{id}/close", "DisputeCloseParams")
def close(ctx, id):
    """Give a chargeback up: it is lost."""
    dispute = disputes.find(ctx.store, id)
    if dispute["status"] != "needs_response":
        raise unexpected_state(
            f"You cannot close a dispute with a status of {dispute['status']}.", None
        )
    disputes.close(ctx, dispute, "lost")
    return dispute


@route(
    "GET",
    "/v1/disputes",
    "DisputeListParams",
    "charge created ending_before limit payment_intent starting_after",
)
def list_disputes(ctx):
    """List disputes, newest first, by charge or payment intent."""
    names = ("charge", "payment_intent")
    wanted = {name: ctx.params[name] for name in names if ctx.params.get(name)}
    return as_list(
        ctx.store,
        disputes.TABLE,
        "/v1/disputes",
        ctx.params,
        lambda dispute: all(dispute[name] == value for name, value in wanted.items()),
    )
