"""Models on a stub.

Their settings, an asker and a whole engine, put together as engines/llm/assembly.py does.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from engines.llm.ask import ModelClient
from engines.llm.engine import LlmEngine
from engines.models.budget import Budget
from engines.models.chat import ChatClient
from engines.models.gateway import ModelGateway
from engines.models.prices import SHIPPED_PRICES_FILE, Prices, load_prices
from engines.models.providers import ModelPair, resolve_models
from engines.models.records import CallRecord
from engines.models.settings import ModelSettings
from nodes.services import Engine, Limits

KEY = "sk-stub-4242"


def settings_for(url: str, **given: Any) -> ModelSettings:
    """Settings of a model `m` at this address, whatever the environment says."""
    wanted: dict[str, Any] = {
        "llm_provider": "compatible",
        "llm_base_url": url,
        "default_model": "m",
    }
    return ModelSettings(
        _env_file=None, **({"llm_api_key": SecretStr(KEY)} | wanted | given)
    )  # type: ignore[call-arg]


def models_on(url: str, fallback: str | None = None, **given: Any) -> ModelPair:
    """The model `m`, and another one behind it when it is named."""
    models = resolve_models(settings_for(url, fallback_model=fallback, **given))
    assert models
    return models


def asker_on(
    models: ModelPair,
    chat: ChatClient,
    *,
    prices: Prices | None = None,
    per_ticket_usd: float | None = None,
    attempts: int = 2,
    backoff: float = 0.0,
    concurrency: int = 128,
    clock: Callable[[], float] = time.monotonic,
    observe: Callable[[CallRecord], None] = lambda _: None,
) -> ModelClient:
    """An asker with circuits of its own, which go by `clock`."""
    budget = Budget(
        prices or load_prices(SHIPPED_PRICES_FILE),
        per_ticket_usd,
        None,
        None,
        now=lambda: datetime.now(UTC),
    )
    gateway = ModelGateway(concurrency, clock)
    return ModelClient(
        models,
        chat,
        gateway,
        budget,
        attempts=attempts,
        backoff=backoff,
        observe=observe,
    )


def engine_on(
    url: str,
    chat: ChatClient,
    local: Engine,
    limits: Limits | None = None,
    *,
    fallback: str | None = None,
    **given: Any,
) -> LlmEngine:
    """A whole engine; `given` is the asker's."""
    return LlmEngine(
        asker_on(models_on(url, fallback), chat, **given), local, limits or Limits()
    )
