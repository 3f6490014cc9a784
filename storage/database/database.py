"""The port of the database: reading, and writing in transactions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
Transaction = Callable[[AsyncConnection], Coroutine[Any, Any, T]]

JSON_OPTIONS: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
"""How engines write and read JSON columns."""


class Database(ABC):
    """Opens connections. SqliteDatabase and PostgresDatabase implement it."""

    @abstractmethod
    def open_read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading."""

    @abstractmethod
    def open_write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction. Await nothing inside but its connection, never the network."""

    @abstractmethod
    async def run_transaction(self, work: Transaction[T]) -> T:
        """Run `work` in a transaction; on SQLite several share one commit, which is faster.

        `work` may await only the connection it is given. It may be run a second time after
        a rollback, so it must change nothing but the database.
        """

    @abstractmethod
    async def run_read(self, work: Transaction[T]) -> T:
        """Run `work`, which only reads."""

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""
