"""Puts the model engine together from settings. Imported only where a model is configured."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from engines.llm.ask import Asker
from engines.llm.engine import LlmEngine
from engines.models.budget import Budget
from engines.models.chat import Chat
from engines.models.gateway import Gateway
from engines.models.prices import SHIPPED, load_prices
from engines.models.providers import Models
from engines.models.records import CallRecord
from engines.models.settings import ModelSettings
from nodes.services import Engine, Limits
from policies.desk.model import Desk

SHORTEST_REST = 30.0
"""Seconds for which a model that fails is left alone, at least."""


def model_engine(
    settings: ModelSettings,
    models: Models,
    local: Engine,
    limits: Limits,
    desks: Iterable[Desk],
    *,
    now: Callable[[], datetime],
    spent_today: Mapping[str, float],
    observe: Callable[[CallRecord], None],
) -> LlmEngine:
    """The engine on `models`.

    `spent_today` is what this database's runs have cost today, in USD by desk.

    Raises InputError for a price table that cannot be used.
    """
    limits_by_desk = {desk.id: desk.settings.daily_budget_usd for desk in desks}
    budget = Budget(
        load_prices(settings.llm_prices or SHIPPED),
        per_ticket_usd=settings.ticket_budget_usd,
        per_day_usd=settings.daily_budget_usd,
        per_desk_day_usd={
            desk: usd for desk, usd in limits_by_desk.items() if usd is not None
        },
        now=now,
        spent_today=spent_today,
    )
    asker = asker_of(settings, models, budget, limits, observe)
    return LlmEngine(
        asker,
        local,
        limits,
        steps=steps_of(settings),
        cache_size=settings.llm_cache_size,
    )


def asker_of(
    settings: ModelSettings,
    models: Models,
    budget: Budget,
    limits: Limits,
    observe: Callable[[CallRecord], None],
) -> Asker:
    """What asks the models, ready for the first ticket."""
    chat = Chat()
    chat.warm(models.primary)
    return Asker(
        models,
        chat,
        Gateway(settings.llm_concurrency, rest=max(SHORTEST_REST, 2 * limits.draft)),
        budget,
        attempts=settings.retry_max_attempts,
        backoff=settings.retry_backoff_factor,
        observe=observe,
    )


def steps_of(settings: ModelSettings) -> list[str]:
    """The steps in which a model is asked."""
    enabled = {
        "classify": settings.enable_ai_classification,
        "extract": settings.enable_ai_extraction,
        "draft": settings.enable_response_generation,
    }
    return [step for step, on in enabled.items() if on]
