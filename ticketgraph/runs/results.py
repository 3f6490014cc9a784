"""From a run's state to its result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.result import PendingApproval, Run, RunStatus
from graph.state import State
from ticketgraph.runs.claim import Claim


def build_run(
    state: State,
    *,
    claim: Claim,
    status: RunStatus,
    now: datetime,
    approval: PendingApproval | None = None,
) -> Run:
    """What the state of a run amounts to."""
    classification, decision, clean = (
        state.get("classification"),
        state.get("decision"),
        state.get("clean"),
    )
    duplicate, similar = state.get("duplicate"), tuple(state.get("similar", ()))
    closest = (
        duplicate.score
        if duplicate
        else max((ticket.score for ticket in similar), default=None)
    )
    draft = state.get("draft")
    return Run(
        run_id=claim.run_id,
        ticket_id=claim.ticket.id,
        desk=claim.ticket.desk,
        status=status,
        disposition=decision.disposition if decision else None,
        classification=classification,
        extracted_fields=state.get("extraction"),
        response_draft=draft,
        routing=decision,
        approval=approval,
        duplicate_of=duplicate.ticket_id if duplicate else None,
        similarity_score=closest,
        similar_tickets=similar,
        delivery=state.get("delivery"),
        workflow_steps=tuple(state.get("steps", ())),
        problems=tuple(state.get("problems", ())),
        engine=classification.engine
        if classification
        else (draft.engine if draft else None),
        degraded=state.get("degraded", False),
        injection_flag=bool(clean and clean.injection_flags),
        injection_reasons=tuple(flag.rule for flag in clean.injection_flags)
        if clean
        else (),
        language=clean.language if clean else None,
        forked_from=claim.forked_from,
        total_duration_ms=round((now - claim.created_at).total_seconds() * 1000, 3),
        created_at=claim.created_at,
    )


def build_running_run(claim: Claim) -> Run:
    """A run of which nothing is known but that it goes on."""
    return Run(
        run_id=claim.run_id,
        ticket_id=claim.ticket.id,
        desk=claim.ticket.desk,
        status="running",
        forked_from=claim.forked_from,
        created_at=claim.created_at,
    )


def with_original_results(run: Run, original: Mapping[str, Any]) -> Run:
    """A duplicate's result, with what was understood of the ticket it joins."""
    known = Run.model_validate(original)
    return run.model_copy(
        update={
            "classification": known.classification,
            "extracted_fields": known.extracted_fields,
            "response_draft": known.response_draft,
            "engine": known.engine,
        }
    )


def ticket_columns(run: Run) -> dict[str, Any]:
    """What the ticket's row says about its newest run."""
    decision, classification = run.routing, run.classification
    return {
        "status": ticket_status(run),
        "category": classification.category if classification else None,
        "severity": classification.severity if classification else None,
        "priority": decision.priority if decision else None,
        "assigned_team": assigned_team(run),
        "duplicate_of": run.duplicate_of,
    }


def assigned_team(run: Run) -> str | None:
    """The team that works on the ticket.

    The one it was delivered to, until then the one that was decided.
    """
    effects = run.delivery.effects if run.delivery else ()
    delivered = next(
        (effect.target for effect in effects if effect.action == "assignment"), None
    )
    return delivered or (run.routing.team if run.routing else None)


def ticket_status(run: Run) -> str:
    """Where the ticket stands for the people who work with it."""
    if run.status in ("waiting", "failed"):
        return run.status
    if (
        run.approval is None
        and run.delivery
        and any(e.action == "reply" for e in run.delivery.effects)
    ):
        return "awaiting_customer" if run.disposition == "request_info" else "resolved"
    return {"duplicate": "duplicate", None: "processed"}.get(
        run.disposition, "assigned"
    )
