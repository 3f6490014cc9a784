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

    id: str
    request: ApprovalRequest
    expires_at: datetime


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

    checkpoint_id: str
    parent_id: str | None
    created_at: datetime | None
    step: int
    next: tuple[str, ...]
    written_by: str | None = None
    pending_interrupt: bool = False
