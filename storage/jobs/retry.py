"""How a try of a task ended: done, or to be tried again, and when."""

import asyncio
import logging
from dataclasses import dataclass

from storage.jobs.port import RetryLaterError, retry_delay

log = logging.getLogger("ticketgraph")


@dataclass(frozen=True)
class Retry:
    """It is not done and waits for its next try, so many seconds.

    `counts_as_failure` when this one was a failure.
    """

    seconds: float
    counts_as_failure: bool


def decide_retry(
    error: BaseException, kind: str, subject: str, attempts: int, *, stopping: bool
) -> Retry:
    """What follows from what a handler raised, after so many failures before it.

    Being cancelled counts for nothing while the worker is stopping. The log gets the
    error's name only: its words may be a ticket's.
    """
    if isinstance(error, RetryLaterError):
        return Retry(error.seconds, counts_as_failure=False)
    if stopping and isinstance(error, asyncio.CancelledError):
        return Retry(0.0, counts_as_failure=False)
    seconds = retry_delay(attempts + 1)
    log.warning(
        "%s %s failed with %s, again in %.1f s",
        kind,
        subject,
        type(error).__name__,
        seconds,
    )
    return Retry(seconds, counts_as_failure=True)
