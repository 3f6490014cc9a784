"""Fencing tokens: a worker that comes back after its lease expired cannot write.

Claiming a run raises its `epoch`, which is the claim's fencing token. Checkpoints, effects and
outcome of the run are written in a transaction that finds the epoch unchanged.
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
    """Write with this fencing token inside the block. None fences nothing."""
    token = _epoch.set(epoch)
    try:
        yield
    finally:
        _epoch.reset(token)


def held_epoch() -> int | None:
    """The fencing token of this task; None where no run is being advanced."""
    return _epoch.get()


async def check_epoch(
    connection: AsyncConnection, run_id: str, epoch: int | None
) -> None:
    """Raise StaleEpochError unless the run has the epoch; it keeps it until the commit."""
    if epoch is not None and await runs.lock_run_epoch(connection, run_id) != epoch:
        raise StaleEpochError(STALE_EPOCH_MESSAGE)
