"""/health: whether tickets can be taken, and the state of each system the service needs."""

from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from engines.models.records import model_provider
from server.api.dependencies import App, json_response
from server.model_health import (
    DependencyState,
    ModelHealth,
    judge_models,
    list_model_health,
)
from storage.queries.health import StorageHealth

routes = APIRouter(tags=["service"])


class Health(BaseModel):
    """Whether the service works, and what it depends on."""

    status: Literal["healthy", "degraded", "unhealthy"] = Field(
        description=(
            "healthy; degraded: tickets are taken, but a dependency does not work; "
            "unhealthy: no ticket can be taken"
        )
    )
    timestamp: datetime = Field(description="When this was found out")
    version: str = Field(description="The version of TicketGraph")
    ai_enabled: bool = Field(description="True when a model API is configured")
    dependencies: dict[str, DependencyState] = Field(
        description=(
            "State of `database`, `workers`, `model` (all models together), each "
            "`provider NAME`, and `delivery_webhook`"
        )
    )
    models: list[ModelHealth] = Field(
        description="The configured models, the primary one first"
    )


@routes.get(
    "/health",
    response_model=Health,
    responses={503: {"model": Health, "description": "No ticket can be taken"}},
)
async def get_health(request: Request, app: App) -> Response:
    """200 while tickets can be taken, also when degraded; 503 when the database cannot be used."""
    models = list_model_health(app.model_state, request.app.state.recent_calls)
    stored = await app.check_storage()
    delivers = request.app.state.delivers_effects
    dependencies = judge_storage(stored, delivers=delivers) | judge_providers(models)
    shown = Health(
        status=judge_service(dependencies),
        timestamp=datetime.now(UTC),
        version=version("ticketgraph"),
        ai_enabled=bool(models),
        dependencies=dependencies,
        models=models,
    )
    return json_response(shown, 503 if shown.status == "unhealthy" else 200)


def judge_service(
    dependencies: dict[str, DependencyState],
) -> Literal["healthy", "degraded", "unhealthy"]:
    """One word for all of them."""
    if dependencies["database"] != "healthy":
        return "unhealthy"
    failing = set(dependencies.values()) - {"healthy", "not_configured"}
    return "degraded" if failing else "healthy"


def judge_storage(
    found: StorageHealth | None, *, delivers: bool
) -> dict[str, DependencyState]:
    """The database, and what its tables tell of workers and deliveries."""
    if found is None:
        return {"database": "unavailable"}
    delivery: DependencyState = "degraded" if found.deliveries_failing else "healthy"
    return {
        "database": "healthy",
        "workers": "healthy" if found.workers_alive else "unavailable",
        "delivery_webhook": delivery if delivers else "not_configured",
    }


def judge_providers(models: list[ModelHealth]) -> dict[str, DependencyState]:
    """All models as `model`, and those of each provider as `provider NAME`."""
    ordered = sorted(models, key=lambda model: model_provider(model.id))
    grouped = groupby(ordered, key=lambda model: model_provider(model.id))
    found: dict[str, DependencyState] = {"model": judge_models(models)}
    for name, theirs in grouped:
        found[f"provider {name}"] = judge_models(list(theirs))
    return found
