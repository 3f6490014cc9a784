"""Effects: what the system sends out, and a person's decision where the outcome is unknown."""

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field

from contracts.effect import LedgerEntry, Outcome, Resolution, WhichEffects
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    json_response,
    make_router,
)
from server.api.parameters import Limit, Offset
from server.api.request_models import with_example

routes = make_router("/api/v1/effects", "effects")

EffectKey = Annotated[
    str, Path(max_length=128, pattern="^[!-~]+$", description="The effect's key")
]


class Effects(BaseModel):
    """Effects, the oldest first."""

    items: list[LedgerEntry] = Field(description="The effects")


class ResolutionIn(BaseModel):
    """A person's decision on a parked effect."""

    model_config = with_example(outcome="sent", decided_by="ada", remote_id="JIRA-4711")

    outcome: Outcome = Field(
        description=(
            "sent: the receiver has it; send_again: it does not, send it; drop: it is "
            "not to be sent"
        )
    )
    decided_by: str = Field(
        default="unknown", max_length=200, description="Who decided"
    )
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
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Effects of a status, the oldest first; without one, those that wait for a person."""
    return json_response(
        Effects(items=list(await app.effects.list(status, limit, offset)))
    )


@routes.post(
    "/{key}/resolution",
    response_model=LedgerEntry,
    responses={**NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def resolve_effect(key: EffectKey, request: ResolutionIn, app: App) -> Response:
    """Decide on a parked effect.

    The first decision counts; 409 for an effect that does not wait for a person (any more).
    """
    return json_response(
        await app.effects.resolve(key, Resolution.model_validate(request.model_dump()))
    )
