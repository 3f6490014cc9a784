"""Connections that do not wait for ever.

A server that is frozen, or gone without a word, is away.
"""

import asyncio
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, Self

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.pq import TransactionStatus

TIMEOUT_SECONDS = 10.0
"""Seconds that somebody waits for a connection, or for an answer on it, before the database
counts as away."""

SERVER_SILENT = (
    "the server does not answer; what was under way may have been done or not"
)

SESSION_TIMEOUTS = (errors.IdleInTransactionSessionTimeout, errors.TransactionTimeout)
"""The server has ended a session because its client was silent.

To PostgreSQL an internal error, to us an outage.
"""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def limit_waiting() -> Iterator[None]:
    """Inside, all waiting together ends after PATIENCE.

    For getting a connection, which has several steps.
    """
    token = _deadline.set(monotonic() + TIMEOUT_SECONDS)
    try:
        yield
    finally:
        _deadline.reset(token)


class TimeoutConnection(AsyncConnection[Any]):
    """A connection that is given up, and closed on our side, when the server owes an answer
    for PATIENCE.

    Nothing is cancelled: to cancel, too, takes a server that answers. Raises OperationalError.
    """

    last_heard = 0.0
    """When the server was last heard of, by the monotonic clock."""

    def is_idle_for(self, seconds: float) -> bool:
        """Whether nothing was heard of the server for so long."""
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
        """See AsyncConnection: everything that waits for the server waits here."""
        try:
            return await super().wait(self.watch_steps(gen), *args, **kwargs)
        except SESSION_TIMEOUTS as error:
            raise OperationalError(str(error)) from error

    def watch_steps(self, steps: Any) -> Generator[Any, Any, Any]:
        """The same steps, as long as the server does what it should.

        psycopg goes on with them every 0.1 s at least.
        """
        deadline = _deadline.get()
        self.last_heard = monotonic()
        try:
            state = next(steps)
            while True:
                ready = yield state
                now = monotonic()
                if ready or self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                    self.last_heard = now  # nothing is owed to who listens for notices
                elif now >= min(
                    self.last_heard + TIMEOUT_SECONDS, deadline or now + TIMEOUT_SECONDS
                ):
                    self.pgconn.finish()
                    raise OperationalError(SERVER_SILENT)
                state = steps.send(ready)
        except StopIteration as done:
            return done.value
