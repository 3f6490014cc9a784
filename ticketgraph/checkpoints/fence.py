"""Fences.

A process that was overtaken (frozen past its lease, cut off from the database) changes
nothing any more.

Whoever goes on with a run raises its `epoch` first. Everything that is then written of the
run, checkpoints, effects and outcome, is written in a transaction that finds the epoch
unchanged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import ConflictError
from storage.queries import runs

_epoch: ContextVar[int | None] = ContextVar("epoch", default=None)

STALE_EPOCH_MESSAGE = "Another process has gone on with this run. Nothing was changed."


class StaleEpochError(ConflictError):
    """Another process has gone on with this run."""


@contextmanager
def hold_epoch(epoch: int | None) -> Iterator[None]:
    """Inside, everything that is written of a run is written as the holder of this epoch.

    None fences nothing.
    """
    token = _epoch.set(epoch)
    try:
        yield
    finally:
        _epoch.reset(token)


def held_epoch() -> int | None:
    """The epoch that this task holds its run with; None where no run is being advanced."""
    return _epoch.get()


async def check_epoch(
    connection: AsyncConnection, run_id: str, epoch: int | None
) -> None:
    """Raise OvertakenError unless the run still has the epoch, which then stays until the
    transaction ends.
    """
    if epoch is not None and await runs.lock_run_epoch(connection, run_id) != epoch:
        raise StaleEpochError(STALE_EPOCH_MESSAGE)
