"""Builds a run's result, and its ticket's columns, from the state of the graph."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.result import PendingApproval, Run, RunStatus
from contracts.values import EngineName
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
    """The result that a state stands for."""
    classification, decision = state.get("classification"), state.get("decision")
    duplicate, clean = state.get("duplicate"), state.get("clean")
    flags = clean.injection_flags if clean else ()
    return Run(
        run_id=claim.run_id,
        ticket_id=claim.ticket.id,
        desk=claim.ticket.desk,
        status=status,
        disposition=decision.disposition if decision else None,
        classification=classification,
        extracted_fields=state.get("extraction"),
        response_draft=state.get("draft"),
        routing=decision,
        approval=approval,
        duplicate_of=duplicate.ticket_id if duplicate else None,
        similarity_score=highest_similarity(state),
        similar_tickets=tuple(state.get("similar", ())),
        delivery=state.get("delivery"),
        workflow_steps=tuple(state.get("steps", ())),
        problems=tuple(state.get("problems", ())),
        engine=engine_of_run(state),
        degraded=state.get("degraded", False),
        injection_flag=bool(flags),
        injection_reasons=tuple(flag.rule for flag in flags),
        language=clean.language if clean else None,
        forked_from=claim.forked_from,
        total_duration_ms=round((now - claim.created_at).total_seconds() * 1000, 3),
        created_at=claim.created_at,
    )


def highest_similarity(state: State) -> float | None:
    """The score of the duplicate's original, or of the most similar ticket."""
    if duplicate := state.get("duplicate"):
        return duplicate.score
    return max((ticket.score for ticket in state.get("similar", ())), default=None)


def engine_of_run(state: State) -> EngineName | None:
    """The engine that classified the ticket; without a classification, the draft's."""
    answer = state.get("classification") or state.get("draft")
    return answer.engine if answer else None


def build_running_run(claim: Claim) -> Run:
    """The result of a run that is still running."""
    return Run(
        run_id=claim.run_id,
        ticket_id=claim.ticket.id,
        desk=claim.ticket.desk,
        status="running",
        forked_from=claim.forked_from,
        created_at=claim.created_at,
    )


def with_original_results(run: Run, original: Mapping[str, Any]) -> Run:
    """A duplicate's result, with classification, fields and draft of its original."""
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
    """The columns of the ticket's row that its newest run sets."""
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
    """The team that the ticket was assigned to; until then the one that was decided."""
    effects = run.delivery.effects if run.delivery else ()
    delivered = next(
        (effect.target for effect in effects if effect.action == "assignment"), None
    )
    return delivered or (run.routing.team if run.routing else None)


def ticket_status(run: Run) -> str:
    """The ticket's status after the run."""
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
