"""Puts the model engine together from settings. Imported only where a model is configured."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from engines.llm.asking import Asker
from engines.llm.budget import Budget
from engines.llm.chat import Chat
from engines.llm.engine import LlmEngine
from engines.llm.gateway import Gateway
from engines.llm.prices import SHIPPED, load_prices
from engines.llm.providers import Models
from engines.llm.records import CallRecord
from engines.llm.settings import ModelSettings
from nodes.services import Engine, Limits
from policies.desk import Desk


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
    """The engine on `models`; `spent_today` is what this database's runs have cost today, in USD by desk.

    Raises InputError for a price table that cannot be used.
    """
    budget = Budget(
        load_prices(settings.llm_prices or SHIPPED),
        per_ticket_usd=settings.ticket_budget_usd,
        per_day_usd=settings.daily_budget_usd,
        per_desk_day_usd={desk.id: usd for desk in desks if (usd := desk.settings.daily_budget_usd) is not None},
        now=now,
        spent_today=spent_today,
    )
    chat = Chat()
    chat.warm(models.primary)
    asker = Asker(
        models,
        chat,
        Gateway(limit=settings.llm_concurrency),
        budget,
        attempts=settings.retry_max_attempts,
        backoff=settings.retry_backoff_factor,
        observe=observe,
    )
    enabled = {
        "classify": settings.enable_ai_classification,
        "extract": settings.enable_ai_extraction,
        "draft": settings.enable_response_generation,
    }
    steps = [step for step, on in enabled.items() if on]
    return LlmEngine(asker, local, limits, steps=steps, cache_size=settings.llm_cache_size)
