"""LangGraph's checkpoint tables, read and changed without LangGraph.

A thread holds the checkpoints of one run, and its id is the run's.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    LargeBinary,
    TableClause,
    column,
    delete,
    func,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import runs

ChangeValue = Callable[[str, bytes], tuple[str, bytes]]
"""Maps the type and bytes of a serialized value to those that replace it."""

UUID_EPOCH = datetime.fromisoformat("1582-10-15T00:00:00+00:00")
"""Checkpoint ids are UUIDs of version 6, which begin with the time since this epoch."""


@dataclass(frozen=True)
class SerializedTable:
    """A table with serialized values: the key of a row in its thread, and the bytes' column."""

    name: str
    keys: tuple[str, ...]
    data: str

    @property
    def table_clause(self) -> TableClause:
        """The table for statements."""
        named = (column(name) for name in ("thread_id", "type", *self.keys))
        return table(self.name, *named, column(self.data, LargeBinary))


CHECKPOINTS = SerializedTable(
    "checkpoints", ("checkpoint_ns", "checkpoint_id"), "checkpoint"
)
"""On SQLite a checkpoint holds the values of all channels, on PostgreSQL their versions."""

WRITE_KEYS = ("checkpoint_ns", "checkpoint_id", "task_id", "idx", "channel")
SQLITE_TABLES = (CHECKPOINTS, SerializedTable("writes", WRITE_KEYS, "value"))
POSTGRES_TABLES = (
    SerializedTable(
        "checkpoint_blobs", ("checkpoint_ns", "channel", "version"), "blob"
    ),
    SerializedTable("checkpoint_writes", WRITE_KEYS, "blob"),
)

SELECT_FORK_IDS = select(runs.c.id).where(runs.c.forked_from.is_not(None))
"""Forks. Their first checkpoint is a copy, with values that are not in the table of writes."""


def serialized_tables(connection: AsyncConnection) -> tuple[SerializedTable, ...]:
    """The tables with serialized values on this database."""
    return POSTGRES_TABLES if connection.dialect.name == "postgresql" else SQLITE_TABLES


async def delete_checkpoints(
    connection: AsyncConnection, run_ids: Collection[str]
) -> None:
    """Delete everything that LangGraph has saved of these runs."""
    for name in {
        CHECKPOINTS.name,
        *(one.name for one in serialized_tables(connection)),
    }:
        rows = table(name, column("thread_id"))
        await connection.execute(delete(rows).where(rows.c.thread_id.in_(run_ids)))


async def list_orphan_threads(
    connection: AsyncConnection, before: datetime, limit: int
) -> Sequence[str]:
    """Threads without a run whose newest checkpoint is older than `before`, at most `limit`."""
    saved = CHECKPOINTS.table_clause
    query = select(saved.c.thread_id).where(
        ~select(runs.c.id).where(runs.c.id == saved.c.thread_id).exists()
    )
    query = (
        query.group_by(saved.c.thread_id)
        .having(func.max(saved.c.checkpoint_id) < checkpoint_id_prefix(before))
        .limit(limit)
    )
    return (await connection.scalars(query)).all()


def checkpoint_id_prefix(at: datetime) -> str:
    """The first characters of the id of a checkpoint made then; ids sort by time."""
    ticks = (at - UUID_EPOCH) // timedelta(microseconds=1) * 10
    return f"{ticks >> 28:08x}-{ticks >> 12 & 0xFFFF:04x}-6{ticks & 0xFFF:03x}"


async def find_threads_containing(
    connection: AsyncConnection, channels: Collection[str], words: Collection[str]
) -> set[str]:
    """The threads that have one of the words in one of these channels."""
    pattern = words_pattern(words)
    found: set[str] = set()
    for one in serialized_tables(connection):
        rows = one.table_clause
        where = (
            rows.c.thread_id.in_(SELECT_FORK_IDS)
            if one is CHECKPOINTS
            else rows.c.channel.in_(channels)
        )
        query = select(rows.c.thread_id, rows.c[one.data]).where(where)
        async with connection.stream(query) as read:
            found.update(
                [
                    thread_id
                    async for thread_id, data in read
                    if data and pattern.search(data)
                ]
            )
    return found


async def rewrite_values(
    connection: AsyncConnection,
    run_id: str,
    channels: Collection[str],
    words: Collection[str],
    change: ChangeValue,
) -> None:
    """Replace those serialized values of a run that contain one of the words.

    Looks at whole checkpoints and at the values of these channels.
    """
    pattern = words_pattern(words)
    for one in serialized_tables(connection):
        rows = one.table_clause
        wanted = [] if one is CHECKPOINTS else [rows.c.channel.in_(channels)]
        found = await connection.execute(
            select(rows).where(rows.c.thread_id == run_id, *wanted)
        )
        for row in found.mappings().all():
            if row[one.data] and pattern.search(row[one.data]):
                kind, data = change(row["type"], row[one.data])
                is_row = [
                    rows.c.thread_id == run_id,
                    *(rows.c[key] == row[key] for key in one.keys),
                ]
                await connection.execute(
                    update(rows).where(*is_row).values({"type": kind, one.data: data})
                )


def words_pattern(words: Collection[str]) -> re.Pattern[bytes]:
    """Finds any of the words in serialized bytes, where texts stand unchanged as UTF-8."""
    return re.compile(b"|".join(re.escape(word.encode()) for word in words))
