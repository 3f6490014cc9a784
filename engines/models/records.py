"""What the model engine reports to metrics and health checks. Imports no model client."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from contracts.usage import Usage
from engines.models.breaker import BreakerState

STATES_BY_HEALTH: Final[tuple[BreakerState, ...]] = ("closed", "half_open", "open")
"""The states of a circuit, best first."""


class CallRecord(NamedTuple):
    """One call of a model, for metrics.

    `outcome` is `ok`, `cancelled` or the name of the error; `seconds` are wall time. Usage that
    the provider did not report is estimated: see engines.models.budget.
    """

    step: str
    desk_id: str
    model: str
    outcome: str
    seconds: float
    usage: Usage


class ModelState(NamedTuple):
    """The models in use, each one's circuit by its id, and today's spending in USD."""

    primary: str
    fallback: str | None
    circuits: Mapping[str, BreakerState]
    spent_today_usd: float

    @property
    def provider_circuits(self) -> dict[str, BreakerState]:
        """The worst circuit of each provider's models."""
        worst: dict[str, BreakerState] = {}
        for model, state in self.circuits.items():
            provider = model_provider(model)
            if STATES_BY_HEALTH.index(state) >= STATES_BY_HEALTH.index(
                worst.get(provider, "closed")
            ):
                worst[provider] = state
        return worst


def model_provider(model: str) -> str:
    """The provider in a model's id."""
    return model.partition("/")[0]
