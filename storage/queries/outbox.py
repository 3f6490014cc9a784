"""The outbox: effects on other systems, recorded with the run and sent at most once each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.effect import Effect, EffectStatus, WhichEffects
from contracts.errors import NotFoundError
from storage.database.upsert import build_for_dialects
from storage.tables import outbox

PARKED_STATUSES: tuple[EffectStatus, ...] = ("unknown", "refused")
"""Statuses in which an effect waits for a person."""

IS_DELIVERABLE = (outbox.c.status == "sending") | (
    (outbox.c.status == "queued") & outbox.c.started_at.is_not(None)
)
"""Effects that are to be sent, or that some worker is sending.

Older versions wrote `queued` without `started_at` for effects that were only recorded.
"""

SHOWN_STATUS: ColumnElement[str] = case(
    ((outbox.c.status == "queued") & outbox.c.started_at.is_(None), "recorded"),
    else_=outbox.c.status,
)
"""The status, with those old rows shown as `recorded`."""

ENTRY_COLUMNS = [
    SHOWN_STATUS.label("status") if column is outbox.c.status else column
    for column in outbox.c
]

INSERT_EFFECT = build_for_dialects(
    lambda insert: (
        insert(outbox)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(outbox.c.key, outbox.c.status)
    )
)


@dataclass(frozen=True)
class DeliveryClaim:
    """An attempt to send an effect: the caller's own, or one begun `age_seconds` ago."""

    row: RowMapping
    is_own: bool
    age_seconds: float


async def insert_effects(
    connection: AsyncConnection,
    ticket_id: str,
    run_id: str,
    effects: Sequence[Effect],
    at: datetime,
    outside: frozenset[str] = frozenset(),
) -> Sequence[str]:
    """Record effects, and queue those whose action is in `outside`.

    Returns the keys of the queued ones. An effect whose key is recorded already is skipped.
    """
    rows: list[dict[str, Any]] = []
    for effect in effects:
        state = (
            {"status": "queued", "started_at": at}
            if effect.action in outside
            else {"status": "recorded"}
        )
        rows.append(
            {
                "ticket_id": ticket_id,
                "run_id": run_id,
                "created_at": at,
                "started_at": None,
            }
            | state
            | effect.model_dump()
        )
    if not rows:
        return ()
    made = await connection.execute(INSERT_EFFECT[connection.dialect.name], rows)
    return [row.key for row in made if row.status == "queued"]


async def list_ticket_effects(
    connection: AsyncConnection, ticket_id: str
) -> Sequence[RowMapping]:
    """A ticket's effects in the order they were recorded."""
    return (
        (
            await connection.execute(
                select_effects().where(outbox.c.ticket_id == ticket_id)
            )
        )
        .mappings()
        .all()
    )


async def find_effect_row(connection: AsyncConnection, key: str) -> RowMapping:
    """One effect. Raises NotFoundError."""
    found = (
        (await connection.execute(select_effects().where(outbox.c.key == key)))
        .mappings()
        .first()
    )
    if found is None:
        raise NotFoundError("There is no effect with this key.")
    return found


async def list_effects_page(
    connection: AsyncConnection, which: WhichEffects, limit: int, offset: int
) -> Sequence[RowMapping]:
    """Effects, the oldest first."""
    query = select_effects()
    if which != "all":
        query = query.where(
            SHOWN_STATUS.in_(PARKED_STATUSES if which == "parked" else (which,))
        )
    return (
        (await connection.execute(query.limit(limit).offset(offset))).mappings().all()
    )


def select_effects() -> Select[Any]:
    """Effects in the order they were recorded."""
    return select(*ENTRY_COLUMNS).order_by(outbox.c.id)


async def list_deliverable_keys(connection: AsyncConnection) -> Sequence[str]:
    """The keys of the effects that are to be sent or are being sent."""
    return (
        await connection.scalars(
            select(outbox.c.key).where(IS_DELIVERABLE).order_by(outbox.c.id)
        )
    ).all()


async def count_parked_effects(connection: AsyncConnection) -> int:
    """How many effects wait for a person."""
    return (
        await connection.scalar(
            select(func.count())
            .select_from(outbox)
            .where(outbox.c.status.in_(PARKED_STATUSES))
        )
        or 0
    )


async def claim_effect(
    connection: AsyncConnection, key: str, at: datetime
) -> DeliveryClaim | None:
    """Begin an attempt to send a queued effect, or return the attempt already under way.

    None when the effect is not to be sent any more.
    """
    now = await database_time(connection, at)
    queued = (outbox.c.key == key) & (outbox.c.status == "queued") & IS_DELIVERABLE
    begun = (
        update(outbox)
        .where(queued)
        .values(status="sending", attempts=outbox.c.attempts + 1, started_at=now)
    )
    own = (await connection.execute(begun.returning(*outbox.c))).mappings().first()
    if own:
        return DeliveryClaim(own, is_own=True, age_seconds=0.0)
    sending = select(outbox).where(outbox.c.key == key, outbox.c.status == "sending")
    found = (await connection.execute(sending)).mappings().first()
    return (
        DeliveryClaim(
            found, is_own=False, age_seconds=(now - found["started_at"]).total_seconds()
        )
        if found
        else None
    )


async def settle_effect(
    connection: AsyncConnection,
    claim: DeliveryClaim,
    status: EffectStatus,
    at: datetime,
    remote_id: str | None = None,
    error: str | None = None,
) -> bool:
    """End an attempt. False, and no change, if it has ended or a newer attempt has begun."""
    ended = update(outbox).where(is_attempt_open(claim))
    values = {"status": status, "settled_at": None if status == "queued" else at}
    done = await connection.execute(
        ended.values(**values, remote_id=remote_id, error=error)
    )
    return done.rowcount == 1


async def note_effect_error(
    connection: AsyncConnection, claim: DeliveryClaim, error: str
) -> None:
    """Record an error of an attempt that has not ended."""
    await connection.execute(
        update(outbox).where(is_attempt_open(claim)).values(error=error)
    )


def is_attempt_open(claim: DeliveryClaim) -> ColumnElement[bool]:
    """The condition that an attempt is still the newest of its effect and has not ended."""
    return (
        (outbox.c.key == claim.row["key"])
        & (outbox.c.attempts == claim.row["attempts"])
        & (outbox.c.status == "sending")
    )


async def resolve_effect(
    connection: AsyncConnection, seen: RowMapping, status: EffectStatus, **values: Any
) -> bool:
    """Give a parked effect another status, if it is still as it was `seen`; else False."""
    same = (outbox.c.key == seen["key"]) & (outbox.c.status == seen["status"])
    parked = update(outbox).where(
        same,
        outbox.c.attempts == seen["attempts"],
        outbox.c.status.in_(PARKED_STATUSES),
    )
    return (
        await connection.execute(parked.values(status=status, **values))
    ).rowcount == 1


async def database_time(connection: AsyncConnection, at: datetime) -> datetime:
    """The time for comparisons between processes: PostgreSQL's clock, on SQLite `at`.

    Several machines may share a PostgreSQL database, and their clocks differ.
    """
    if connection.dialect.name != "postgresql":
        return at
    return (await connection.execute(select(func.clock_timestamp()))).scalar_one()
