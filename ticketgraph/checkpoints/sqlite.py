"""Checkpoints on SQLite, written in groups.

LangGraph's asynchronous saver hops to its thread several times an operation and commits
each on its own. Here one thread owns one connection to LangGraph's synchronous saver;
whatever is waiting is done in one hop and one commit. A save returns after the commit that
holds it.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from contracts.values import Value
from storage.database.group_commit import SqliteGroupCommit
from storage.database.sqlite import PRAGMAS
from ticketgraph.checkpoints.fence import (
    STALE_EPOCH_MESSAGE,
    StaleEpochError,
    held_epoch,
)
from ticketgraph.news.watchers import Watchers


class JoinedTransactionSaver(SqliteSaver):
    """LangGraph's saver without commits of its own, inside the group's transaction."""

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:  # noqa: ARG002
        """A cursor; committing is the group's business."""
        self.setup()
        cursor = self.conn.cursor()
        try:
            yield cursor
        finally:
            cursor.close()


class GroupCommitSaver(BaseCheckpointSaver[str]):
    """The saver that the graph uses. Make it with `open_saver`."""

    def __init__(
        self,
        saver: JoinedTransactionSaver,
        groups: SqliteGroupCommit,
        watchers: Watchers,
    ) -> None:
        super().__init__(serde=saver.serde)
        self.saver = saver
        self.groups = groups
        self.watchers = watchers

    def with_allowlist(
        self, extra_allowlist: Collection[tuple[str, ...]]
    ) -> "GroupCommitSaver":
        """The saver that also restores these types.

        LangGraph asks for those of the state's schema.
        """
        allowing = self.saver.with_allowlist(extra_allowlist)
        return (
            GroupCommitSaver(allowing, self.groups, self.watchers)
            if isinstance(allowing, JoinedTransactionSaver)
            else self
        )

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint named by the config, or the thread's newest."""
        return await self.groups.run_read(partial(self.saver.get_tuple, config))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The thread's checkpoints, newest first."""
        read = partial(
            self.saver.list, config, filter=filter, before=before, limit=limit
        )
        for found in await self.groups.run_read(lambda: list(read())):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save one checkpoint; returns when it is committed. Raises StaleEpochError."""
        run_id, epoch = run_id_of(config), held_epoch()
        put = partial(self.saver.put, config, checkpoint, metadata, new_versions)
        saved = await self.groups.write_grouped(
            lambda: self.check_fence(run_id, epoch) and put()
        )
        self.watchers.announce_saved(run_id)
        return saved

    def check_fence(self, run_id: str, epoch: int | None) -> bool:
        """True while the run has the epoch. Raises StaleEpochError otherwise."""
        if epoch is not None:
            found = self.saver.conn.execute(
                "SELECT epoch FROM runs WHERE id = ?", (run_id,)
            ).fetchone()
            if found != (epoch,):
                raise StaleEpochError(STALE_EPOCH_MESSAGE)
        return True

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Save what one task wrote; returns when it is committed. Raises StaleEpochError."""
        run_id, epoch = run_id_of(config), held_epoch()
        put = partial(self.saver.put_writes, config, writes, task_id, task_path)
        await self.groups.write_grouped(
            lambda: self.check_fence(run_id, epoch) and put()
        )

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a run's checkpoints."""
        await self.groups.write_grouped(partial(self.saver.delete_thread, thread_id))

    def get_next_version(self, current: str | None, channel: None) -> str:
        """LangGraph's own version numbers."""
        return self.saver.get_next_version(current, channel)


def run_id_of(config: RunnableConfig) -> str:
    """The run that a config is of."""
    return checkpoint_key_of(config)["thread_id"]


def checkpoint_key_of(config: RunnableConfig) -> dict[str, Any]:
    """The thread, namespace and checkpoint that a config is of."""
    return config.get("configurable", {})


@asynccontextmanager
async def open_saver(
    name: str | Path, write_lock: asyncio.Lock, watchers: Watchers
) -> AsyncIterator[GroupCommitSaver]:
    """The saver for a SQLite database. `write_lock` is the one that our own writes take."""
    connection = await asyncio.to_thread(connect_sqlite, str(name))
    groups = SqliteGroupCommit(lambda: connection, write_lock)
    try:
        yield GroupCommitSaver(
            JoinedTransactionSaver(connection, serde=strict_serializer()),
            groups,
            watchers,
        )
    finally:
        await groups.close()
        connection.close()


def strict_serializer() -> JsonPlusSerializer:
    """Restores the types of ours that a checkpoint may hold, and no others."""
    return JsonPlusSerializer(
        allowed_msgpack_modules=[
            (kind.__module__, kind.__name__) for kind in saved_value_types()
        ]
    )


def saved_value_types() -> Iterator[type[Value]]:
    """Every type that a checkpoint may hold: those of contracts/, and no others."""
    found = [Value]
    while found:
        kind = found.pop()
        found.extend(kind.__subclasses__())
        yield kind


def connect_sqlite(name: str) -> sqlite3.Connection:
    """One connection with our pragmas and LangGraph's tables."""
    uri = name.startswith("file:")
    connection = sqlite3.connect(
        name, check_same_thread=False, isolation_level=None, uri=uri
    )
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    SqliteSaver(connection).setup()
    return connection
