"""How a try of a task ended: done, or to be tried again, and when."""

import asyncio
import logging
from dataclasses import dataclass

from storage.jobs.port import AgainError, pause

log = logging.getLogger("ticketgraph")


@dataclass(frozen=True)
class PutBack:
    """It is not done and waits for its next try, so many seconds.

    `counted` when this one was a failure.
    """

    seconds: float
    counted: bool


def put_back(
    error: BaseException, kind: str, subject: str, attempts: int, *, stopping: bool
) -> PutBack:
    """What follows from what a handler raised, after so many failures before it.

    Being cancelled counts for nothing while the worker is stopping. The log gets the
    error's name only: its words may be a ticket's.
    """
    if isinstance(error, AgainError):
        return PutBack(error.seconds, counted=False)
    if stopping and isinstance(error, asyncio.CancelledError):
        return PutBack(0.0, counted=False)
    seconds = pause(attempts + 1)
    log.warning(
        "%s %s failed with %s, again in %.1f s",
        kind,
        subject,
        type(error).__name__,
        seconds,
    )
    return PutBack(seconds, counted=True)
