"""The public view of a run, as HTTP and `--json` show it; contracts.result.Run uses its names."""

from datetime import datetime

from pydantic import BaseModel, Field

from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.result import PendingApproval, Run, RunStatus
from contracts.retrieval import SimilarTicket
from contracts.step import Step
from contracts.usage import Cost
from contracts.values import Disposition, EngineName, Priority


class Routing(BaseModel):
    """Where a ticket goes, how soon, and which rules decided it."""

    team: str = Field(description="The team that gets the ticket")
    priority: Priority = Field(description="How soon the team should take it up")
    reasoning: str = Field(description="Why, in one sentence for a person")
    alternative_teams: tuple[str, ...] = Field(
        description="Other teams that could take it, the best one first"
    )
    escalation_path: tuple[str, ...] = Field(
        description="Who gets it next when the team cannot solve it, in order"
    )
    confidence: float = Field(description="Confidence in the team, from 0 to 1")
    disposition: Disposition = Field(description="What happens to the ticket next")
    rules: tuple[str, ...] = Field(description="Ids of the rules that decided")
    due_at: datetime | None = Field(
        description="When the first answer is due, by the SLA of the severity"
    )


class RunView(BaseModel):
    """One run of one ticket: its results, its steps and its cost."""

    ticket_id: str = Field(description="The ticket's id")
    run_id: str = Field(description="The run's id")
    status: RunStatus = Field(
        description=(
            "running; waiting for the decision on `approval`; finished; or failed"
        )
    )
    desk: str = Field(description="The desk whose policies apply")
    disposition: Disposition | None = Field(
        description="What happens to the ticket; null until it is routed"
    )
    classification: Classification | None = Field(
        description="Category and severity; null until classified, or when skipped"
    )
    extracted_fields: Extraction | None = Field(
        description="The fields found in the text; null until extracted, or when skipped"
    )
    response_draft: Draft | None = Field(
        description="The reply to the customer; null until drafted, or when skipped"
    )
    routing: Routing | None = Field(
        description="Team, priority and rules; null until routed, or when skipped"
    )
    approval: PendingApproval | None = Field(
        description="The question to a person that the run waits for; null when none"
    )
    duplicate_of: str | None = Field(
        description="Id of the open ticket that this one repeats"
    )
    similarity_score: float | None = Field(
        description="Similarity to `duplicate_of`, or else to the most similar ticket"
    )
    similar_tickets: tuple[SimilarTicket, ...] = Field(
        description="Earlier tickets that read alike, the most similar one first"
    )
    workflow_steps: tuple[Step, ...] = Field(
        description="The steps so far, in the order in which they ended"
    )
    engine: EngineName | None = Field(
        description="local: rules and embeddings; llm: a language model took part"
    )
    degraded: bool = Field(
        description="True when a step failed and a fallback did its work"
    )
    degraded_reasons: tuple[str, ...] = Field(
        description="Which step failed and why, one entry a failure"
    )
    injection_flag: bool = Field(
        description="True when the text addresses the system instead of the desk"
    )
    language: str | None = Field(
        description="ISO 639-1 code; null when the text is too short to tell"
    )
    cost: Cost = Field(description="What the run's model calls cost")
    error: str | None = Field(description="Why the run failed; null when it did not")
    forked_from: str | None = Field(
        description="Id of the run that this one is a fork of; a fork has no effects"
    )
    total_duration_ms: float = Field(
        description="Milliseconds from the start until the run was last settled, waiting included"
    )
    created_at: datetime = Field(description="When the run started")


def view_run(run: Run) -> RunView:
    """The run as HTTP and `--json` show it."""
    return RunView(
        ticket_id=run.ticket_id,
        run_id=run.run_id,
        status=run.status,
        desk=run.desk,
        disposition=run.disposition,
        classification=run.classification,
        extracted_fields=run.extracted_fields,
        response_draft=run.response_draft,
        routing=view_routing(run.routing),
        approval=run.approval,
        duplicate_of=run.duplicate_of,
        similarity_score=run.similarity_score,
        similar_tickets=run.similar_tickets,
        workflow_steps=run.workflow_steps,
        engine=run.engine,
        degraded=run.degraded,
        degraded_reasons=run.degraded_reasons,
        injection_flag=run.injection_flag,
        language=run.language,
        cost=run.cost,
        error=run.error,
        forked_from=run.forked_from,
        total_duration_ms=run.total_duration_ms,
        created_at=run.created_at,
    )


def view_routing(decision: Decision | None) -> Routing | None:
    """The decision as clients read it; None for a ticket that is not routed."""
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
        rules=decision.rules,
        due_at=decision.due_at,
    )
