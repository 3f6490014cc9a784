"""The record of one step of a run."""

import operator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from contracts.usage import Usage
from contracts.values import Value

StepStatus = Literal["completed", "skipped", "fallback", "failed", "waiting"]


class Step(Value):
    """One execution of a node: when, how long, by which engine, and what went wrong."""

    step_name: str
    status: StepStatus
    started_at: datetime
    completed_at: datetime
    duration_ms: float = Field(ge=0)
    error: str | None = None
    fallback_used: bool = False
    tokens_used: int = 0
    usage: Usage = Usage()
    engine: str | None = None
    prompt_version: str | None = None


class Problem(Value):
    """Something a node could not do, kept in the state so that an edge can act on it."""

    step: str
    kind: str
    detail: str
    usage: Usage = Usage()


Steps = Annotated[list[Step], operator.add]
"""The state's channel of steps; every node appends its own."""

Problems = Annotated[list[Problem], operator.add]
"""The state's channel of problems; parallel nodes may each append."""
