"""Checkpoints on PostgreSQL: LangGraph's own saver, fenced, and with as many connections as its pool has."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from graph.checkpoints import strict_serializer, thread_of
from graph.fencing import OVERTAKEN, OvertakenError, held
from graph.watching import Watchers
from storage.postgres import PostgresDatabase

HOLDS = "SELECT epoch FROM runs WHERE id = %s AND epoch = %s FOR SHARE"
BINARY: Any = {"binary": True, "row_factory": dict_row}

_fence: ContextVar[tuple[str, int] | None] = ContextVar("fence", default=None)


class FencedPostgresSaver(AsyncPostgresSaver):
    """The saver that the graph uses on PostgreSQL. Make it with `postgres_saver`."""

    watchers: Watchers

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save one checkpoint; returns when it is committed. Raises OvertakenError."""
        run_id = thread_of(config)
        with fenced(run_id):
            # A caller that is cancelled must not leave a connection in the middle of something.
            saved = await asyncio.shield(super().aput(config, checkpoint, metadata, new_versions))
        self.watchers.saved(run_id)
        return saved

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Save what one task wrote; returns when it is committed. Raises OvertakenError."""
        with fenced(thread_of(config)):
            await asyncio.shield(super().aput_writes(config, writes, task_id, task_path))

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """A cursor, as LangGraph's saver wants it; inside `fenced` in a transaction that holds the run."""
        fence = _fence.get()
        if fence is None or not pipeline:
            async with super()._cursor(pipeline=pipeline) as cursor:
                yield cursor
            return
        pool = cast("AsyncConnectionPool[Any]", self.conn)
        async with (
            self.lock,
            pool.connection() as connection,
            connection.pipeline(),
            connection.transaction(),
            connection.cursor(**BINARY) as cursor,
        ):
            await cursor.execute(HOLDS, fence)
            if await cursor.fetchone() is None:
                raise OvertakenError(OVERTAKEN)
            yield cursor


@contextmanager
def fenced(run_id: str) -> Iterator[None]:
    """Inside, what is written is written only while this task holds the run. Where none is held, nothing is checked."""
    epoch = held()
    token = _fence.set(None if epoch is None else (run_id, epoch))
    try:
        yield
    finally:
        _fence.reset(token)


def postgres_saver(database: PostgresDatabase, watchers: Watchers) -> FencedPostgresSaver:
    """The saver on a database whose pool is open."""
    saver = FencedPostgresSaver(database.pool, serde=strict_serializer())
    saver.lock = cast("asyncio.Lock", asyncio.Semaphore(database.pool.max_size))
    saver.watchers = watchers
    return saver
