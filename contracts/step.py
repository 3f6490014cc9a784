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

    step_name: str = Field(description="The node's name in the graph")
    status: StepStatus = Field(description="How it ended; waiting: a person is asked")
    started_at: datetime = Field(description="When it began")
    completed_at: datetime = Field(description="When it ended")
    duration_ms: float = Field(ge=0, description="Milliseconds between the two")
    error: str | None = Field(
        default=None, description="What went wrong; null when nothing did"
    )
    fallback_used: bool = Field(
        default=False,
        description="True when the local engine did the work of a failed model",
    )
    tokens_used: int = Field(
        default=0, description="Prompt and completion tokens together"
    )
    usage: Usage = Field(
        default=Usage(), description="What the model calls of this step cost"
    )
    engine: str | None = Field(
        default=None, description="The engine that did it; null for a step without one"
    )
    prompt_version: str | None = Field(
        default=None,
        description="The prompt used, as name@version; null without a model",
    )


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
