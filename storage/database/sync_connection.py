"""Runs this package's async query functions in a thread, without an event loop.

They await only their connection. A SyncConnection never suspends, so such a coroutine runs
to its end in one step.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, ScalarResult

T = TypeVar("T")


class SyncConnection:
    """A blocking Connection with those methods of AsyncConnection that storage uses."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.dialect = connection.dialect

    async def execute(
        self, statement: Executable, parameters: Any = None
    ) -> CursorResult[Any]:
        """See AsyncConnection."""
        return self.connection.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """See AsyncConnection."""
        return self.connection.scalar(statement, parameters)

    async def scalars(self, statement: Executable) -> ScalarResult[Any]:
        """See AsyncConnection."""
        return self.connection.scalars(statement)


def run_without_waiting(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits only a SyncConnection.

    Raises RuntimeError for a coroutine that suspends.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("Inside a transaction nothing is awaited but its connection.")
