"""The result of a run, as the HTTP API, the command line and Python show it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from contracts.approval import ApprovalRequest
from contracts.classification import Classification
from contracts.decision import Decision
from contracts.draft import Draft
from contracts.effect import Delivery
from contracts.extraction import Extraction
from contracts.retrieval import SimilarTicket
from contracts.step import Problem, Step
from contracts.usage import Cost, Usage
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


def stored_field(stored_as: str, default: Any) -> Any:
    """A field that has another name in `runs.result`.

    Rows and processes of earlier versions use the stored name, and so does erasure.
    """
    return Field(
        default=default, validation_alias=stored_as, serialization_alias=stored_as
    )


class Run(Value):
    """One run of one ticket. waiting: a person is asked; finished: all effects are recorded.

    Its fields have the names of contracts.run_view.RunView.
    """

    model_config = ConfigDict(populate_by_name=True)

    run_id: str
    ticket_id: str
    desk: str
    status: RunStatus
    disposition: Disposition | None = None
    classification: Classification | None = None
    extracted_fields: Extraction | None = stored_field("extraction", None)
    response_draft: Draft | None = stored_field("draft", None)
    routing: Decision | None = stored_field("decision", None)
    approval: PendingApproval | None = None
    duplicate_of: str | None = None
    similarity_score: float | None = Field(
        default=None,
        description="With duplicate_of, or else of the most similar ticket",
    )
    similar_tickets: tuple[SimilarTicket, ...] = stored_field("similar", ())
    delivery: Delivery | None = None
    workflow_steps: tuple[Step, ...] = stored_field("steps", ())
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

    @property
    def degraded_reasons(self) -> tuple[str, ...]:
        """Which step failed and why, one entry a failure."""
        return tuple(f"{problem.step}: {problem.detail}" for problem in self.problems)

    @property
    def cost(self) -> Cost:
        """What the model calls of all steps cost together."""
        return sum((step.usage for step in self.workflow_steps), Usage()).cost

    def dump_stored(self) -> dict[str, Any]:
        """The run as `runs.result` holds it."""
        return self.model_dump(mode="json", by_alias=True)


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
