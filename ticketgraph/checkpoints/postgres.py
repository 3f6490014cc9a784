"""Checkpoints on PostgreSQL.

LangGraph's own saver and tables, written in groups and fenced by the run's epoch.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import orjson
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from storage.database.postgres import PostgresDatabase
from ticketgraph.checkpoints.fence import (
    STALE_EPOCH_MESSAGE,
    StaleEpochError,
    held_epoch,
)
from ticketgraph.checkpoints.postgres_batches import CheckpointSave, SaveBatcher
from ticketgraph.checkpoints.sqlite import (
    checkpoint_key_of,
    run_id_of,
    strict_serializer,
)
from ticketgraph.news.watchers import Watchers

INLINE_TYPES = (str, int, float, bool, type(None))
"""Values that LangGraph keeps in the checkpoint itself; all others are rows of their own."""


class FencedPostgresSaver(AsyncPostgresSaver):
    """The saver that the graph uses on PostgreSQL. Make it with `postgres_saver`.

    LangGraph's saver writes each channel by itself, in a transaction for each checkpoint.
    It still does without a claim: for a fork, and for a state that is changed by hand.
    """

    watchers: Watchers
    batcher: SaveBatcher

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save one checkpoint; returns when it is committed. Raises StaleEpochError."""
        run_id, epoch = run_id_of(config), held_epoch()
        if epoch is None:
            # A caller that is cancelled must not leave a connection in the middle of something.
            saved = await asyncio.shield(
                super().aput(config, checkpoint, metadata, new_versions)
            )
        else:
            await self.commit_save(
                self.build_checkpoint_save(
                    config, checkpoint, metadata, new_versions, epoch
                )
            )
            place = {
                "thread_id": run_id,
                "checkpoint_ns": checkpoint_key_of(config)["checkpoint_ns"],
            }
            saved: RunnableConfig = {
                "configurable": {**place, "checkpoint_id": checkpoint["id"]}
            }
        self.watchers.announce_saved(run_id)
        return saved

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Save what one task wrote; returns when it is committed. Raises StaleEpochError."""
        epoch = held_epoch()
        if epoch is None:
            await asyncio.shield(
                super().aput_writes(config, writes, task_id, task_path)
            )
            return
        place = checkpoint_key_of(config)
        rows = self._dump_writes(
            place["thread_id"],
            place["checkpoint_ns"],
            place["checkpoint_id"],
            task_id,
            task_path,
            writes,
        )
        special = all(channel in WRITES_IDX_MAP for channel, _ in writes)
        await self.commit_save(
            CheckpointSave(
                run_id_of(config), epoch, **{"rewrites" if special else "writes": rows}
            )
        )

    def build_checkpoint_save(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
        epoch: int,
    ) -> CheckpointSave:
        """A checkpoint as rows, as LangGraph's `aput` makes them."""
        place = checkpoint_key_of(config)
        thread, namespace = place["thread_id"], place["checkpoint_ns"]
        values = checkpoint["channel_values"]
        large = {
            name: value
            for name, value in values.items()
            if not isinstance(value, INLINE_TYPES)
        }
        small = {
            **checkpoint,
            "channel_values": {
                name: values[name] for name in values if name not in large
            },
        }
        versions = {
            name: version for name, version in new_versions.items() if name in large
        }
        about = get_serializable_checkpoint_metadata(config, metadata)
        row = (
            checkpoint["id"],
            place.get("checkpoint_id"),
            orjson.dumps(small).decode(),
            orjson.dumps(about).decode(),
        )
        blobs = self._dump_blobs(thread, namespace, large, versions)
        return CheckpointSave(
            thread, epoch, blobs=blobs, checkpoints=[(thread, namespace, *row)]
        )

    async def commit_save(self, one: CheckpointSave) -> None:
        """Save it in a group; alone if the run's row is locked. Raises StaleEpochError."""
        if not await self.batcher.write_grouped(one) and not await asyncio.shield(
            self.batcher.save_when_unlocked(one)
        ):
            raise StaleEpochError(STALE_EPOCH_MESSAGE)


def postgres_saver(
    database: PostgresDatabase, watchers: Watchers
) -> FencedPostgresSaver:
    """The saver on a database whose pool is open."""
    saver = FencedPostgresSaver(database.pool, serde=strict_serializer())
    saver.lock = cast("asyncio.Lock", asyncio.Semaphore(database.pool.max_size))
    saver.watchers = watchers
    saver.batcher = SaveBatcher(database.pool)
    return saver
