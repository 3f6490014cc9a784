"""Timeouts of PostgreSQL connections, for a server that freezes or vanishes from the network."""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Self

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.pq import TransactionStatus

TIMEOUT_SECONDS = 10.0
"""Seconds to wait for a connection, or for an answer on it, before the database counts as
unavailable."""

SERVER_SILENT = (
    "the server does not answer; what was under way may have been done or not"
)

SESSION_TIMEOUTS = (errors.IdleInTransactionSessionTimeout, errors.TransactionTimeout)
"""Errors by which the server ends the session of a silent client.

psycopg makes them InternalError; here they are raised as OperationalError, an outage.
"""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def limit_waiting() -> Iterator[None]:
    """Limit the waiting inside to TIMEOUT_SECONDS in all.

    For opening a connection, which waits several times.
    """
    token = _deadline.set(monotonic() + TIMEOUT_SECONDS)
    try:
        yield
    finally:
        _deadline.reset(token)


class TimeoutConnection(AsyncConnection[Any]):
    """A connection that closes itself when an answer takes longer than TIMEOUT_SECONDS.

    It raises OperationalError then. The statement is not cancelled, because cancelling
    needs a server that answers.
    """

    last_heard = 0.0
    """When the server last answered, by the monotonic clock."""

    def is_idle_for(self, seconds: float) -> bool:
        """Whether the server has not answered for so long."""
        return monotonic() - self.last_heard > seconds

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """See AsyncConnection.

        Inside `limit_waiting` it takes no more than the time that is left there.
        """
        deadline = _deadline.get()
        try:
            async with asyncio.timeout(
                None if deadline is None else deadline - monotonic()
            ):
                return await super().connect(conninfo, **kwargs)
        except TimeoutError:
            raise errors.ConnectionTimeout(SERVER_SILENT) from None

    async def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """See AsyncConnection. Everything that waits for the server waits here."""
        try:
            return await super().wait(self.watch_steps(gen), *args, **kwargs)
        except SESSION_TIMEOUTS as error:
            raise OperationalError(str(error)) from error

    def watch_steps(self, steps: Any) -> Generator[Any, Any, Any]:
        """The steps of one wait, until they take too long. psycopg resumes them every 0.1 s."""
        deadline = _deadline.get()
        self.last_heard = monotonic()
        try:
            state = next(steps)
            while True:
                ready = yield state
                now = monotonic()
                if ready or self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                    self.last_heard = (
                        now  # a LISTEN waits without a statement, and may wait for ever
                    )
                elif now >= min(
                    self.last_heard + TIMEOUT_SECONDS, deadline or now + TIMEOUT_SECONDS
                ):
                    self.pgconn.finish()
                    raise OperationalError(SERVER_SILENT)
                state = steps.send(ready)
        except StopIteration as done:
            return done.value
