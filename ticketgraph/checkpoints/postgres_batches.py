"""Saves the checkpoints of many runs on PostgreSQL in one statement, fenced by their epochs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from storage.database.group_commit import GroupCommit
from storage.database.unavailable import UNAVAILABLE_ERRORS

BLOB_COLUMNS = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "channel": "text",
    "version": "text",
    "type": "text",
}
BLOB_COLUMNS |= {"blob": "bytea"}
CHECKPOINT_COLUMNS = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "checkpoint_id": "text",
    "parent_checkpoint_id": "text",
}
CHECKPOINT_COLUMNS |= {"checkpoint": "jsonb", "metadata": "jsonb"}
WRITE_COLUMNS = {
    "thread_id": "text",
    "checkpoint_ns": "text",
    "checkpoint_id": "text",
    "task_id": "text",
    "task_path": "text",
}
WRITE_COLUMNS |= {"idx": "int", "channel": "text", "type": "text", "blob": "bytea"}
"""The columns of LangGraph's tables, with their types."""

CONCURRENT_BATCHES = 2
"""Statements side by side, so that one that hangs does not stop all saves."""

CONCURRENT_LOCKED_SAVES = 2
"""Saves that wait for a locked run side by side, each on a connection of the pool."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class CheckpointSave:
    """What is saved of one run at one moment, as rows of LangGraph's tables."""

    run_id: str
    epoch: int
    blobs: Sequence[Row] = ()
    checkpoints: Sequence[Row] = ()
    writes: Sequence[Row] = ()
    rewrites: Sequence[Row] = ()


class SaveBatcher(GroupCommit[CheckpointSave]):
    """Saves in groups. A save returns False when the run's epoch is stale or its row locked."""

    def __init__(self, pool: "AsyncConnectionPool[Any]") -> None:
        super().__init__(asyncio.Semaphore(CONCURRENT_BATCHES))
        self.pool = pool
        self.locked_save_slots = asyncio.Semaphore(CONCURRENT_LOCKED_SAVES)

    async def write_group(self, group: Sequence[CheckpointSave]) -> Sequence[Any]:
        """See GroupCommit. A locked run does not hold up the others: it is skipped."""
        try:
            held = await self.save_group(group, SAVE_UNLOCKED_STATEMENT)
        except Exception as error:
            if len(group) == 1 or is_unavailable(error):
                raise
            return [await self.try_single_save(one) for one in group]
        return [(one.run_id, one.epoch) in held for one in group]

    async def try_single_save(self, one: CheckpointSave) -> Any:
        """The result, or the error, of a save that is a group of its own."""
        try:
            return (await self.write_group([one]))[0]
        except Exception as error:
            return error

    async def save_when_unlocked(self, one: CheckpointSave) -> bool:
        """Save a run whose row is locked, once the lock is released."""
        async with self.locked_save_slots:
            return bool(await self.save_group([one], SAVE_STATEMENT))

    async def save_group(
        self, group: Sequence[CheckpointSave], statement: str
    ) -> set[tuple[str, int]]:
        """Save the parts of a group whose epochs are current. Returns their runs and epochs."""
        given = list({(one.run_id, one.epoch) for one in group})
        values = rows_to_columns(given, 2)
        for table, columns in (
            ("blobs", BLOB_COLUMNS),
            ("checkpoints", CHECKPOINT_COLUMNS),
            ("writes", WRITE_COLUMNS),
            ("rewrites", WRITE_COLUMNS),
        ):
            rows = [(*row, one.epoch) for one in group for row in getattr(one, table)]
            values += rows_to_columns(rows, len(columns) + 1)
        async with (
            self.pool.connection() as connection,
            connection.cursor(binary=True) as cursor,
        ):
            await cursor.execute(statement.encode(), values)
            return {(row["id"], row["epoch"]) for row in await cursor.fetchall()}


def is_unavailable(error: Exception) -> bool:
    """Whether the database is unavailable, and not only a statement refused."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return isinstance(error, UNAVAILABLE_ERRORS) and (
        state is None or state.startswith(("08", "57P"))
    )


def rows_to_columns(rows: Sequence[Row], width: int) -> list[list[Any]]:
    """The rows transposed to `width` columns."""
    return (
        [list(column) for column in zip(*rows, strict=True)]
        if rows
        else [[] for _ in range(width)]
    )


def insert_statement(table: str, columns: dict[str, str], conflict: str) -> str:
    """Insert rows of runs whose epoch is current. JSON comes as the text that orjson made."""
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


ON_CHECKPOINT_CONFLICT = """(thread_id, checkpoint_ns, checkpoint_id)
        DO UPDATE SET checkpoint = excluded.checkpoint, metadata = excluded.metadata"""
ON_WRITE_CONFLICT = """(thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
        DO UPDATE SET channel = excluded.channel, type = excluded.type, blob = excluded.blob"""
SAVE_STATEMENT = f"""
    WITH held AS (
        SELECT runs.id, runs.epoch FROM runs
        JOIN unnest(%b::text[], %b::int[]) AS given (id, epoch)
        ON runs.id = given.id AND runs.epoch = given.epoch
        FOR SHARE OF runs
    ),
    blobs AS {insert_statement("checkpoint_blobs", BLOB_COLUMNS, "DO NOTHING")},
    points AS {insert_statement("checkpoints", CHECKPOINT_COLUMNS, ON_CHECKPOINT_CONFLICT)},
    writes AS {insert_statement("checkpoint_writes", WRITE_COLUMNS, "DO NOTHING")},
    rewrites AS {insert_statement("checkpoint_writes", WRITE_COLUMNS, ON_WRITE_CONFLICT)}
    SELECT id, epoch FROM held
"""  # noqa: S608 - our own words
"""One statement is one transaction: its row locks keep the epochs until it ends."""

SAVE_UNLOCKED_STATEMENT = SAVE_STATEMENT.replace(
    "FOR SHARE OF runs", "FOR SHARE OF runs SKIP LOCKED"
)
