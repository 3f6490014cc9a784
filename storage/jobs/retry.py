"""Whether and when a job whose handler raised is tried again."""

import asyncio
from dataclasses import dataclass

from contracts.log import log
from storage.jobs.port import RetryLaterError, retry_delay


@dataclass(frozen=True)
class Retry:
    """The next try, in `seconds`. `counts_as_failure` lengthens the pause after this one."""

    seconds: float
    counts_as_failure: bool


def decide_retry(
    error: BaseException, kind: str, subject: str, attempts: int, *, stopping: bool
) -> Retry:
    """The retry that follows from what a handler raised, after `attempts` earlier failures.

    Cancellation is no failure while the worker is stopping. Only the error's type is
    logged: its message may hold a ticket's text.
    """
    if isinstance(error, RetryLaterError):
        return Retry(error.seconds, counts_as_failure=False)
    if stopping and isinstance(error, asyncio.CancelledError):
        return Retry(0.0, counts_as_failure=False)
    seconds = retry_delay(attempts + 1)
    log.warning(
        "job failed",
        kind=kind,
        subject=subject,
        error=type(error).__name__,
        retry_seconds=round(seconds, 1),
    )
    return Retry(seconds, counts_as_failure=True)
