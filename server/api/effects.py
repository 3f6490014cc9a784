"""Effects: what left the system or is to leave it, and a person's word on what nobody knows."""

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.effect import LedgerEntry, Outcome, Resolution, WhichEffects
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    json_response,
    make_router,
)

routes = make_router("/api/v1/effects", "effects")

EffectKey = Annotated[str, Path(max_length=128, pattern="^[!-~]+$")]


class Effects(BaseModel):
    """Effects, the oldest first."""

    items: list[LedgerEntry]


class ResolutionIn(BaseModel):
    """What is to become of a parked effect."""

    model_config = ConfigDict(extra="ignore")

    outcome: Outcome = Field(
        description=(
            "sent: the receiver has it; send_again: it does not, send it; drop: it is "
            "not to be sent"
        )
    )
    decided_by: str = Field(default="unknown", max_length=200)
    remote_id: str | None = Field(
        default=None,
        max_length=200,
        description="With sent: what the receiver calls it",
    )


@routes.get("", response_model=Effects)
async def list_effects(
    app: App,
    status: Annotated[
        WhichEffects,
        Query(description="parked: unknown and refused, which wait for a person"),
    ] = "parked",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Response:
    """What waits for a person, or has another status."""
    return json_response(
        Effects(items=list(await app.effects.list(status, limit, offset)))
    )


@routes.post(
    "/{key}/resolution",
    response_model=LedgerEntry,
    responses={**NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def resolve(key: EffectKey, request: ResolutionIn, app: App) -> Response:
    """Decide on a parked effect. The first one counts.

    409 for one that does not wait for a person (any more).
    """
    return json_response(
        await app.effects.resolve(key, Resolution.model_validate(request.model_dump()))
    )
