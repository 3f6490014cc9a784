"""The result of a run, as the HTTP API, the command line and Python show it."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from contracts.approval import ApprovalRequest
from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.effect import Delivery
from contracts.extraction import Extraction
from contracts.retrieval import SimilarTicket
from contracts.step import Problem, Step
from contracts.values import Disposition, EngineName, Value

RunStatus = Literal["running", "waiting", "finished", "failed"]


class PendingApproval(Value):
    """The approval request that a waiting run waits for."""

    id: str = Field(
        description="The approval's id, for `POST /api/v1/approvals/{id}/decision`"
    )
    request: ApprovalRequest = Field(description="What the person is asked")
    expires_at: datetime = Field(
        description="When the desk's safe default decides instead"
    )


class Run(Value):
    """One run of one ticket.

    `waiting`: a person is asked; `finished`: all effects are recorded.
    """

    run_id: str
    ticket_id: str
    desk: str
    status: RunStatus
    disposition: Disposition | None = None
    classification: Classification | None = None
    extraction: Extraction | None = None
    draft: Draft | None = None
    decision: Decision | None = None
    approval: PendingApproval | None = None
    duplicate_of: str | None = None
    similarity_score: float | None = Field(
        default=None,
        description="With duplicate_of, or else of the most similar ticket",
    )
    similar: tuple[SimilarTicket, ...] = ()
    delivery: Delivery | None = None
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    engine: EngineName | None = None
    degraded: bool = False
    injection_flag: bool = False
    injection_reasons: tuple[str, ...] = ()
    language: str | None = None
    error: str | None = None
    forked_from: str | None = None
    total_duration_ms: float = 0.0
    created_at: datetime


class Checkpoint(Value):
    """One saved checkpoint of a run: its step, the next nodes, and the id to fork from."""

    checkpoint_id: str = Field(description="Its id, for `POST /api/v1/runs/{id}/fork`")
    parent_id: str | None = Field(
        description="The checkpoint before it; null for the first one"
    )
    created_at: datetime | None = Field(description="When it was saved")
    step: int = Field(description="Its number, -1 for the input")
    next: tuple[str, ...] = Field(description="The nodes that run next")
    written_by: str | None = Field(
        default=None, description="The node whose result it holds"
    )
    pending_interrupt: bool = Field(
        default=False, description="True when the run waits here for a person"
    )
