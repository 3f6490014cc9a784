"""Our statements without an event loop.

The functions of this package await their connection. Given one that answers at once they
never wait, and can be done in a thread as they are.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, ScalarResult

T = TypeVar("T")


class SyncConnection:
    """A Connection with those methods of AsyncConnection that storage uses.

    Each is done when it returns.
    """

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
    """The result of a coroutine that awaits nothing but a Direct connection.

    Raises RuntimeError for any other.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("Inside a transaction nothing is awaited but its connection.")
