"""What clients get back, and how a run becomes that."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.result import PendingApproval, Run
from contracts.retrieval import SimilarTicket
from contracts.step import Step
from contracts.stored_ticket import StoredTicket
from contracts.usage import Usage
from contracts.values import Disposition, Priority


class Routing(BaseModel):
    """Where a ticket goes."""

    team: str
    priority: Priority
    reasoning: str
    alternative_teams: tuple[str, ...]
    escalation_path: tuple[str, ...]
    confidence: float
    disposition: Disposition
    rules: tuple[str, ...] = Field(description="Ids of the rules that decided")
    due_at: datetime | None


class Cost(BaseModel):
    """What the models cost. Nothing, when none was called."""

    calls: int = 0
    tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = Field(
        default=0.0, description="By the price table; 0 for a model that is not in it"
    )
    models: tuple[str, ...] = ()


class ProcessOut(BaseModel):
    """A ticket's run."""

    ticket_id: str
    run_id: str
    status: str = Field(
        description="finished, or waiting for the decision on `approval`, or failed"
    )
    desk: str
    disposition: Disposition | None
    classification: Classification | None
    extracted_fields: Extraction | None
    response_draft: Draft | None
    routing: Routing | None
    approval: PendingApproval | None
    duplicate_of: str | None
    similarity_score: float | None
    similar_tickets: tuple[SimilarTicket, ...]
    workflow_steps: tuple[Step, ...]
    engine: str | None
    degraded: bool
    degraded_reasons: tuple[str, ...] = Field(
        description="What did not work, and so was done by a lesser engine"
    )
    injection_flag: bool
    language: str | None
    cost: Cost
    error: str | None
    forked_from: str | None
    total_duration_ms: float
    created_at: datetime


def routing_out(decision: Decision | None) -> Routing | None:
    """The decision as clients read it."""
    if decision is None:
        return None
    return Routing(
        team=decision.team,
        priority=decision.priority,
        reasoning=decision.reasoning,
        alternative_teams=decision.alternative_teams,
        escalation_path=decision.escalation_path,
        confidence=decision.confidence,
        disposition=decision.disposition,
        rules=tuple(reason.rule for reason in decision.reasons),
        due_at=decision.due_at,
    )


def cost_out(run: Run) -> Cost:
    """What all steps of a run came to."""
    total = sum((step.usage for step in run.steps), Usage())
    return Cost(
        calls=total.calls,
        tokens=total.tokens,
        prompt_tokens=total.prompt_tokens,
        completion_tokens=total.completion_tokens,
        usd=round(total.cost_usd, 6),
        models=total.models,
    )


def process_out(run: Run) -> ProcessOut:
    """A run as clients read it."""
    return ProcessOut(
        ticket_id=run.ticket_id,
        run_id=run.run_id,
        status=run.status,
        desk=run.desk,
        disposition=run.disposition,
        classification=run.classification,
        extracted_fields=run.extraction,
        response_draft=run.draft,
        routing=routing_out(run.decision),
        approval=run.approval,
        duplicate_of=run.duplicate_of,
        similarity_score=run.similarity_score,
        similar_tickets=run.similar,
        workflow_steps=run.steps,
        engine=run.engine,
        degraded=run.degraded,
        degraded_reasons=tuple(
            f"{problem.step}: {problem.detail}" for problem in run.problems
        ),
        injection_flag=run.injection_flag,
        language=run.language,
        cost=cost_out(run),
        error=run.error,
        forked_from=run.forked_from,
        total_duration_ms=run.total_duration_ms,
        created_at=run.created_at,
    )


class ClassifyOut(Classification):
    """A classification, flat and under its name: both known client styles find it."""

    classification: Classification


class ExtractOut(Extraction):
    """The fields, flat and under their name."""

    extraction: Extraction


class RespondOut(Draft):
    """The reply, flat and under its name."""

    response_draft: Draft


class RouteOut(Routing):
    """Where the ticket goes, flat and under its name."""

    routing: Routing


class Ticket(BaseModel):
    """A stored ticket."""

    id: str
    ticket_id: str
    desk: str
    subject: str
    body: str
    customer_id: str | None
    customer_email: str | None
    customer_name: str | None
    metadata: dict[str, Any]
    source: str
    source_id: str | None
    status: str
    category: str | None
    severity: str | None
    priority: str | None
    assigned_team: str | None
    duplicate_of: str | None
    created_at: datetime
    updated_at: datetime
    run_id: str | None = None
    run_url: str | None = None


class TicketPage(BaseModel):
    """Some of the tickets, newest first. `items` and `tickets` are the same list."""

    items: list[Ticket]
    tickets: list[Ticket]
    total: int
    page: int
    page_size: int
    pages: int


def ticket_out(stored: StoredTicket) -> Ticket:
    """A ticket as clients read it."""
    names = set(Ticket.model_fields) - {"ticket_id", "created_at", "run_url"}
    return Ticket(
        **{name: getattr(stored, name) for name in names},
        ticket_id=stored.id,
        created_at=stored.received_at,
        run_url=f"/api/v1/runs/{stored.run_id}" if stored.run_id else None,
    )
