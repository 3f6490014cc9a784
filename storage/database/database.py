"""The database, whichever it is: how to read from it and how to write to it."""

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
    """Opens connections.

    SqliteDatabase and PostgresDatabase, in the modules beside this one, implement it.
    """

    @abstractmethod
    def open_read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection for reading."""

    @abstractmethod
    def open_write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction: all of it, or nothing. Never await the network inside."""

    @abstractmethod
    async def run_transaction(self, work: Transaction[T]) -> T:
        """A transaction as a function, for what every ticket does.

        `work` awaits nothing but the connection that it is given. It may be done a second
        time, the first one rolled back, so it changes nothing but the database.
        """

    @abstractmethod
    async def run_read(self, work: Transaction[T]) -> T:
        """The same for reading."""

    @abstractmethod
    async def close(self) -> None:
        """Give every connection back."""
