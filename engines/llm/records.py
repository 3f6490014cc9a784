"""What the model engine tells others about itself. Imports no model client."""

from collections.abc import Mapping
from typing import NamedTuple

from contracts.usage import Usage
from engines.llm.breaker import BreakerState


class CallRecord(NamedTuple):
    """One call of a model, for metrics. `outcome` is `ok` or the name of the failure; seconds are wall time."""

    step: str
    desk_id: str
    model: str
    outcome: str
    seconds: float
    usage: Usage


class ModelState(NamedTuple):
    """How the models are: who they are, the state of each provider's circuit, and today's spending in USD."""

    primary: str
    fallback: str | None
    circuits: Mapping[str, BreakerState]
    spent_today_usd: float
