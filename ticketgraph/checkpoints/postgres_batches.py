"""What runs save on PostgreSQL.

Of many runs together, in one statement, and only for who holds them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from storage.database.group_commit import Gathering
from storage.database.unavailable import AWAY

BLOBS = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "channel": "text",
    "version": "text",
    "type": "text",
}
BLOBS |= {"blob": "bytea"}
CHECKPOINTS = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "checkpoint_id": "text",
    "parent_checkpoint_id": "text",
}
CHECKPOINTS |= {"checkpoint": "jsonb", "metadata": "jsonb"}
WRITES = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "checkpoint_id": "text",
    "task_id": "text",
    "task_path": "text",
}
WRITES |= {"idx": "int", "channel": "text", "type": "text", "blob": "bytea"}
"""LangGraph's tables, and what their columns are."""

TURNS = 2
"""Statements under way side by side: one that hangs does not stop everybody."""

ALONE = 2
"""Saves that wait for a locked run side by side, each on a connection that others need as well."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Save:
    """What is saved of one run at one moment, as rows of LangGraph's tables."""

    run_id: str
    epoch: int
    blobs: Sequence[Row] = ()
    checkpoints: Sequence[Row] = ()
    writes: Sequence[Row] = ()
    rewrites: Sequence[Row] = ()


class Saves(Gathering[Save]):
    """Saves in groups. `write` returns whether a save was done.

    Not when the run is another one's, or is locked.
    """

    def __init__(self, pool: "AsyncConnectionPool[Any]") -> None:
        super().__init__(asyncio.Semaphore(TURNS))
        self.pool = pool
        self.places = asyncio.Semaphore(ALONE)

    async def together(self, group: Sequence[Save]) -> Sequence[Any]:
        """See Gathering. A run that somebody has locked does not hold up the others."""
        try:
            held = await self.save(group, SAVE_UNLOCKED)
        except Exception as error:
            if len(group) == 1 or is_away(error):
                raise
            return [await self.by_itself(one) for one in group]
        return [(one.run_id, one.epoch) in held for one in group]

    async def by_itself(self, one: Save) -> Any:
        """What comes of a save that is a group of its own."""
        try:
            return (await self.together([one]))[0]
        except Exception as error:
            return error

    async def alone(self, one: Save) -> bool:
        """The same for a run that is locked: waits for whoever has locked it."""
        async with self.places:
            return bool(await self.save([one], SAVE))

    async def save(self, group: Sequence[Save], statement: str) -> set[tuple[str, int]]:
        """Save a group, as far as its runs are held as it says. Returns those that are."""
        given = list({(one.run_id, one.epoch) for one in group})
        values = arrays(given, 2)
        for table, columns in (
            ("blobs", BLOBS),
            ("checkpoints", CHECKPOINTS),
            ("writes", WRITES),
            ("rewrites", WRITES),
        ):
            rows = [(*row, one.epoch) for one in group for row in getattr(one, table)]
            values += arrays(rows, len(columns) + 1)
        async with (
            self.pool.connection() as connection,
            connection.cursor(binary=True) as cursor,
        ):
            await cursor.execute(statement.encode(), values)
            return {(row["id"], row["epoch"]) for row in await cursor.fetchall()}


def is_away(error: Exception) -> bool:
    """Whether the database is away, and not only a statement refused."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return isinstance(error, AWAY) and (
        state is None or state.startswith(("08", "57P"))
    )


def arrays(rows: Sequence[Row], width: int) -> list[list[Any]]:
    """Rows as columns."""
    return (
        [list(column) for column in zip(*rows, strict=True)]
        if rows
        else [[] for _ in range(width)]
    )


def adding(table: str, columns: dict[str, str], conflict: str) -> str:
    """Insert rows of runs that are held. JSON comes as text: orjson has made it."""
    given = ", ".join(
        f"%b::{'text' if kind == 'jsonb' else kind}[]" for kind in columns.values()
    )
    chosen = ", ".join(f"new.{name}::{kind}" for name, kind in columns.items())
    return f"""(
        INSERT INTO {table} ({", ".join(columns)})
        SELECT {chosen} FROM unnest({given}, %b::int[]) AS new ({", ".join(columns)}, epoch)
        JOIN held ON held.id = new.thread_id AND held.epoch = new.epoch
        ON CONFLICT {conflict}
    )"""  # noqa: S608 - our own words


NEWER_POINT = """(thread_id, checkpoint_ns, checkpoint_id)
        DO UPDATE SET checkpoint = excluded.checkpoint, metadata = excluded.metadata"""
NEWER_WRITE = """(thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
        DO UPDATE SET channel = excluded.channel, type = excluded.type, blob = excluded.blob"""
SAVE = f"""
    WITH held AS (
        SELECT runs.id, runs.epoch FROM runs
        JOIN unnest(%b::text[], %b::int[]) AS given (id, epoch) ON runs.id = given.id AND runs.epoch = given.epoch
        FOR SHARE OF runs
    ),
    blobs AS {adding("checkpoint_blobs", BLOBS, "DO NOTHING")},
    points AS {adding("checkpoints", CHECKPOINTS, NEWER_POINT)},
    writes AS {adding("checkpoint_writes", WRITES, "DO NOTHING")},
    rewrites AS {adding("checkpoint_writes", WRITES, NEWER_WRITE)}
    SELECT id, epoch FROM held
"""  # noqa: S608 - our own words
"""One statement is one transaction. That a run is held stays true until it ends."""

SAVE_UNLOCKED = SAVE.replace("FOR SHARE OF runs", "FOR SHARE OF runs SKIP LOCKED")
