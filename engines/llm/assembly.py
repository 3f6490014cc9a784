"""Builds the model engine from settings. Imported only where a model is configured."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from contracts.log import log
from engines.llm.ask import ModelClient
from engines.llm.engine import LlmEngine
from engines.models.budget import Budget
from engines.models.chat import ChatClient
from engines.models.gateway import ModelGateway
from engines.models.prices import SHIPPED_PRICES_FILE, load_prices
from engines.models.providers import ModelPair
from engines.models.records import CallRecord
from engines.models.settings import ModelSettings
from nodes.services import Engine, Limits
from policies.desk.model import Desk

MIN_COOLDOWN_SECONDS = 30.0
"""Least cool-down, in seconds, of a model whose circuit has opened."""


def build_llm_engine(
    settings: ModelSettings,
    models: ModelPair,
    local: Engine,
    limits: Limits,
    desks: Iterable[Desk],
    *,
    now: Callable[[], datetime],
    spent_today: Mapping[str, float],
    observe: Callable[[CallRecord], None],
) -> LlmEngine:
    """The engine on `models`.

    `spent_today` is what this database's runs have cost today, in USD by desk. Raises
    InputError for a price table that cannot be used.
    """
    limits_by_desk = {desk.id: desk.settings.daily_budget_usd for desk in desks}
    budget = Budget(
        load_prices(settings.llm_prices or SHIPPED_PRICES_FILE),
        per_ticket_usd=settings.ticket_budget_usd,
        per_day_usd=settings.daily_budget_usd,
        per_desk_day_usd={
            desk: usd for desk, usd in limits_by_desk.items() if usd is not None
        },
        now=now,
        spent_today=spent_today,
    )
    asker = build_model_client(settings, models, budget, limits, observe)
    return LlmEngine(
        asker,
        local,
        limits,
        steps=enabled_model_steps(settings),
        cache_size=settings.llm_cache_size,
    )


def build_model_client(
    settings: ModelSettings,
    models: ModelPair,
    budget: Budget,
    limits: Limits,
    observe: Callable[[CallRecord], None],
) -> ModelClient:
    """The client of the models, with a connection pool open for the first ticket."""
    chat = ChatClient()
    chat.open_first_pool(models.primary)
    return ModelClient(
        models,
        chat,
        ModelGateway(
            settings.llm_concurrency, rest=max(MIN_COOLDOWN_SECONDS, 2 * limits.draft)
        ),
        budget,
        attempts=settings.retry_max_attempts,
        backoff=settings.retry_backoff_factor,
        observe=partial(record_call, observe),
    )


def record_call(observe: Callable[[CallRecord], None], call: CallRecord) -> None:
    """Hand a call to the metrics, and log one that failed."""
    observe(call)
    if call.outcome not in ("ok", "cancelled"):
        log.warning(
            "model call failed",
            step=call.step,
            model=call.model,
            failure=call.outcome,
            duration_ms=round(call.seconds * 1000, 1),
        )


def enabled_model_steps(settings: ModelSettings) -> list[str]:
    """The steps for which a model is asked."""
    enabled = {
        "classify": settings.enable_ai_classification,
        "extract": settings.enable_ai_extraction,
        "draft": settings.enable_response_generation,
    }
    return [step for step, on in enabled.items() if on]
