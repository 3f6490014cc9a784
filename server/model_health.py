"""Whether the configured models can be used, by their circuits and their last calls."""

from collections import defaultdict, deque
from typing import Literal

from pydantic import BaseModel, Field

from engines.models.breaker import BreakerState
from engines.models.records import CallRecord, ModelState

DependencyState = Literal["healthy", "degraded", "unavailable", "not_configured"]

RECENT_CALLS = 3
"""When this many calls of a model in a row failed, it is unavailable, its circuit closed or not.

Some failures, a rate limit for one, are not counted by the circuit breaker.
"""


class ModelHealth(BaseModel):
    """One configured model."""

    id: str = Field(description="provider/name")
    role: Literal["primary", "fallback"] = Field(
        description="fallback: called when the primary model fails"
    )
    state: DependencyState = Field(
        description=(
            "unavailable: its circuit is open or its last calls failed; degraded: its "
            "circuit is half open, one call tries it"
        )
    )
    circuit: BreakerState = Field(
        description="State of its circuit breaker in the process that answers"
    )


class RecentCalls:
    """The outcomes of each model's last calls in this process."""

    def __init__(self) -> None:
        self._succeeded: dict[str, deque[bool]] = defaultdict(
            lambda: deque(maxlen=RECENT_CALLS)
        )

    def note_call(self, record: CallRecord) -> None:
        """Remember whether a call that was sent succeeded; a cancelled one tells nothing."""
        if record.usage.calls and record.outcome != "cancelled":
            self._succeeded[record.model].append(record.outcome == "ok")

    def all_failed(self, model: str) -> bool:
        """Whether the last RECENT_CALLS calls of the model all failed."""
        outcomes = self._succeeded.get(model, ())
        return len(outcomes) == RECENT_CALLS and not any(outcomes)


def list_model_health(
    models: ModelState | None, recent: RecentCalls
) -> list[ModelHealth]:
    """Every configured model, the primary one first; none offline."""
    if models is None:
        return []
    others = sorted(models.circuits.keys() - {models.primary})
    return [
        ModelHealth(
            id=model,
            role="primary" if model == models.primary else "fallback",
            state=judge_model(circuit, failed=recent.all_failed(model)),
            circuit=circuit,
        )
        for model in (models.primary, *others)
        for circuit in (models.circuits.get(model, "closed"),)
    ]


def judge_model(circuit: BreakerState, *, failed: bool) -> DependencyState:
    """The state of one model."""
    if circuit == "open" or failed:
        return "unavailable"
    return "degraded" if circuit == "half_open" else "healthy"


def judge_models(models: list[ModelHealth]) -> DependencyState:
    """All models as one dependency: degraded while at least one of them can be used."""
    states: set[DependencyState] = {model.state for model in models}
    if not states:
        return "not_configured"
    if len(states) == 1:
        return states.pop()
    return "degraded"
